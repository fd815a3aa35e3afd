"""The small JPEG that stands for a picture in the registry and in reports."""

from __future__ import annotations

import io

import numpy as np
from jaxtyping import UInt8
from PIL import Image as Pillow

from artaudit.image import Image

SIDE = 768
"""Pixels along the longer side, at most."""


def thumbnail(image: Image) -> bytes:
    """Return a JPEG of the picture as people see it."""
    small = Pillow.fromarray(image.rgb8)
    small.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def open_thumbnail(jpeg: bytes) -> UInt8[np.ndarray, "height width 3"]:
    """Return the pixels of a thumbnail."""
    with Pillow.open(io.BytesIO(jpeg), formats=("JPEG",)) as opened:
        return np.asarray(opened.convert("RGB"))
