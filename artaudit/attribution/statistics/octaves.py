"""Redrawing errors by octave, in light and in colour, beside the power of the picture itself there.

The size of a redrawing error depends more on how smooth a picture is than on who made it; Wang et al. ("AEDR", AAAI
2026, https://arxiv.org/abs/2507.18988) divide by a measure of texture for that reason. Here errors are compared with
the picture's power in the same octave. Colour is measured apart because JPEG files keep less of it.
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
"""About the power of rounding to 8 bits in one octave; grey pictures have less power than that in colour."""


@dataclass(frozen=True, slots=True)
class Octaves:
    """Logarithms of the power in `count` octaves and the coarse rest: of the picture and of its redrawing error.

    A margin of `inset` pixels is redrawn but not measured, as pixels beyond a crop may have influenced it. Pictures
    with a side below four times that are measured whole.
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
        """Redraw every picture once; both sides at least 2 to the power of `count`."""
        both = (pixels, redraw(model, pixels) - pixels)
        return torch.cat([bands_inside(values, self.count, self.inset) for values in both], dim=1)


def bands_inside(values: Float[Tensor, "batch 3 height width"], count: int, inset: int) -> Float[Tensor, "batch bands"]:
    """Return the octaves of light, then those of colour, `inset` pixels in; small pictures count to their edges."""
    height, width = values.shape[-2:]
    edge = inset if min(height, width) >= 4 * inset else 0
    planes = to_ycbcr(values[..., edge : height - edge, edge : width - edge])
    return torch.cat([log_bands(part, count) for part in (planes[:, :1], planes[:, 1:])], dim=1).clamp_min(_FLOOR)
