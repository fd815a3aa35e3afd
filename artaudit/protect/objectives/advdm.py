"""Raises the denoising loss of a picture, so that a diffusion model cannot explain it (AdvDM).

Liang et al., "Adversarial Example Does Good: Preventing Painting Imitation from Diffusion Models via Adversarial
Examples", ICML 2023, https://arxiv.org/abs/2302.04578. Unlike the paper's, the loss is relative to the spread of
what the denoiser should predict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from artaudit.protect.denoising import Denoising, as_generator, relative
from artaudit.protect.objective import Aim
from artaudit.protocols import Encoder

Pixels = Float[Tensor, "1 3 height width"]


@dataclass(frozen=True, slots=True)
class AdvDM:
    """A higher denoising loss under `prompt`, at one noise and one schedule step for each step of the descent."""

    prompt: str = "a painting"

    needs_generator: ClassVar[bool] = True

    def target(self, clean: Pixels, models: Sequence[Encoder], seed: int) -> None:  # noqa: ARG002 - nothing drawn
        """Return nothing; raises UsageError where a model has no denoiser."""
        for model in models:
            as_generator(model, "AdvDM")

    def aim(self, model: Encoder, clean: Pixels, target: Pixels | None, seed: int) -> Aim:  # noqa: ARG002 - not aimed
        """Return minus the relative denoising loss."""
        denoise = Denoising(as_generator(model, "AdvDM"), self.prompt, seed)

        def loss(moved: Pixels, step: int) -> Float[Tensor, ""]:
            return -relative(*denoise(model.encode(moved), step))

        return loss
