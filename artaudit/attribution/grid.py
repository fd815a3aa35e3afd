"""Where a picture's grid of latents begins, and at which size it was drawn: bounded searches over both.

A decoder's own picture loses what makes it easy to redraw when it is moved off the grid it was drawn on, as blocks
give away a JPEG's grid (Bianchi and Piva 2012, https://doi.org/10.1109/TIFS.2011.2170836).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures

SIDE = 64
"""Pixels along the window that is looked at for every offset, a multiple of all factors."""

SCALES = (1.0, 0.5, 0.75, 4 / 3, 1.5, 2.0)
"""By how much a picture may have been resized after it was drawn."""

Score = Callable[[Pictures], Float[Tensor, " batch"]]


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows and columns to cut off at the top and left, and the score of a window at every offset."""

    top: int
    left: int
    scores: Float[Tensor, "factor factor"]


def find_grid(score: Score, pixels: Float[Tensor, "1 3 height width"], factor: int) -> Grid:
    """Score a window in the middle at each of the factor x factor offsets; the highest score names the grid.

    Pixels in [0, 1], both sides at least twice the factor.
    """
    height, width = pixels.shape[-2:]
    side = min(SIDE, *((length - factor + 1) // factor * factor for length in (height, width)))
    top, left = ((length - side - factor + 1) // 2 // factor * factor for length in (height, width))
    places = [(down, across) for down in range(factor) for across in range(factor)]
    moved = [pixels[..., top + down :, left + across :][..., :side, :side] for down, across in places]
    scores = score(torch.cat(moved))
    return Grid(*places[int(scores.argmax())], scores.view(factor, factor))


def rescaled(pixels: Pictures, scale: float) -> Float[Tensor, "batch 3 rescaled_height rescaled_width"]:
    """Undo a resize by `scale`: return the pictures at 1 / scale of their size."""
    if scale == 1:
        return pixels
    size = [max(1, round(side / scale)) for side in pixels.shape[-2:]]
    return F.interpolate(pixels, size=size, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)
