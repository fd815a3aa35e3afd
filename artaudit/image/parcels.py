"""A picture on its way from the process that decoded it: plain values and parts, which are checked on arrival.

Nothing is unpickled: what the other process decoded may have taken it over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import UInt

from artaudit.errors import ImageError
from artaudit.image.bounds import Limits
from artaudit.image.decoding import decoded
from artaudit.image.picture import Image

_BLOCKS = ("icc", "exif", "xmp")
_PLAIN = ("format", "orientation", "lossless", "frames", "read_only")
_DEPTHS = {"uint8": np.uint8, "uint16": np.uint16}
_CHANNELS = range(1, 5)


def packed(data: bytes, name: str, limits: Limits) -> tuple[dict[str, Any], list[Any]]:
    """Decode a picture file and return what is known of it: plain values, then its metadata blocks and samples."""
    image = decoded(data, name, limits)
    blocks = {block: getattr(image, block) for block in _BLOCKS if getattr(image, block) is not None}
    plain = {field: getattr(image, field) for field in _PLAIN}
    about = {
        "notes": image.notes,
        "blocks": list(blocks),
        "shape": image.stored.shape,
        "depth": str(image.stored.dtype),
    }
    return plain | about, [*blocks.values(), np.ascontiguousarray(image.stored)]


def unpacked(plain: Mapping[str, Any], parts: Sequence[bytearray], data: bytes, name: str) -> Image:
    """Return the picture of a parcel; raises ImageError for one that no decoder of ours packs."""
    try:
        *blocks, samples = parts
        named = {block: bytes(body) for block, body in zip(plain["blocks"], blocks, strict=True) if block in _BLOCKS}
        return Image(
            name=name,
            data=data,
            format=str(plain["format"]),
            stored=_samples(samples, plain["depth"], *map(int, plain["shape"])),
            orientation=int(plain["orientation"]),
            lossless=bool(plain["lossless"]),
            frames=int(plain["frames"]),
            read_only=str(plain["read_only"]),
            notes=tuple(map(str, plain["notes"])),
            **named,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ImageError(f"{name} was decoded to something that is no picture: it is not to be trusted.") from error


def _samples(
    part: bytearray, depth: str, rows: int, columns: int, channels: int
) -> UInt[np.ndarray, "rows columns channels"]:
    if channels not in _CHANNELS:
        raise ValueError("no picture has so many channels")
    samples: UInt[np.ndarray, "rows columns channels"] = np.frombuffer(part, _DEPTHS[depth]).reshape(
        rows, columns, channels
    )
    return samples
