"""Writing a picture back as the kind of file it was, everything but its colour samples kept."""

from __future__ import annotations

import io
import os
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import UInt
from PIL import Image as Pillow

from artaudit.errors import ArtauditError, ImageError, UsageError
from artaudit.image.picture import Image, turn_back

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = (b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP", b"eXIf", b"pHYs", b"tEXt", b"zTXt", b"iTXt", b"tIME")
_PNG_XMP = b"XML:com.adobe.xmp\0"
_JPEG_QUALITY = 95


def encode(image: Image, colours: UInt[np.ndarray, "height width colours"], *, quality: int | None = None) -> bytes:
    """Return the bytes of a file like `image` with other colour samples.

    `colours` are upright samples of the depth and channel count of `image.samples`. Alpha, ICC profile, EXIF,
    XMP, orientation and bit depth stay. PNG, TIFF and BMP are written without loss, a JPEG with `quality` (1 to 100,
    None for 95) and unreduced colour, a WebP with `quality` or, for None, without loss. Raises ImageError when this
    kind of file cannot be written back.
    """
    if image.read_only:
        raise ImageError(f"{image.name} cannot be rewritten: {image.read_only}; convert it to PNG first.")
    stored = turn_back(colours, image.orientation)
    if image.alpha is not None:
        stored = np.concatenate([stored, image.stored[..., -1:]], axis=2)
    writers = {"PNG": _png, "JPEG": _jpeg, "WEBP": _webp, "TIFF": _tiff, "BMP": _bmp}
    return writers[image.format](image, np.ascontiguousarray(stored.astype(image.stored.dtype)), quality)


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` beside `path`, flush it to the disk, then rename: `path` is whole or untouched.

    Raises ImageError when the folder cannot be written.
    """
    beside = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            beside = Path(file.name)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(0o666 & ~_umask())
        beside.replace(path)
    except OSError as error:
        raise ImageError(f"{path} cannot be written ({error.strerror}): choose another place with -o.") from error
    finally:
        if beside is not None:
            beside.unlink(missing_ok=True)
    _flush_folder(path.parent)


def ensure_new(path: Path, instead: str = "choose another name", kind: type[ArtauditError] = UsageError) -> None:
    """Raise an error of `kind`, which says what to do `instead`, where anything lies at `path` already."""
    if path.exists() or path.is_symlink():
        raise kind(f"{path} exists and nothing is overwritten: {instead}.")


def ensure_writable(folder: Path) -> None:
    """Create `folder` where it is missing and raise ImageError, before any work, when it takes no file."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ImageError(f"{folder} cannot be written ({error.strerror}): choose another place with -o.") from error


def ensure_fillable(folder: Path) -> None:
    """Raise ImageError when `folder`, or for a missing one what it would be made in, takes no file; nothing is made."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(place))
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        why = "permission denied" if there.is_dir() else f"{there} is no folder"
        raise ImageError(f"{folder} cannot be written ({why}): choose another place with -o.")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pillow(stored: UInt[np.ndarray, "rows columns channels"]) -> Pillow.Image:
    return Pillow.fromarray(stored[..., 0] if stored.shape[2] == 1 else stored)


def _saved(picture: Pillow.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401 - Pillow's own options
    buffer = io.BytesIO()
    picture.save(buffer, kind, **{name: value for name, value in options.items() if value is not None})
    return buffer.getvalue()


def _png(image: Image, stored: UInt[np.ndarray, "rows columns channels"], _quality: int | None) -> bytes:
    """Encode the samples, then take over the original's descriptive chunks byte for byte."""
    if stored.dtype == np.uint16:
        order = {1: [0], 2: [0, 0, 0, 1], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[stored.shape[2]]
        done, array = cv2.imencode(".png", stored[..., order])
        if not done:
            raise ImageError(f"{image.name} cannot be encoded as a 16-bit PNG: convert it to 8 bits first.")
        fresh = array.tobytes()
    else:
        fresh = _saved(_pillow(stored), "PNG", optimize=True)
    head, *rest = [chunk for chunk in _chunks(fresh) if chunk[0] in (b"IHDR", b"IDAT", b"IEND")]
    kept = [chunk for chunk in _chunks(image.data) if chunk[0] in _PNG_KEPT]
    return _PNG_SIGNATURE + b"".join(_chunk(*chunk) for chunk in (head, *_with_xmp(kept, image.xmp), *rest))


def _with_xmp(chunks: list[tuple[bytes, bytes]], xmp: bytes | None) -> list[tuple[bytes, bytes]]:
    """Return the chunks with this XMP packet; where it is the one they hold already, byte for byte."""
    old = [chunk for chunk in chunks if chunk[0] == b"iTXt" and chunk[1].startswith(_PNG_XMP)]
    if xmp is None or any(xmp in body for _, body in old):
        return chunks
    fresh = (b"iTXt", _PNG_XMP + b"\0\0\0\0" + xmp)
    return [*(chunk for chunk in chunks if chunk not in old), fresh]


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = len(_PNG_SIGNATURE)
    while position + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        yield kind, data[position + 8 : position + 8 + length]
        position += 12 + length


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _jpeg(image: Image, stored: UInt[np.ndarray, "rows columns channels"], quality: int | None) -> bytes:
    options = {"icc_profile": image.icc, "exif": image.exif, "xmp": image.xmp}
    return _saved(
        _pillow(stored), "JPEG", quality=_JPEG_QUALITY if quality is None else quality, subsampling=0, **options
    )


def _webp(image: Image, stored: UInt[np.ndarray, "rows columns channels"], quality: int | None) -> bytes:
    options = {"icc_profile": image.icc, "exif": image.exif, "xmp": image.xmp, "quality": quality}
    return _saved(_pillow(stored), "WEBP", lossless=quality is None, exact=True, method=4, **options)


def _tiff(image: Image, stored: UInt[np.ndarray, "rows columns channels"], _quality: int | None) -> bytes:
    import tifffile  # noqa: PLC0415 - only for TIFF

    colours = stored[..., 0] if stored.shape[2] == 1 else stored
    extra = [(274, "H", 1, image.orientation, True)]
    if image.xmp:
        extra.append((700, "B", len(image.xmp), image.xmp, True))  # type: ignore[arg-type]
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        colours,
        photometric="minisblack" if stored.shape[2] < 3 else "rgb",  # noqa: PLR2004 - three channels are RGB
        extrasamples=["unassalpha"] if image.alpha is not None else None,
        compression="zlib",
        iccprofile=image.icc,
        extratags=extra,
        metadata=None,
    )
    return buffer.getvalue()


def _bmp(_image: Image, stored: UInt[np.ndarray, "rows columns channels"], _quality: int | None) -> bytes:
    return _saved(_pillow(stored), "BMP")
