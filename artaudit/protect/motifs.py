"""What a cloak may pull a picture towards: a picture of the artist's choice, or lettering drawn by code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from PIL import Image as Pillow
from PIL import ImageDraw
from torch import Tensor

from artaudit.image import Image
from artaudit.tensors import to_batch

Pixels = Float[Tensor, "1 3 height width"]

COLUMNS, ROWS = 3, 4
"""Points of the lattice on which a sign is written."""


@runtime_checkable
class Motif(Protocol):
    """A picture that can be had in any size."""

    def fitted(self, height: int, width: int) -> Pixels:
        """Return pixels in [0, 1] of that size."""
        ...


@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    """A given picture, scaled to cover the size and cut at its centre."""

    image: Image

    def __repr__(self) -> str:
        return f"Picture({self.image.name!r}, sha256={self.image.sha256!r})"

    def fitted(self, height: int, width: int) -> Pixels:
        """Return the picture on white, upright and in sRGB."""
        return cover(to_batch(self.image.pixels), height, width)


@dataclass(frozen=True, slots=True)
class Lettering:
    """Black and white lines of invented signs that repeat every `tile` pixels.

    High contrast at every scale and one motif for a whole portfolio are what makes Mist's target work (Liang and
    Wu 2023, https://arxiv.org/abs/2305.12683), so `seed` is a setting of its own and not the picture's.
    """

    seed: int = 0
    tile: int = 192
    lines: int = 6

    def fitted(self, height: int, width: int) -> Pixels:
        """Return the tiling from its upper left corner on."""
        repeats = (-(-height // self.tile), -(-width // self.tile))
        pixels = np.tile(self._drawn(), repeats)[:height, :width, None]
        return to_batch(pixels).expand(-1, 3, -1, -1).contiguous()

    def _drawn(self) -> Float[np.ndarray, "tile tile"]:
        """Draw one tile: lines of signs, every second one white on black."""
        rng = np.random.default_rng(self.seed)
        canvas = Pillow.new("L", (self.tile, self.tile), 255)
        pen = ImageDraw.Draw(canvas)
        line = self.tile / self.lines
        for row in range(self.lines):
            dark = row % 2 == 1
            if dark:
                pen.rectangle((0, row * line, self.tile, (row + 1) * line - 1), fill=0)
            for column in range(self.lines + self.lines // 2):
                corner = np.array([column * line * 2 / 3, row * line])
                _write_sign(pen, rng, corner, line, ink=255 if dark else 0)
        return np.asarray(canvas, dtype=np.float32) / 255


def _write_sign(
    pen: ImageDraw.ImageDraw, rng: np.random.Generator, corner: Float[np.ndarray, " 2"], line: float, *, ink: int
) -> None:
    """Write one sign, three strokes between points of the lattice, below and right of `corner`."""
    lattice = rng.integers((0, 0), (COLUMNS, ROWS), (4, 2)) / (COLUMNS - 1, ROWS - 1)
    points = corner + line * (0.12 + lattice * (0.42, 0.72))
    pen.line([(float(x), float(y)) for x, y in points], fill=ink, width=max(1, round(line / 9)), joint="curve")


def cover(pixels: Pixels, height: int, width: int) -> Float[Tensor, "1 3 {height} {width}"]:
    """Scale pixels so that they cover the size, with antialiasing, and cut at their centre."""
    rows, columns = pixels.shape[-2:]
    scale = max(height / rows, width / columns)
    size = (max(height, round(rows * scale)), max(width, round(columns * scale)))
    scaled = F.interpolate(pixels, size=size, mode="bilinear", antialias=True, align_corners=False).clamp(0, 1)
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    return torch.clone(scaled[..., top : top + height, left : left + width])
