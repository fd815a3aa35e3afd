"""Which parts of a picture a detector looks at: crops at native resolution where there is texture, never a resize.

Texture-rich crops after Zhong et al. 2023 (PatchCraft), https://arxiv.org/abs/2311.12397.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

Picture = Float[np.ndarray, "height width 3"]
Corner = tuple[int, int]

_CELL = 8


def textured_crops(picture: Picture, side: int, count: int) -> list[Corner]:
    """Return up to `count` (top, left) corners of squares of `side` pixels, the most textured first.

    Corners are multiples of 8 pixels. The next crop is the one whose cells hold most texture that no crop before it
    has seen; cells that are nearly black or white all over count for nothing. Every picture that holds one square
    yields at least one.
    """
    texture = _texture(picture)
    cells = side // _CELL
    corners: list[Corner] = []
    for _ in range(count):
        total = _window_sums(texture, cells)
        top, left = np.unravel_index(int(total.argmax()), total.shape)
        if corners and total[top, left] <= 0:
            break
        corners.append((int(top) * _CELL, int(left) * _CELL))
        texture[top : top + cells, left : left + cells] *= 0.1
    return corners


def _texture(picture: Picture) -> Float[np.ndarray, "rows columns"]:
    """Return the mean slope in each cell of 8 x 8 pixels, its square root so that no single edge decides."""
    grey = picture.mean(axis=2)
    rows, columns = grey.shape[0] // _CELL, grey.shape[1] // _CELL
    grey = grey[: rows * _CELL, : columns * _CELL]
    slope = np.abs(np.diff(grey, axis=0, append=grey[-1:])) + np.abs(np.diff(grey, axis=1, append=grey[:, -1:]))
    inside = (grey > 0.02) & (grey < 0.98)  # noqa: PLR2004 - clipped samples carry no noise
    cells = (slope * inside).reshape(rows, _CELL, columns, _CELL).mean(axis=(1, 3))
    return np.sqrt(cells.astype(np.float64))


def _window_sums(cells: Float[np.ndarray, "rows columns"], side: int) -> Float[np.ndarray, "down across"]:
    """Return the sum of every square of `side` cells."""
    total = np.pad(cells.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    return total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
