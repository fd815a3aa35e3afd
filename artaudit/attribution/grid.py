"""Searches for the offset of a picture's grid of latents; undoes resizes.

A decoder redraws its own picture well only on the grid that it was drawn on, much as a JPEG's blocks show its grid
(Bianchi and Piva 2012, https://doi.org/10.1109/TIFS.2011.2170836).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures, detailed

SIDES = 64, 192
"""Sides of the windows in pixels: in the first pass over all offsets, and in the second; multiples of all factors."""

SHORTLIST = 9
"""Offsets in the second pass, besides (0, 0)."""

SCALES = (1.0, 0.5, 0.75, 4 / 3, 1.5, 2.0)
"""Factors that a picture may have been resized by after it was drawn."""

Score = Callable[[Pictures], Float[Tensor, " batch"]]


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows and columns to cut off at the top and left, and the score of a window at every offset."""

    top: int
    left: int
    scores: Float[Tensor, "factor factor"]


def find_grid(score: Score, pixels: Float[Tensor, "1 3 height width"], factor: int) -> Grid:
    """Score a window at each of the factor x factor offsets, then a larger one at the best of them.

    Pixels in [0, 1], both sides at least twice the factor. Windows lie where the picture has the most detail, as a
    decoder leaves few traces in plain areas. The grid is the best of the second pass; its scores are those of the
    first.
    """
    places = [(down, across) for down in range(factor) for across in range(factor)]
    scores = score(_moved(pixels, places, SIDES[0], factor))
    best = sorted({0, *scores.topk(min(SHORTLIST, len(places))).indices.tolist()})
    second = score(_moved(pixels, [places[place] for place in best], SIDES[1], factor))
    top, left = places[best[int(second.argmax())]]
    return Grid(top, left, scores.view(factor, factor))


def _moved(
    pixels: Float[Tensor, "1 3 height width"], places: Sequence[tuple[int, int]], side: int, factor: int
) -> Float[Tensor, "places 3 window_height window_width"]:
    """Return the window with the most detail, of at most `side` pixels, moved by each of the offsets."""
    room = [(length - factor + 1) // factor * factor for length in pixels.shape[-2:]]
    height, width = (min(side, length) for length in room)
    ((top, left),) = detailed(pixels[..., : room[0], : room[1]], height, width, factor)
    return torch.cat([pixels[..., top + y :, left + x :][..., :height, :width] for y, x in places])


def rescaled(pixels: Pictures, scale: float) -> Float[Tensor, "batch 3 rescaled_height rescaled_width"]:
    """Undo a resize by `scale`: return the pictures at 1 / scale of their size."""
    if scale == 1:
        return pixels
    size = [max(1, round(side / scale)) for side in pixels.shape[-2:]]
    return F.interpolate(pixels, size=size, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)
