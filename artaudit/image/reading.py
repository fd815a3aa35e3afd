"""The one way in which picture files are read, with limits, as the files are not trusted."""

from __future__ import annotations

from pathlib import Path

from artaudit.errors import ImageError, UsageError
from artaudit.image import decoding, isolation, parcels
from artaudit.image.bounds import Limits
from artaudit.image.picture import Image


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
    except PermissionError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): check its permissions.") from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "that is no name of a file"
        raise UsageError(f"{path} cannot be read ({why}): see whether its disk can be read.") from error
    return decode(data, name=str(path), limits=limits)


def decode(data: bytes, *, name: str, limits: Limits | None = None) -> Image:
    """Decode the bytes of a picture file; `name` is used in messages only.

    The command `audit` decodes in a process of its own, which cannot take more time or memory than `limits` say; a
    program that calls this decodes in its own process, unless it says otherwise (`artaudit.image.isolation`). Raises
    ImageError when the bytes are empty, no picture, truncated, too large or of an unknown sample kind.
    """
    limits = limits or Limits()
    if not isolation.wanted():
        return decoding.decoded(data, name, limits)
    plain, parts = isolation.call("artaudit.image.parcels:packed", data, name, limits)
    return parcels.unpacked(plain, parts, data, name)
