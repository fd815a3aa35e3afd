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
"""Sides of the windows in pixels: for offsets and factors, and for the shortlist; multiples of all factors."""

BEAM = 6
"""Offsets that are followed from one pass to the next.

Of 360 crops of 40 pictures that the embedded `studio-flux2` drew, after JPEG 90, the shortlist held the right offset of
97.5 % after scoring all 64, and of as many with 6 followed (34 scored), of 97 % with 4 (28) and 91 % with 2 (16);
`studio-sd1`: 100, 99, 98 and 33 %.
"""

SHORTLIST = 3
"""Offsets in the last pass, besides (0, 0)."""

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
"""Offsets along each side at most, before the last pass."""

Score = Callable[[Pictures], Float[Tensor, " batch"]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture was scored: the resize undone, rows and columns cut off at the top and left.

    `scores` are those of a window by offset, empty where none was searched and NaN where it was not tried; `tried` are
    the factors that were tried, with the score of a window. `among` is the number of places that a score was corrected
    for.
    """

    scale: float = 1.0
    top: int = 0
    left: int = 0
    scores: Float[Tensor, "offsets offsets"] = field(default_factory=lambda: torch.zeros(0, 0), repr=False)
    tried: tuple[tuple[float, float], ...] = ()
    among: int = 1


def find_grid(score: Score, pixels: Float[Tensor, "1 3 height width"], factor: int) -> tuple[Place, float]:
    """Score a window at offsets of the grid, then larger ones at the best and those between; return the best of these.

    Pixels in [0, 1], both sides at least twice the factor. Of factors up to 8 any offset can be found. The scores of
    the place are those of the smaller window; the larger one gives the score that is returned.
    """
    step = max(1, factor // _OFFSETS)
    first = _coarse_to_fine(
        lambda places: score(_moved(pixels, [(step * y, step * x) for y, x in places], SIDES[0], factor)),
        len(range(0, factor, step)),
    )
    tried = first.isfinite().nonzero().tolist()
    best = sorted(tried, key=lambda place: -float(first[tuple(place)]))[:SHORTLIST]
    near = [(down, across) for down in range(1 - step, step) for across in range(1 - step, step)]
    around = [(step * y + down, step * x + across) for y, x in [(0, 0), *best] for down, across in near]
    between = sorted({(y % factor, x % factor) for y, x in around})
    second = score(_moved(pixels, between, SIDES[1], factor))
    top, left = between[int(second.argmax())]
    return Place(1.0, top, left, first), float(second.max())


def _coarse_to_fine(
    score: Callable[[Sequence[tuple[int, int]]], Float[Tensor, " places"]], count: int
) -> Float[Tensor, "count count"]:
    """Return scores of offsets, NaN where none was asked for.

    A decoder enlarges its latents by two again and again, and leaves traces on the grid of each step: offsets are told
    apart by their remainder of two first, then of four and eight, each time among those of the best.
    """
    scores = torch.full((count, count), torch.nan)
    places, stride = [(0, 0)], 1
    while places:
        fresh = [place for place in places if scores[place].isnan()]
        if fresh:
            scores[tuple(zip(*fresh, strict=True))] = score(fresh).to(scores.dtype)
        best = sorted(places, key=lambda place: -float(scores[place]))[:BEAM]
        moves = [(y + down, x + across) for y, x in best for down in (0, stride) for across in (0, stride)]
        places = [place for place in moves if max(place) < count] if stride < count else []
        stride *= 2
    return scores


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
