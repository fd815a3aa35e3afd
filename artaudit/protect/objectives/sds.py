"""Lowers or raises the denoising loss of a picture without gradients through the denoiser (SDS).

Xue et al., "Toward Effective Protection Against Diffusion Based Mimicry Through Score Distillation", ICLR 2024,
https://arxiv.org/abs/2311.12832. Unlike the paper's, errors and latents are taken relative to their spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.protect.denoising import Denoising, as_generator
from artaudit.protect.objective import Aim
from artaudit.protect.pull import TINY
from artaudit.protocols import Encoder

Pixels = Float[Tensor, "1 3 height width"]


@dataclass(frozen=True, slots=True)
class ScoreDistillation:
    """Latents moved along the denoiser's error: down, SDS(-), which leaves smoother noise, or up with `ascend`."""

    ascend: bool = False
    prompt: str = "a painting"

    needs_generator: ClassVar[bool] = True

    def target(self, clean: Pixels, models: Sequence[Encoder], seed: int) -> None:  # noqa: ARG002 - nothing drawn
        """Return nothing; raises UsageError where a model has no denoiser."""
        for model in models:
            as_generator(model, "SDS")

    def aim(self, model: Encoder, clean: Pixels, target: Pixels | None, seed: int) -> Aim:  # noqa: ARG002 - not aimed
        """Return the product of latents and error, whose gradient at the latents is the error itself."""
        denoise = Denoising(as_generator(model, "SDS"), self.prompt, seed)
        with torch.no_grad():
            spread = model.encode(clean).var() + TINY
        sign = -1 if self.ascend else 1

        def loss(moved: Pixels, step: int) -> Float[Tensor, ""]:
            latents = model.encode(moved)
            with torch.no_grad():
                predicted, truth = denoise(latents.detach(), step)
                error = (predicted - truth) / truth.std()
            return sign * (latents * error).mean() / spread.sqrt()

        return loss
