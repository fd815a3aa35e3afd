"""The one view of a picture that a published network is shown: scaled by its shorter side, its middle cut, normalised.

Sizes and corners are rounded as each network's own code does, because a pixel more moves every sample of the view.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, UInt8
from PIL import Image as Pillow

NORMALS = {
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
}
"""Mean and spread of the pixels that networks were trained on."""

Levels = UInt8[np.ndarray, "height width 3"]


class Size(NamedTuple):
    """Pixels across and down."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How a network's code makes its view.

    The shorter side becomes `short` pixels, `scaled` says how the other one is rounded, Pillow's `filter` resamples
    (antialiased when it shrinks), and a square of `side` pixels is cut whose left upper corner `corner` rounds.
    """

    short: int
    side: int
    filter: Pillow.Resampling
    scaled: Callable[[Size, int, int], Size]
    corner: Callable[[int], int]

    def __call__(self, levels: Levels) -> Float32[np.ndarray, "3 side side"]:
        """Return the view of a picture, colours first, normalised by ImageNet's mean and spread."""
        height, width = levels.shape[:2]
        size = self.scaled(Size(width, height), self.short, self.side)
        picture = Pillow.fromarray(levels).resize(size, self.filter)
        left, top = self.corner(size.width - self.side), self.corner(size.height - self.side)
        cut = np.asarray(picture.crop((left, top, left + self.side, top + self.side)), dtype=np.float32)
        mean, spread = (np.array(colours, dtype=np.float32) for colours in NORMALS["imagenet"])
        return np.ascontiguousarray(((cut / np.float32(255) - mean) / spread).transpose(2, 0, 1))


def cut_off(size: Size, short: int, _side: int) -> Size:
    """Return the size with the longer side cut off to whole pixels.

    https://github.com/pytorch/vision/blob/main/torchvision/transforms/functional.py: `Resize` with one number.
    """
    longer = int(short * max(size) / min(size))
    return Size(short, longer) if size.width <= size.height else Size(longer, short)


def both_rounded(size: Size, short: int, side: int) -> Size:
    """Return the size with both sides rounded to even from one factor, and none below `side`.

    https://github.com/Phineas1500/sieve-ai-image-detector/blob/main/eval/parity.py.
    """
    factor = short / min(size)
    return Size(max(side, round(size.width * factor)), max(side, round(size.height * factor)))


def longer_rounded(size: Size, short: int, _side: int) -> Size:
    """Return the size with the longer side rounded to even, and not below `short`.

    https://github.com/Sekinal/local-ai-image-signal-training/blob/main/src/aiblink_validation/inference.py.
    """
    longer = max(short, round(max(size) * short / min(size)))
    return Size(short, longer) if size.width <= size.height else Size(longer, short)


def rounded_half(left_over: int) -> int:
    """Return half of what is left over, rounded to even."""
    return round(left_over / 2)


def lower_half(left_over: int) -> int:
    """Return half of what is left over, rounded down."""
    return left_over // 2
