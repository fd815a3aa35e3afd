"""How many levels a pixel may move before its colour looks different, by CIEDE2000.

Sharma, Wu and Dalal, "The CIEDE2000 Color-Difference Formula", 2005, https://doi.org/10.1002/col.20070.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from artaudit import distances

Colours = Float[Tensor, "1 colours height width"]
Map = Float[Tensor, "1 1 height width"]
Pixels = Float[np.ndarray, "count 3"]

_LEVELS = 255
_AT_ONCE = 1 << 18
_CORNERS = tuple(product((-1.0, 1.0), repeat=3))
_SHARED = ((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0))


def within(clean: Colours, room: Map, allowed: Map, *, shared: bool) -> Map:
    """Return how many of the whole levels in `room` each pixel may move, every colour its own way.

    No such move is further than `allowed` in CIEDE2000, samples taken as sRGB in [0, 1]. `shared` says that the
    colours move together.
    """
    colours = clean.expand(-1, 3, -1, -1)[0].flatten(1).T.double().cpu().numpy()
    most = room.flatten().int().cpu().numpy()
    caps = allowed.flatten().double().cpu().numpy()
    corners = _SHARED if shared or clean.shape[1] == 1 else _CORNERS
    kept = [
        _levels(
            colours[start : start + _AT_ONCE], most[start : start + _AT_ONCE], caps[start : start + _AT_ONCE], corners
        )
        for start in range(0, len(most), _AT_ONCE)
    ]
    return torch.from_numpy(np.concatenate(kept)).to(room).view_as(room)


def _levels(
    colours: Pixels,
    most: Int[np.ndarray, " count"],
    caps: Float[np.ndarray, " count"],
    corners: tuple[tuple[float, ...], ...],
) -> Int[np.ndarray, " count"]:
    """Search, by halving, the widest cube around each colour whose corners are all near enough."""
    kept, refused = np.zeros_like(most), most + 1
    while (undecided := refused - kept > 1).any():
        middle = (kept + refused) // 2
        fits = np.zeros_like(undecided)
        fits[undecided] = _near(colours[undecided], middle[undecided], caps[undecided], corners)
        kept, refused = np.where(undecided & fits, middle, kept), np.where(undecided & ~fits, middle, refused)
    return kept


def _near(
    colours: Pixels,
    levels: Int[np.ndarray, " count"],
    caps: Float[np.ndarray, " count"],
    corners: tuple[tuple[float, ...], ...],
) -> Bool[np.ndarray, " count"]:
    """Say which colours are no further than their cap from every corner of their cube."""
    near = np.ones(len(colours), dtype=bool)
    for corner in corners:
        moved = (colours[near] + np.array(corner) * levels[near, None] / _LEVELS).clip(0, 1)
        near[near] = distances.delta_e(colours[near][None], moved[None])[0] <= caps[near]
    return near
