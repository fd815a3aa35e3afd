"""Text hidden in the lowest bits of a picture's samples, as NovelAI and an extension of AUTOMATIC1111 write it.

The bits run down the columns, left to right: one per pixel in the alpha channel, or three in red, green and
blue. A signature of 15 bytes comes first, then the length in bits (32 bits, big-endian), then the text, gzipped if the
signature ends in "comp" (https://github.com/NovelAI/novelai-image-metadata).
"""

from __future__ import annotations

import json

import numpy as np
from jaxtyping import UInt

from artaudit.provenance.fields.claims import Fields, gather
from artaudit.provenance.fields.exif import decoded
from artaudit.provenance.fields.limits import TEXT_BYTES, inflate, parse_object

_SIGNATURES = {
    b"stealth_pnginfo": ("opacity", False),
    b"stealth_pngcomp": ("opacity", True),
    b"stealth_rgbinfo": ("colour", False),
    b"stealth_rgbcomp": ("colour", True),
}
_HEADER = 15 + 4


def stealth_fields(stored: UInt[np.ndarray, "rows columns channels"]) -> Fields | None:
    """Return the texts hidden in the samples as the file stores them, None without a signature."""
    if stored.dtype != np.uint8:
        return None
    channels = stored.shape[2]
    planes = {"opacity": stored[..., -1:]} if channels in (2, 4) else {}
    planes |= {"colour": stored[..., :3]} if channels in (3, 4) else {}
    for kind, plane in planes.items():
        header = _bytes(plane, 0, _HEADER)
        where, packed = _SIGNATURES.get(header[:15], ("", False))
        if where == kind and len(header) == _HEADER:
            return _hidden(plane, f"hidden in the lowest bits of the {kind}", header, packed=packed)
    return None


def _hidden(plane: UInt[np.ndarray, "rows columns channels"], place: str, header: bytes, *, packed: bool) -> Fields:
    length = int.from_bytes(header[15:]) // 8
    data = _bytes(plane, _HEADER, min(length, TEXT_BYTES))
    problem = "is cut off" if len(data) < length else ""
    if packed:
        data, problem = inflate(data, gzip=True)
    return gather(place, _named(decoded(data)), [f"the text {place} {problem}"] if problem else [])


def _named(text: str) -> list[tuple[str, str]]:
    """Return the entries of a JSON object as texts; any other text is "parameters", as AUTOMATIC1111 writes it."""
    try:
        hidden = parse_object(text)
    except ValueError:
        return [("parameters", text)]
    return [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in hidden.items()]


def _bytes(plane: UInt[np.ndarray, "rows columns channels"], start: int, length: int) -> bytes:
    """Return `length` bytes after the first `start`, fewer at the picture's end; only the columns needed are read."""
    rows, _, channels = plane.shape
    columns = -(-(start + length) * 8 // (rows * channels))
    bits = plane[:, :columns].swapaxes(0, 1).ravel() & 1
    return np.packbits(bits[start * 8 : (start + length) * 8]).tobytes() if bits.size >= start * 8 else b""
