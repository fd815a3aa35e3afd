"""Whether a cloak works: visibility, effect beside noise, what attacks leave of it, and a grade.

Hönig et al., "Adversarial Perturbations Cannot Reliably Protect Artists From Generative AI", ICLR 2025,
https://arxiv.org/abs/2406.12027
"""
