"""What a picture's container says without its pixels: codec, JPEG quality, subsampling, size.

The quality is read back from the quantisation tables of ITU-T T.81, https://www.w3.org/Graphics/JPEG/itu-t81.pdf, as
the Independent JPEG Group's library scales them, https://ijg.org/.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Int
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from artaudit.errors import ImageError
from artaudit.image.decoding import FORMATS

WEBP_LOSSLESS = "WEBP lossless"
_RATIOS = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (4, 1): "4:1:1", (1, 2): "4:4:0"}
_WEBP_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Container:
    """What the headers of a picture file say.

    `codec` is Pillow's name of the format, lossless WebP apart. `quality` (1 to 100), `subsampling` and
    `progressive` are those of a JPEG, None, empty and False for all else. `width` and `height` are as stored,
    before the EXIF orientation.
    """

    codec: str
    quality: int | None
    subsampling: str
    progressive: bool
    width: int
    height: int
    bytes: int


def container(data: bytes, *, name: str) -> Container:
    """Return what the headers of a picture file say, no sample being decoded; `name` is used in messages only.

    Raises ImageError for bytes that do not begin as a picture.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Pillow.open(io.BytesIO(data), formats=FORMATS) as opened:
                return _describe(opened, data)
        except UnidentifiedImageError as error:
            raise ImageError(f"{name} is no picture that artaudit reads: leave it out or convert it.") from error
        except (OSError, SyntaxError, ValueError, struct.error, EOFError, Pillow.DecompressionBombError) as error:
            raise ImageError(f"{name} is damaged or too large ({error}): copy the file again.") from error


def _describe(opened: Pillow.Image, data: bytes) -> Container:
    codec, size = str(opened.format), (opened.width, opened.height, len(data))
    if codec == "JPEG":
        components = sampling(opened)
        progressive = bool(opened.info.get("progressive"))
        return Container(codec, jpeg_quality(tables(opened)), _subsampling(components), progressive, *size)
    if codec == "WEBP" and b"VP8L" in data[:_WEBP_HEAD]:
        codec = WEBP_LOSSLESS
    return Container(codec, None, "", False, *size)  # noqa: FBT003 - not progressive


def sampling(jpeg: Pillow.Image) -> list[tuple[int, int, int]]:
    """Return for each component of an opened JPEG its sampling factors across and down and the number of its table."""
    return [(across, down, table) for _, across, down, table in jpeg.layer]  # type: ignore[attr-defined]


def tables(jpeg: Pillow.Image) -> list[list[int]]:
    """Return the quantisation tables of an opened JPEG in natural order, each once, as its components use them."""
    kept: Mapping[int, Sequence[int]] = jpeg.quantization  # type: ignore[attr-defined]
    used = dict.fromkeys(table for _, _, table in sampling(jpeg) if table in kept)
    return [list(kept[number]) for number in used]


def tables_of(quality: int) -> Int[np.ndarray, "2 64"]:
    """Return the quantisation tables, luma and chroma in natural order, that Pillow writes at a quality of 1 to 100."""
    return _ladder()[quality - 1]


def jpeg_quality(found: Sequence[Sequence[int]]) -> int | None:
    """Return the quality, 1 to 100, whose tables are nearest to these (luma first), or None where there are none."""
    if not found:
        return None
    ours = np.array([*found[:1], *found[1:2]])
    distances = np.abs(_ladder()[:, : len(ours)] - ours).sum(axis=(1, 2))
    return int(distances.argmin()) + 1


@cache
def _ladder() -> Int[np.ndarray, "100 2 64"]:
    """Return the quantisation tables of qualities 1 to 100, luma and chroma, as Pillow writes them."""
    rungs = []
    for quality in range(1, 101):
        buffer = io.BytesIO()
        Pillow.new("RGB", (8, 8)).save(buffer, "JPEG", quality=quality)
        with Pillow.open(buffer) as opened:
            rungs.append(tables(opened))
    return np.array(rungs)


def _subsampling(components: Sequence[tuple[int, int, int]]) -> str:
    if len(components) < 3:  # noqa: PLR2004 - luma and two chroma planes
        return "grey"
    (across, down, _), (less_across, less_down, _) = components[:2]
    ratio = across // max(less_across, 1), down // max(less_down, 1)
    return _RATIOS.get(ratio, f"{ratio[0]}x{ratio[1]}")
