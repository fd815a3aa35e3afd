"""Raises the denoising loss of surrogates that learn the clean and the moved picture in turn (ASPL).

Van Le et al., "Anti-DreamBooth: Protecting Users from Personalized Text-to-Image Synthesis", ICCV 2023,
https://arxiv.org/abs/2303.15433. Unlike the paper's, surrogates learn through low-rank adapters instead of full
fine-tuning, from one picture, without their text encoder; their own drawings stand for the class pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, cast

from jaxtyping import Float
from torch import Tensor

from artaudit.protect.denoising import as_generator
from artaudit.protect.lora import LoRATrainer, Student
from artaudit.protect.objective import Aim
from artaudit.protect.objectives.advdm import AdvDM
from artaudit.protocols import Encoder, Generator

Pixels = Float[Tensor, "1 3 height width"]


@dataclass(frozen=True, slots=True)
class AntiDreamBooth:
    """A higher denoising loss on a surrogate that has just learned the clean picture.

    Before every `block` steps of the descent, the surrogate goes back to the weights it has learned from moved pictures
    so far, trains on the moved picture for `lesson` steps and keeps these weights. Then it trains on the clean picture
    for `lesson` steps, and the block runs against the result.
    """

    block: int = 6
    lesson: int = 3
    lessons: LoRATrainer = field(default_factory=lambda: LoRATrainer(prior_weight=1.0))

    needs_generator: ClassVar[bool] = True

    def target(self, clean: Pixels, models: Sequence[Encoder], seed: int) -> None:  # noqa: ARG002 - nothing drawn
        """Return nothing; raises UsageError where a model has no denoiser."""
        for model in models:
            as_generator(model, "Anti-DreamBooth")

    def aim(self, model: Encoder, clean: Pixels, target: Pixels | None, seed: int) -> Aim:
        """Return minus the relative denoising loss."""
        return AdvDM(self.lessons.prompt).aim(model, clean, target, seed)

    def surrogate(self, model: Generator, clean: Pixels, seed: int) -> Student:
        """Return a student of the model."""
        return self.lessons.student(model, clean, seed)

    def learn(self, surrogate: Generator, clean: Pixels, moved: Pixels, step: int, seed: int) -> None:
        """Train on the moved and then on the clean picture between two blocks of the descent."""
        if step % self.block:
            return
        student = cast(Student, surrogate)
        if step:
            student.restore()
            self.lessons.train(student, moved, steps=self.lesson, seed=seed + 2 * step)
            student.keep()
        self.lessons.train(student, clean, steps=self.lesson, seed=seed + 2 * step + 1)
