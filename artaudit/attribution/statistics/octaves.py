"""Redrawing errors octave by octave, in light and in colour, beside what the picture itself holds there.

How far a redrawing misses a picture says more about how smooth the picture is than about who made it (Wang et al.,
"AEDR", AAAI 2026, https://arxiv.org/abs/2507.18988, weighs by a texture measure therefore); compared within each
octave, it says who. Colour stands apart because JPEG files keep less of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures, log_bands, redraw
from artaudit.protocols import Autoencoder
from artaudit.transforms import to_ycbcr

_FLOOR = -6.5
"""About what rounding to 8 bits leaves in one octave; grey pictures hold less colour than that."""


@dataclass(frozen=True, slots=True)
class Octaves:
    """Logarithms of power in `count` octaves and below: of the picture, and of one redrawing's change in it.

    A margin of `inset` pixels is redrawn and not measured: what lay beyond it may have helped to draw it. With sides
    below four times that, pictures are measured whole.
    """

    count: int = 3
    inset: int = 16

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers, in their order."""
        places = [*(f"octave {number + 1}" for number in range(self.count)), "the rest"]
        margin = f", {self.inset} pixels in" if self.inset else ""
        kinds = [f"{kind} in {planes}{margin}" for kind in ("picture", "error") for planes in ("light", "colour")]
        return tuple(f"log power of {kind}, {place}" for kind in kinds for place in places)

    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch numbers"]:
        """Redraw every picture once; sides of at least 2 to the power of `count`."""
        height, width = pixels.shape[-2:]
        edge = self.inset if min(height, width) >= 4 * self.inset else 0
        kept = (..., slice(edge, height - edge), slice(edge, width - edge))
        planes = [to_ycbcr(values[kept]) for values in (pixels, redraw(model, pixels) - pixels)]
        parts = [part for values in planes for part in (values[:, :1], values[:, 1:])]
        return torch.cat([log_bands(part, self.count) for part in parts], dim=1).clamp_min(_FLOOR)
