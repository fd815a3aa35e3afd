"""Pictures that hold next to nothing in light or in colour, which any decoder redraws well: they have their own bar."""

from __future__ import annotations

from jaxtyping import Bool, Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures
from artaudit.attribution.statistics.octaves import GREY, by_block

LEAST = -5.5
"""The least log power of blocks that hold something: about that of half a level of 255."""

SHARE = 0.1
"""The least share of such blocks in pictures that are not plain."""

_OCTAVES = 3


def plain(pixels: Pictures) -> Bool[Tensor, " batch"]:
    """Tell which pictures hold nothing in nine of ten blocks: in light, in the finest octave, or in colour, in any.

    Pixels in [0, 1], both sides at least 16 pixels.
    """
    blocks = by_block(pixels - GREY, _OCTAVES)
    light, colour = blocks[..., 0], blocks[..., 1 + _OCTAVES :].amax(dim=-1)
    return _empty(light) | _empty(colour)


def _empty(power: Float[Tensor, "batch places"]) -> Bool[Tensor, " batch"]:
    return (power >= LEAST).float().mean(dim=1) < SHARE
