"""The texts of IPTC-IIM (https://www.iptc.org/std/IIM/4.2/), as Photoshop's blocks in JPEG files hold them."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from artaudit.provenance.fields.exif import decoded

PHOTOSHOP = b"Photoshop 3.0\0"
"""The first bytes of such a segment."""

_IIM = 0x0404
_NAMES = {65: "OriginatingProgram", 80: "By-line", 110: "Credit", 120: "Caption"}
_ENTRIES = 1000


def iptc_texts(segment: bytes) -> list[tuple[str, str]]:
    """Return the (name, text) pairs of a segment, for the records known here; truncated ones are left out."""
    blocks = _blocks(segment.removeprefix(PHOTOSHOP))
    return [pair for kind, body in blocks if kind == _IIM for pair in _records(body)]


def _blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (kind, body) of Photoshop's blocks: "8BIM", kind, a name and a body, both padded to an even length."""
    position = 0
    for _ in range(_ENTRIES):
        if data[position : position + 4] != b"8BIM" or position + 7 > len(data):
            return
        kind, name = struct.unpack_from(">HB", data, position + 4)
        position += 6 + name + 1 + (name + 1) % 2
        length = int.from_bytes(data[position : position + 4])
        yield kind, data[position + 4 : position + 4 + length]
        position += 4 + length + length % 2


def _records(data: bytes) -> Iterator[tuple[str, str]]:
    position = 0
    for _ in range(_ENTRIES):
        if position + 5 > len(data) or data[position] != 0x1C:  # noqa: PLR2004 - the marker of a record
            return
        record, kind, length = struct.unpack_from(">BBH", data, position + 1)
        if record == 2 and kind in _NAMES:  # noqa: PLR2004 - the application's records
            yield _NAMES[kind], decoded(data[position + 5 : position + 5 + length])
        position += 5 + length
