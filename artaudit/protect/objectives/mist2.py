"""Bends what the denoiser predicts towards one picture while it learns (Mist, second version, or ACE).

Zheng et al., "Targeted Attack Improves Protection against Unauthorized Diffusion Customization", 2023,
https://arxiv.org/abs/2310.04687. Unlike the paper's, the distance is relative to the power of the target's latents,
the surrogate learns one picture instead of a set, and its own drawings stand for the class pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, cast

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.protect.denoising import Denoising, as_generator
from artaudit.protect.lora import LoRATrainer, Student
from artaudit.protect.motifs import Lettering, Motif
from artaudit.protect.objective import Aim
from artaudit.protect.pull import TINY
from artaudit.protocols import Encoder, Generator

Pixels = Float[Tensor, "1 3 height width"]


@dataclass(frozen=True, slots=True)
class Mist2:
    """The denoiser's output pulled to the latents of `motif`, whatever the noise was.

    After every `block` steps of the descent the surrogate trains for `lesson` steps on the moved picture. The
    paper's five rounds are thus 5 x `block` steps, without the lesson after the last of them. With `pulled` above 0 the
    latents themselves are pulled as well, with that weight (100 in the authors' ACE+).
    """

    motif: Motif = field(default_factory=Lettering)
    block: int = 30
    lesson: int = 10
    pulled: float = 0.0
    lessons: LoRATrainer = field(default_factory=LoRATrainer)

    needs_generator: ClassVar[bool] = True

    def target(self, clean: Pixels, models: Sequence[Encoder], seed: int) -> Pixels:  # noqa: ARG002 - not random
        """Return the motif in the size of `clean`; raises UsageError where a model has no denoiser."""
        for model in models:
            as_generator(model, "Mist 2")
        return self.motif.fitted(*clean.shape[-2:])

    def aim(self, model: Encoder, clean: Pixels, target: Pixels | None, seed: int) -> Aim:
        """Return the relative squared distance between the denoiser's output and the target's latents."""
        denoise = Denoising(as_generator(model, "Mist 2"), self.lessons.prompt, seed)
        with torch.no_grad():
            target_latents = model.encode(clean if target is None else target)
            power = target_latents.square().mean() + TINY

        def loss(moved: Pixels, step: int) -> Float[Tensor, ""]:
            latents = model.encode(moved)
            predicted, _ = denoise(latents, step)
            bent = (predicted - target_latents).square().mean()
            return (bent + self.pulled * (latents - target_latents).square().mean()) / power

        return loss

    def surrogate(self, model: Generator, clean: Pixels, seed: int) -> Student:
        """Return a student of the model."""
        return self.lessons.student(model, clean, seed)

    def learn(self, surrogate: Generator, clean: Pixels, moved: Pixels, step: int, seed: int) -> None:  # noqa: ARG002
        """Train on the moved picture between two blocks of the descent."""
        if step and step % self.block == 0:
            self.lessons.train(cast(Student, surrogate), moved, steps=self.lesson, seed=seed + step)
