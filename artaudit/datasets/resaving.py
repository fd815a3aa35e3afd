"""Saves other pixels with the settings of a picture's file: format, quantisation tables, subsampling and size."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image as Pillow

from artaudit.datasets.container import WEBP_LOSSLESS, container, tables
from artaudit.errors import ImageError
from artaudit.image import Image

SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", WEBP_LOSSLESS: ".webp", "TIFF": ".tif", "BMP": ".bmp"}
_KEPT_BY_TIFF = ("raw", "packbits", "tiff_lzw", "tiff_adobe_deflate")


class Resaver:
    """Saves samples as `like` was saved: same format and settings, upright, 8 bits, nothing but the picture.

    A JPEG's own quantisation tables are used, its subsampling where Pillow can write it (4:2:0 else), its progressive
    order; a lossy WebP's quality, which no header tells, is the one whose file comes nearest in size. Raises
    ImageError for a format that is not written.
    """

    def __init__(self, like: Image) -> None:
        self.codec = container(like.data, name=like.name).codec
        if self.codec not in SUFFIXES:
            raise ImageError(f"{like.name} is a {self.codec}, which cannot be saved again alike: leave it out.")
        self.grey = like.stored.shape[2] < 3  # noqa: PLR2004 - three channels are RGB
        self.suffix = SUFFIXES[self.codec]
        self.options = _options(self.codec, like)
        if self.codec == "WEBP":
            self.options = {**self.options, "quality": self._nearest_quality(like)}

    def save(self, rgb8: UInt8[np.ndarray, "height width 3"]) -> bytes:
        """Return the bytes of a file with these samples."""
        return self._saved(rgb8, self.options)

    def _saved(self, rgb8: UInt8[np.ndarray, "height width 3"], options: Mapping[str, Any]) -> bytes:
        picture = Pillow.fromarray(rgb8)
        buffer = io.BytesIO()
        (picture.convert("L") if self.grey else picture).save(buffer, self.codec.split()[0], **options)
        return buffer.getvalue()

    def _nearest_quality(self, like: Image) -> int:
        """Return the lowest quality whose file is as large as that of `like`, by bisection."""
        low, high = 0, 100
        while low < high:
            middle = (low + high) // 2
            if len(self._saved(like.rgb8, {**self.options, "quality": middle})) < len(like.data):
                low = middle + 1
            else:
                high = middle
        return low


def _options(codec: str, like: Image) -> dict[str, Any]:
    with Pillow.open(io.BytesIO(like.data), formats=(like.format,)) as opened:
        if codec == "JPEG":
            facts = container(like.data, name=like.name)
            kept = {"grey": 0, "4:4:4": 0, "4:2:2": 1}.get(facts.subsampling, 2)
            return {"qtables": tables(opened), "subsampling": kept, "progressive": facts.progressive}
        if codec == "TIFF":
            packed = opened.info.get("compression")
            return {"compression": packed if packed in _KEPT_BY_TIFF else "tiff_lzw"}
    others: dict[str, dict[str, Any]] = {"PNG": {"optimize": True}, WEBP_LOSSLESS: {"lossless": True}}
    return others.get(codec, {})
