"""The one place that decodes picture files, with limits, as the files are not trusted."""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt
from PIL import Image as Pillow
from PIL import ImageCms, UnidentifiedImageError

from artaudit.errors import ImageError, UsageError
from artaudit.image.further import declared_size, further_formats
from artaudit.image.picture import Image

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "AVIF")
WRITABLE = ("PNG", "JPEG", "WEBP", "TIFF", "BMP")
_ORIENTATION = 0x0112
_BITS_PER_SAMPLE = 258


@dataclass(frozen=True, slots=True)
class Limits:
    """What a picture may cost: file size in bytes, picture size in pixels."""

    file_bytes: int = 512 * 1024**2
    pixels: int = 100_000_000


def read(path: Path | str, limits: Limits | None = None) -> Image:
    """Read and decode the picture file at `path`.

    Raises UsageError for a path that is no readable file, ImageError for a file that is no sound picture.
    """
    path, limits = Path(path), limits or Limits()
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder: name the pictures in it.")
        size = path.stat().st_size
        if size > limits.file_bytes:
            raise ImageError(
                f"{path} has {size:,} bytes, more than the {limits.file_bytes:,} allowed: shrink it first."
            )
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError(f"{path} does not exist: check the name.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error
    return decode(data, name=str(path), limits=limits)


def decode(data: bytes, *, name: str, limits: Limits | None = None) -> Image:
    """Decode the bytes of a picture file; `name` is used in messages only.

    Raises ImageError when the bytes are empty, no picture, truncated, too large or of an unknown sample kind.
    """
    limits = limits or Limits()
    if not data:
        raise ImageError(f"{name} is empty (0 bytes): copy the file again.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            formats = further_formats(data, name) or FORMATS
            _refuse_large(declared_size(data) or (0, 0), name, limits)
            with Pillow.open(io.BytesIO(data), formats=formats) as opened:
                _refuse_large(opened.size, name, limits)
                return _describe(opened, data, name)
        except Pillow.DecompressionBombError as error:
            raise ImageError(_too_large(name, "far more", limits)) from error
        except UnidentifiedImageError as error:
            kinds = ", ".join(FORMATS)
            raise ImageError(f"{name} is not a picture artaudit reads ({kinds}): convert it first.") from error
        except (OSError, SyntaxError, ValueError, struct.error, EOFError, IndexError, RuntimeError) as error:
            raise ImageError(f"{name} is damaged or truncated ({error}): copy the file again.") from error


def _too_large(name: str, amount: str, limits: Limits) -> str:
    return f"{name} has {amount} pixels, more than the {limits.pixels:,} allowed: scale it down first."


def _refuse_large(sides: tuple[int, int], name: str, limits: Limits) -> None:
    width, height = sides
    if width * height > limits.pixels:
        raise ImageError(_too_large(name, f"{width:,} x {height:,}", limits))


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
    order = [2, 1, 0, 3] if array.shape[2] == 4 else [2, 1, 0]  # noqa: PLR2004 - OpenCV's order is BGR(A)
    return np.ascontiguousarray(array[..., order], dtype=np.uint16)


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
        except (OSError, ImageCms.PyCMSError):
            seen = None
        if seen is not None:
            return seen
    return opened.convert("RGB")
