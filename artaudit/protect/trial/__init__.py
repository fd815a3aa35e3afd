"""Whether a cloak works: what shows, what it does beside noise, what is left of it after attacks, and a grade.

Hönig et al., "Adversarial Perturbations Cannot Reliably Protect Artists From Generative AI", ICLR 2025,
https://arxiv.org/abs/2406.12027
"""
