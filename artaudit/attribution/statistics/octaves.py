"""Redrawing errors by octave and place, in light and in colour, beside the power of the picture itself there.

The size of a redrawing error depends more on how smooth a picture is than on who made it; Wang et al. ("AEDR", AAAI
2026, https://arxiv.org/abs/2507.18988) divide by a measure of texture for that reason. Here errors are compared with
the picture's power in the same octave and the same block: a picture has plain and busy parts, and one edge can hold
most of its power. Colour is measured apart because JPEG files keep less of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import FAINT, Pictures, octaves, redraw, whole
from artaudit.protocols import Autoencoder
from artaudit.transforms import to_ycbcr

BLOCK = 16
"""Pixels along each side of a block."""

GREY = 0.5
"""The grey that the power of a picture is counted from."""

_ROWS = 4
_FLOOR = -6.5
"""About the power of rounding to 8 bits in one octave; grey pictures have less power than that in colour."""


@dataclass(frozen=True, slots=True)
class Octaves:
    """Logarithms of the power in `count` octaves and the coarse rest: of the picture and of its redrawing error.

    They are those of blocks of 16 pixels. Blocks at the edges are redrawn but not measured, as pixels beyond a crop may
    have influenced them; pictures with a side below 64 pixels are measured whole.
    """

    count: int = 3

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers of a block, in their order."""
        return names_of(("picture", "error"), self.count)

    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch places numbers"]:
        """Redraw every picture once; both sides at least 16 pixels."""
        both = (pixels - GREY, redraw(model, pixels) - pixels)
        return torch.cat([by_block(values, self.count) for values in both], dim=2)


def names_of(kinds: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Return the names of the numbers of blocks: kind by kind, light then colour, octave by octave."""
    places = [*(f"octave {number + 1}" for number in range(count)), "the rest"]
    planes = [f"{kind} in {plane}" for kind in kinds for plane in ("light", "colour")]
    return tuple(f"log power of {plane} of a block of {BLOCK} pixels, {place}" for plane in planes for place in places)


def by_block(values: Float[Tensor, "batch 3 height width"], count: int) -> Float[Tensor, "batch places bands"]:
    """Return for every block the octaves of light, then those of colour; blocks at the edges are left out."""
    planes = to_ycbcr(whole(values, BLOCK))
    bands = torch.cat([_bands(part, count) for part in (planes[:, :1], planes[:, 1:])], dim=1)
    if min(bands.shape[-2:]) >= _ROWS:
        bands = bands[..., 1:-1, 1:-1]
    return bands.flatten(2).transpose(1, 2).clamp_min(_FLOOR)


def _bands(
    values: Float[Tensor, "batch channels height width"], count: int
) -> Float[Tensor, "batch bands rows columns"]:
    """Return the logarithms of the power in every octave, block by block."""
    return torch.cat([_power(band, BLOCK >> place) for place, band in enumerate(octaves(values, count))], dim=1).log10()


def _power(values: Float[Tensor, "batch channels height width"], side: int) -> Float[Tensor, "batch 1 rows columns"]:
    return F.avg_pool2d(values.square().mean(1, keepdim=True), side).clamp_min(FAINT)
