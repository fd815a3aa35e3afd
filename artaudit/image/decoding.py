"""Decodes the bytes of a picture file in this process; `artaudit.image.reading` says in which process that is."""

from __future__ import annotations

import io
import warnings
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt
from PIL import Image as Pillow
from PIL import ImageCms, UnidentifiedImageError

from artaudit.errors import ImageError
from artaudit.image.bounds import Limits, ensure_bounded
from artaudit.image.further import declared_size, further_formats
from artaudit.image.picture import Image
from artaudit.visible import visible_line

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "AVIF")
WRITABLE = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
_ORIENTATION = 0x0112
_BITS_PER_SAMPLE = 258


_REASON = 300
"""Characters of a decoder's own words that are told."""


def decoded(data: bytes, name: str, limits: Limits) -> Image:
    """Decode the bytes of a picture file; whatever its decoder raises becomes ImageError, one sentence."""
    if not data:
        raise ImageError(f"{name} is empty (0 bytes): copy the file again.")
    ensure_bounded(data, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _opened(data, name, limits)
        except ImageError:
            raise
        except Pillow.DecompressionBombError as error:
            raise ImageError(
                f"{name} has far more pixels, more than the {limits.pixels:,} allowed: scale it down first."
            ) from error
        except UnidentifiedImageError as error:
            kinds = ", ".join(FORMATS)
            raise ImageError(f"{name} is not a picture artaudit reads ({kinds}): convert it first.") from error
        except MemoryError as error:
            raise ImageError(f"{name} takes more memory than may be used: scale it down first.") from error
        except Exception as error:
            raise ImageError(f"{name} is damaged or truncated ({_reason(error)}): copy the file again.") from error


def _opened(data: bytes, name: str, limits: Limits) -> Image:
    formats = further_formats(data, name) or FORMATS
    limits.refuse_large(declared_size(data) or (0, 0), name)
    with Pillow.open(io.BytesIO(data), formats=formats) as opened:
        limits.refuse_large(opened.size, name)
        if _has_deep_colour(opened, data):
            limits.refuse_heavy(2 * len(opened.getbands()) * opened.width * opened.height, name)
        return _describe(opened, data, name)


def _reason(error: Exception) -> str:
    return visible_line(error, _REASON).rstrip(".") or type(error).__name__


def _describe(opened: Pillow.Image, data: bytes, name: str) -> Image:
    frames = int(getattr(opened, "n_frames", 1))
    notes: list[str] = []
    if frames > 1:
        notes.append(f"animated or with several pages ({frames}): only the first was read")
    stored = _samples(opened, data, notes)
    exif = opened.getexif()
    info: dict[Any, Any] = opened.info
    orientation = exif.get(_ORIENTATION, 1)
    xmp = info.get("xmp")
    return Image(
        name=name,
        data=data,
        format=str(opened.format),
        stored=stored,
        orientation=orientation if orientation in range(1, 9) else 1,
        icc=None if opened.mode == "CMYK" else info.get("icc_profile") or None,
        exif=info.get("exif") or (exif.tobytes() if exif and opened.format != "TIFF" else None),
        xmp=xmp.encode() if isinstance(xmp, str) else xmp,
        lossless=_is_lossless(opened, data),
        frames=frames,
        read_only=_why_read_only(opened, frames),
        notes=tuple(notes),
    )


def _is_lossless(opened: Pillow.Image, data: bytes) -> bool:
    if opened.format == "WEBP":
        return b"VP8L" in data[:4096]
    return opened.format not in ("JPEG", "AVIF", "HEIF", "JXL")


def _why_read_only(opened: Pillow.Image, frames: int) -> str:
    if frames > 1:
        return f"it is animated or has several pages ({frames})"
    if opened.format not in WRITABLE:
        return f"{opened.format} cannot hold a cloak exactly"
    if opened.mode == "CMYK":
        return "it is CMYK, and models are trained on RGB"
    return ""


def _samples(opened: Pillow.Image, data: bytes, notes: list[str]) -> UInt[np.ndarray, "rows columns channels"]:
    if _has_deep_colour(opened, data):
        return _deep_colour(data)
    opened.load()
    mode = opened.mode
    if mode in ("I;16", "I;16L", "I;16B", "I;16N", "I"):
        return _deep_grey(opened)
    if mode == "CMYK":
        notes.append("CMYK was converted to RGB")
        picture = _from_cmyk(opened)
    elif mode in ("L", "LA", "RGB", "RGBA"):
        picture = opened
    elif mode in ("1", "P", "PA", "YCbCr"):
        transparent = "transparency" in opened.info or mode == "PA"
        grey = mode == "1" and not transparent
        picture = opened.convert("L" if grey else "RGBA" if transparent else "RGB")
        notes.append(f"{'palette' if mode in ('P', 'PA') else mode} samples were read as {picture.mode}")
    else:
        raise ValueError(f"its samples are of kind {mode}, which artaudit does not read")
    array = np.asarray(picture)
    return array[..., None] if array.ndim == 2 else array  # noqa: PLR2004 - grey has no channel axis


def _has_deep_colour(opened: Pillow.Image, data: bytes) -> bool:
    """Pillow silently keeps 8 of 16 bits in colour files; such files go through OpenCV."""
    if opened.format == "PNG":
        depth, kind = data[24], data[25]
        return depth == 16 and kind != 0  # noqa: PLR2004 - bit depth and colour kind of the PNG header
    if opened.format == "TIFF":
        bits = opened.tag_v2.get(_BITS_PER_SAMPLE, ())  # type: ignore[attr-defined]
        return len(bits) > 1 and set(bits) == {16}
    return False


def _deep_colour(data: bytes) -> UInt[np.ndarray, "rows columns channels"]:
    try:
        array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ValueError("its 16-bit samples cannot be decoded") from error
    if array is None or array.dtype != np.uint16:
        raise ValueError("its 16-bit samples cannot be decoded")
    if array.ndim == 2:  # noqa: PLR2004 - grey has no channel axis
        return array[..., None]
    for row in array:  # OpenCV's order is BGR(A); a copy of all would double the memory
        row[:, [0, 2]] = row[:, [2, 0]]
    return array


def _deep_grey(opened: Pillow.Image) -> UInt[np.ndarray, "rows columns 1"]:
    array = np.asarray(opened)
    if array.min() < 0 or array.max() > np.iinfo(np.uint16).max:
        raise ValueError("its grey samples have more than 16 bits, which artaudit does not read")
    return array.astype(np.uint16)[..., None]


def _from_cmyk(opened: Pillow.Image) -> Pillow.Image:
    icc = opened.info.get("icc_profile")
    if icc:
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            seen = ImageCms.profileToProfile(opened, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except Exception:  # noqa: BLE001 - a broken profile is ignored, whatever it makes its reader raise
            seen = None
        if seen is not None:
            return seen
    return opened.convert("RGB")
