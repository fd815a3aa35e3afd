"""Pictures that stand in for photographs and paintings where none are at hand: drawn by code, and parts of two."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image as Pillow

from artaudit.attribution.known_pictures import SIDE
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.image import Image, decode

_LARGEST = 1.5
"""The largest factor by which dead leaves are bigger than the part that is kept; shrinking gives them soft edges."""


def standing_in(count: int) -> list[Image]:
    """Return `count` pictures, the same at every call: every fourth a part of a photograph, the others dead leaves."""
    return [_part(number) if number % 4 == 0 else _leaves(number) for number in range(count)]


def _part(seed: int) -> Image:
    """Return a part of one of the photographs that come with scikit-learn."""
    rng = np.random.default_rng(seed)
    name = list(PHOTOGRAPHS)[seed // 4 % len(PHOTOGRAPHS)]
    whole = decode(photograph(name), name=name).rgb8
    top, left = (int(rng.integers(0, length - SIDE + 1)) for length in whole.shape[:2])
    return _as_image(np.ascontiguousarray(whole[top : top + SIDE, left : left + SIDE]))


def _leaves(seed: int) -> Image:
    """Return dead leaves, whose statistics are those of natural pictures: discs that occlude one another.

    Radii follow a power law of exponent 3, discs are shaded and textured, the whole is made larger and shrunk: Lee,
    Mumford and Huang, "Occlusion Models for Natural Images", 2001, https://doi.org/10.1023/A:1011109015675.
    """
    rng = np.random.default_rng(seed)
    side = round(SIDE * rng.uniform(1.0, _LARGEST))
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32)
    picture = np.full((side, side, 3), rng.uniform(0, 255, 3), np.float32)
    for _ in range(400):
        radius = float(min(side / 2, 4 / np.sqrt(rng.uniform(1e-4, 1))))
        centre = rng.uniform(0, side, 2)
        inside = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < radius**2
        slope = (rows[inside] - centre[0]) / radius * rng.uniform(-40, 40)
        grain = rng.normal(0, rng.uniform(0, 12), int(inside.sum()))
        picture[inside] = rng.uniform(0, 255, 3) + (slope + grain)[:, None]
    small = Pillow.fromarray(picture.clip(0, 255).astype(np.uint8)).resize((SIDE, SIDE), Pillow.Resampling.LANCZOS)
    return _as_image(np.asarray(small))


def _as_image(rgb8: np.ndarray) -> Image:
    buffer = io.BytesIO()
    Pillow.fromarray(rgb8).save(buffer, "PNG", compress_level=1)
    return decode(buffer.getvalue(), name="standing in.png")
