"""Redrawing errors octave by octave, beside what the picture itself holds there: smooth pictures are no riddle.

The errors of a first and a second redrawing (Wang et al., "AEDR", AAAI 2026, https://arxiv.org/abs/2507.18988) say
more about how smooth a picture is than about who made it; compared within each octave, they say who.
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
    """Logarithms of power in `count` octaves and below: of the picture, and of two redrawings' changes in it."""

    count: int = 3

    @property
    def names(self) -> tuple[str, ...]:
        """One name a number, in order."""
        places = [*(f"octave {number + 1}" for number in range(self.count)), "the rest"]
        kinds = ("picture", "first error", "second error")
        return tuple(f"log power of {kind}, {place}" for kind in kinds for place in places)

    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch numbers"]:
        """Redraw every picture twice; sides of at least 2 to the power of `count`."""
        once = redraw(model, pixels)
        errors = once - pixels, redraw(model, once) - once
        return torch.cat([log_bands(values, self.count) for values in (pixels, *errors)], dim=1)
