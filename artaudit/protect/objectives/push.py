"""Pushes a picture's latents away from where they were, without aiming anywhere (the encoder-mean loss of PID).

Li et al., "PID: Prompt-Independent Data Protection Against Latent Diffusion Models", ICML 2024,
https://arxiv.org/abs/2406.15305. Unlike the paper, distances are taken relative to the spread of the clean
latents and in logarithm, so that encoders of any scale weigh the same in a pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.protect.objective import Aim
from artaudit.protocols import Encoder

Pixels = Float[Tensor, "1 3 height width"]

_TINY = 1e-8


@dataclass(frozen=True, slots=True)
class Push:
    """The default objective: latents moved as far as the budget allows."""

    needs_generator: ClassVar[bool] = False

    def target(self, clean: Pixels, models: Sequence[Encoder], seed: int) -> None:
        """Return None: latents are pushed away from the original's and towards nothing."""

    def aim(self, model: Encoder, clean: Pixels, target: Pixels | None, seed: int) -> Aim:  # noqa: ARG002 - not aimed
        """Return minus the log of the relative squared latent displacement."""
        with torch.no_grad():
            origin = model.encode(clean)
            spread = origin.var() + _TINY

        def loss(moved: Pixels, step: int) -> Float[Tensor, ""]:  # noqa: ARG001 - the same at every step
            return -torch.log((model.encode(moved) - origin).square().mean() / spread + _TINY)

        return loss
