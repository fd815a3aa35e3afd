"""Searches for what happened to a picture after it was drawn: where a crop moved the grid of its latents, or a resize.

A decoder redraws its own picture well only on the grid that it was drawn on, much as a JPEG's blocks show its grid
(Bianchi and Piva 2012, https://doi.org/10.1109/TIFS.2011.2170836). Windows lie where a picture has most detail, as a
decoder leaves few traces in plain areas.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures, detailed

SIDES = 96, 128
"""Sides of the windows in pixels: for all offsets and factors, and in the second pass; multiples of all factors."""

SHORTLIST = 3
"""Offsets in the second pass, besides (0, 0)."""

SMALLEST, LARGEST = 0.5, 1.5
"""Factors between which a picture may have been resized after it was drawn."""

STEP = 64
"""Sides of pictures as they are drawn are multiples of this, which tells their exact sizes before a resize."""

USUAL = (0.5, 2 / 3, 0.75, 4 / 3, 1.5)
"""Factors that are tried of a crop that was resized, whose sides tell nothing."""

CORNER = 640
"""Largest side, in pixels, of the upper left corner in which a resize is looked for, as it was before."""

MOST = 6
"""Factors that are tried of one picture at most."""

_OFFSETS = 8
"""Offsets along each side in the first pass at most."""

Score = Callable[[Pictures], Float[Tensor, " batch"]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture was scored: the resize undone, rows and columns cut off at the top and left.

    `scores` are those of a window at every offset, empty where none was searched; `tried` are the factors that were
    tried, with the score of a window. `among` is the number of places that a score was corrected for.
    """

    scale: float = 1.0
    top: int = 0
    left: int = 0
    scores: Float[Tensor, "offsets offsets"] = field(default_factory=lambda: torch.zeros(0, 0), repr=False)
    tried: tuple[tuple[float, float], ...] = ()
    among: int = 1


def find_grid(score: Score, pixels: Float[Tensor, "1 3 height width"], factor: int) -> tuple[Place, float]:
    """Score a window at 8 x 8 offsets, then larger ones at the best and those between; return the best of these.

    Pixels in [0, 1], both sides at least twice the factor. Of factors up to 8 every offset is tried. The scores of the
    place are those of the first pass; the second gives the one that is returned.
    """
    step = max(1, factor // _OFFSETS)
    along = range(0, factor, step)
    places = [(down, across) for down in along for across in along]
    first = score(_moved(pixels, places, SIDES[0], factor))
    best = {places[place] for place in (0, *first.topk(min(SHORTLIST, len(places))).indices.tolist())}
    near = [(down, across) for down in range(1 - step, step) for across in range(1 - step, step)]
    between = sorted({((y + down) % factor, (x + across) % factor) for y, x in best for down, across in near})
    second = score(_moved(pixels, between, SIDES[1], factor))
    top, left = between[int(second.argmax())]
    return Place(1.0, top, left, first.view(len(along), len(along))), float(second.max())


def find_scale(
    score: Score, corner: Float[Tensor, "1 3 height width"], factor: int, factors: Sequence[float], least: int
) -> tuple[Place, float] | None:
    """Undo a resize by each of the factors and score a window; return the best, or None without any.

    `corner` is the picture from its upper left corner on, where the grid of an uncropped picture begins. Sides below
    `least` pixels before the resize are not tried.
    """
    tried = []
    for scale in factors:
        back = corner_before(corner, scale)
        if min(back.shape[-2:]) >= least:
            tried.append((scale, float(score(_moved(back, [(0, 0)], SIDES[0], factor))[0])))
    if not tried:
        return None
    scale, best = max(tried, key=lambda pair: pair[1])
    return Place(scale, tried=tuple(tried)), best


def scales(height: int, width: int) -> list[float]:
    """Return the factors by which a picture of a size may have been resized from one whose sides are multiples of 64.

    Both sides agree within the rounding to whole pixels. At most six, those of the roundest originals first.
    """
    longer, shorter = max(height, width), min(height, width)
    exact = {}
    for original in range(STEP, math.floor(longer / SMALLEST) + 1, STEP):
        scale = longer / original
        other = STEP * round(shorter / scale / STEP)
        if other and abs(shorter - other * scale) <= 1 and scale <= LARGEST and original != longer:
            exact[scale] = original
    return sorted(exact, key=lambda scale: (-math.gcd(exact[scale], 8 * STEP), exact[scale]))[:MOST]


def undone(pixels: Pictures, scale: float) -> Float[Tensor, "batch 3 rows columns"]:
    """Undo a resize by `scale`: return the pictures at 1 / scale of their size, their upper left corner kept."""
    if scale == 1:
        return pixels
    return F.interpolate(
        pixels,
        scale_factor=1 / scale,
        mode="bicubic",
        antialias=True,
        align_corners=False,
        recompute_scale_factor=False,
    ).clamp(0, 1)


def corner_before(corner: Float[Tensor, "1 3 height width"], scale: float) -> Float[Tensor, "1 3 rows columns"]:
    """Return a picture's upper left corner as it was before a resize by `scale`, at most 640 pixels along each side."""
    side = math.ceil(CORNER * scale)
    return undone(corner[..., :side, :side], scale)


def _moved(
    pixels: Float[Tensor, "1 3 height width"], places: Sequence[tuple[int, int]], side: int, factor: int
) -> Float[Tensor, "places 3 window_height window_width"]:
    """Return the window with the most detail, of at most `side` pixels, moved by each of the offsets."""
    room = [(length - factor + 1) // factor * factor for length in pixels.shape[-2:]]
    height, width = (min(side, length) for length in room)
    ((top, left),) = detailed(pixels[..., : room[0], : room[1]], height, width, factor)
    return torch.cat([pixels[..., top + y :, left + x :][..., :height, :width] for y, x in places])
