"""Pulls a picture's latents to zero, or to those of a target picture (the encoder attack of PhotoGuard).

Salman et al., "Raising the Cost of Malicious AI-Powered Image Editing", ICML 2023,
https://arxiv.org/abs/2302.06588. Unlike the paper's, the norm is relative to the spread of the clean latents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.protect.motifs import Motif
from artaudit.protect.objective import Aim
from artaudit.protect.pull import TINY, pull
from artaudit.protocols import Encoder

Pixels = Float[Tensor, "1 3 height width"]


@dataclass(frozen=True, slots=True)
class PhotoGuard:
    """Zero latents, or those of `motif` where one is given."""

    motif: Motif | None = None

    needs_generator: ClassVar[bool] = False

    def target(self, clean: Pixels, models: Sequence[Encoder], seed: int) -> Pixels | None:  # noqa: ARG002 - no model
        """Return the motif in the size of `clean`, or None."""
        return None if self.motif is None else self.motif.fitted(*clean.shape[-2:])

    def aim(self, model: Encoder, clean: Pixels, target: Pixels | None, seed: int) -> Aim:  # noqa: ARG002 - not random
        """Return the relative distance (the norm, not its square) to the target's latents or to zero."""
        squared = pull(model, clean, target)

        def loss(moved: Pixels, step: int) -> Float[Tensor, ""]:
            return torch.sqrt(squared(moved, step) + TINY)

        return loss
