"""Redrawing errors octave by octave, beside what the picture itself holds there: smooth pictures are no riddle.

The whole error of one redrawing (Ricker et al., "AEROBLADE", CVPR 2024, https://arxiv.org/abs/2401.17879) says more
about how smooth a picture is than about who made it; compared within each octave, it says who.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures, log_bands, redraw
from artaudit.protocols import Autoencoder


@dataclass(frozen=True, slots=True)
class Octaves:
    """Logarithms of power in `octaves` octaves and below: of the picture, and of what the model changes in it."""

    octaves: int = 3

    @property
    def names(self) -> tuple[str, ...]:
        """One name a number, in order."""
        places = [*(f"octave {number + 1}" for number in range(self.octaves)), "the rest"]
        return tuple(f"log power of {what}, {place}" for what in ("picture", "error") for place in places)

    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch numbers"]:
        """Redraw every picture once."""
        error = redraw(model, pixels) - pixels
        return torch.cat([log_bands(pixels, self.octaves), log_bands(error, self.octaves)], dim=1)
