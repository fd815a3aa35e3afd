"""Where on a picture a change shows: flat ground, which hides nothing, and the colours of skin, where people look.

Skin colours after Chai and Ngan, "Face segmentation using skin-color map in videophone applications", 1999,
https://doi.org/10.1109/76.767122: a box of Cb and Cr, which holds light and dark skin, and sand and wood too.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from jaxtyping import Bool, Float

Picture = Float[np.ndarray, "height width 3"]
Ground = Bool[np.ndarray, "height width"]

WINDOW = 256
"""Pixels along each side of the window that a preview shows, at most."""

_CB, _CR = (77, 127), (133, 173)
_NEIGHBOURHOOD = 9
_CONTRAST = 3.0
"""Standard deviation of luma over nine by nine pixels, in levels of 255, below which ground is flat."""
_STRIDE = 32
_ENOUGH = 0.25
"""Least share of a window that holds content, so that people do not see a blank."""


def flat_ground(picture: Picture) -> Ground:
    """Return where a picture in [0, 1] has almost no local contrast."""
    luma = cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_RGB2GRAY) * 255
    square = (_NEIGHBOURHOOD, _NEIGHBOURHOOD)
    mean, power = cv2.blur(luma, square), cv2.blur(luma**2, square)
    return power - mean**2 < _CONTRAST**2


def skin(picture: Picture) -> Ground:
    """Return where a picture in [0, 1] has the colours of skin."""
    planes = cv2.cvtColor(np.rint(picture * 255).astype(np.uint8), cv2.COLOR_RGB2YCrCb)
    return cv2.inRange(planes[..., 1:], np.array([_CR[0], _CB[0]]), np.array([_CR[1], _CB[1]])) > 0


def share(errors: Float[np.ndarray, "height width"], ground: Ground) -> float:
    """Return the part of the sum of all errors, such as FLIP's, that lies on a ground; 0 without any error."""
    whole = float(errors.sum())
    return float(errors[ground].sum()) / whole if whole else 0.0


def exposed_window(picture: Picture, side: int = WINDOW) -> tuple[slice, slice]:
    """Return rows and columns of the window to show people before a cloak is made, `side` pixels at most.

    It is the one with most exposed ground (flat, or of the colours of skin) of those that hold enough content: a change
    shows most on a blank sky, but a window of nothing else does not show what happens to the picture. Of equal
    windows, the one nearest to the middle is taken.
    """
    flat, skinny = flat_ground(picture), skin(picture)
    shows, holds = _sums(0.5 * flat + 0.5 * skinny), _sums(~flat)
    height, width = picture.shape[:2]
    rows, columns = min(side, height), min(side, width)

    def worth(place: tuple[int, int]) -> tuple[float, float]:
        top, left = place
        exposed, content = (
            float(table[top + rows, left + columns] - table[top, left + columns] - table[top + rows, left])
            + float(table[top, left])
            for table in (shows, holds)
        )
        area = rows * columns
        off = abs(2 * top + rows - height) / height + abs(2 * left + columns - width) / width
        return (exposed / area + 0.01) * min(1.0, content / area / _ENOUGH), -off

    places = ((top, left) for top in _starts(height, rows) for left in _starts(width, columns))
    top, left = max(places, key=worth)
    return slice(top, top + rows), slice(left, left + columns)


def _sums(ground: np.ndarray) -> Float[np.ndarray, "rows columns"]:
    return cv2.integral(ground.astype(np.float64))


def _starts(length: int, window: int) -> Iterator[int]:
    yield from range(0, length - window, _STRIDE)
    yield length - window
