"""How much of everything a picture file may hold, counted in its headers before anything is decoded.

PNG: https://www.w3.org/TR/png-3/ . GIF: https://www.w3.org/Graphics/GIF/spec-gif89a.txt . JPEG: ITU-T T.81. WebP:
https://developers.google.com/speed/webp/docs/riff_container . TIFF 6.0 and BigTIFF,
https://www.awaresystems.be/imaging/tiff/bigtiff.html . Boxes of AVIF, HEIC and JPEG XL: ISO/IEC 14496-12.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from artaudit.errors import ImageError

PARTS = 10_000
"""The most chunks, segments, boxes, frames and extensions that a file may have beside the pieces of its pixels."""
PIECES = 500_000
"""The most pieces into which the pixels of a file may be cut."""
DIRECTORIES = 1_000
"""The most directories, one a page, that a TIFF may have."""
SCANS = 200
"""The most passes in which a JPEG may be drawn; honest ones have a dozen."""
DESCRIPTION = 64 * 1024**2
"""The most bytes of PNG, JPEG, WebP and GIF files that may lie outside the pixels."""

_DESCRIPTION = f"{DESCRIPTION:,} bytes beside its pixels"
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of a value by its kind in TIFF directories."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a picture may cost: bytes of the file, pixels in all and along one side, bytes of samples, seconds, memory.

    The last two are kept where pictures are decoded in a process of their own (`artaudit.image.isolation`).
    """

    file_bytes: int = 512 * 1024**2
    pixels: int = 100_000_000
    side: int = 100_000
    samples: int = 400_000_000
    seconds: int = 15
    memory: int = 2 * 1024**3

    def refuse_large(self, sides: tuple[int, int], name: str) -> None:
        """Raise ImageError where a picture of so many columns and rows is larger than allowed."""
        width, height = sides
        if width * height > self.pixels or max(sides) > self.side:
            raise ImageError(
                f"{name} has {width:,} x {height:,} pixels, more than the {self.pixels:,}, or {self.side:,} along a "
                "side, allowed: scale it down first."
            )

    def refuse_heavy(self, size: int, name: str) -> None:
        """Raise ImageError where a picture's samples take more bytes than allowed."""
        if size > self.samples:
            raise ImageError(
                f"{name} has {size:,} bytes of samples, more than the {self.samples:,} allowed: scale it down, or save "
                "it with 8 bits a sample, first."
            )


def ensure_bounded(data: bytes, name: str) -> None:
    """Raise ImageError for a file that has more parts than an honest picture; it takes a second at most.

    A file whose headers lead nowhere is left to its decoder.
    """
    count = _counter(data)
    if count is None:
        return
    try:
        excess = count(data)
    except (struct.error, IndexError):
        return
    if excess:
        raise ImageError(f"{name} has more than {excess}, which no picture needs: save it anew first.")


def _counter(data: bytes) -> Callable[[bytes], str] | None:
    if data.startswith((b"II", b"MM")):
        return _tiff
    if data[4:8] in (b"ftyp", b"JXL "):
        return _boxes
    counters = {b"\x89PNG\r\n\x1a\n": _png, b"\xff\xd8": _jpeg, b"GIF8": _gif, b"RIFF": _webp}
    return next((count for head, count in counters.items() if data.startswith(head)), None)


def _png(data: bytes) -> str:
    position, parts, pieces, described = 8, 0, 0, 0
    while position + 8 <= len(data):
        length = int.from_bytes(data[position : position + 4])
        if data[position + 4 : position + 8] in (b"IDAT", b"fdAT"):
            pieces += 1
        else:
            parts, described = parts + 1, described + length
        if excess := _excess(parts, pieces, min(described, len(data))):
            return excess
        position += 12 + length
    return ""


def _jpeg(data: bytes) -> str:
    position, parts, scans, described = 2, 0, 0, 0
    while (found := _MARKER.search(data, position)) is not None:
        kind, position = data[found.start() + 1], found.end()
        if kind in (0x01, 0xD8):  # without a body
            continue
        if kind == 0xD9:  # noqa: PLR2004 - the end of the picture
            break
        length = int.from_bytes(data[position : position + 2])
        scans += kind == 0xDA  # noqa: PLR2004 - a scan
        parts, described = parts + 1, described + length
        if scans > SCANS:
            return f"{SCANS} passes"
        if excess := _excess(parts, 0, described):
            return excess
        position += length
    return ""


def _gif(data: bytes) -> str:
    position, parts, pieces = 13 + _palette(data[10]), 0, 0
    while position < len(data):
        kind, parts = data[position], parts + 1
        if kind == 0x21:  # noqa: PLR2004 - an extension
            position += 2
        elif kind == 0x2C:  # noqa: PLR2004 - a frame
            position += 11 + _palette(data[position + 9])
        else:
            break
        while length := data[position]:
            pieces += 1
            position += 1 + length
            if pieces > 4 * PIECES:
                return f"{4 * PIECES:,} pieces"
        position += 1
        if excess := _excess(parts, 0, 0):
            return excess
    return ""


def _palette(flags: int) -> int:
    """Return the bytes of the palette that a GIF's flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _webp(data: bytes) -> str:
    position, parts, described = 12, 0, 0
    while position + 8 <= len(data):
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        pixels = data[position : position + 4] in (b"VP8 ", b"VP8L", b"ALPH", b"ANMF")
        parts, described = parts + 1, described + (0 if pixels else length)
        if excess := _excess(parts, 0, min(described, len(data))):
            return excess
        position += 8 + length + length % 2
    return ""


def _boxes(data: bytes) -> str:
    position, parts = 0, 0
    while position + 8 <= len(data) and parts <= PARTS:
        length = int.from_bytes(data[position : position + 4])
        if length == 1:
            length = int.from_bytes(data[position + 8 : position + 16])
        if length < 8:  # noqa: PLR2004 - it reaches to the file's end, or is none
            break
        parts, position = parts + 1, position + length
    return _excess(parts, 0, 0)


def _tiff(data: bytes) -> str:
    """Count directories, and what their entries point to: in an honest file no value lies upon another."""
    order = "<" if data.startswith(b"II") else ">"
    big = struct.unpack_from(order + "H", data, 2)[0] == 43  # noqa: PLR2004 - BigTIFF
    number, head, entry, offset = ("Q", 8, 20, "Q") if big else ("H", 2, 12, "I")
    seen, described, (start,) = set[int](), 0, struct.unpack_from(order + offset, data, 8 if big else 4)
    while start and start not in seen:
        seen.add(start)
        (entries,) = struct.unpack_from(order + number, data, start)
        end = start + head + entry * entries
        for place in range(start + head, min(end, len(data) - entry), entry):
            kind, count = struct.unpack_from(f"{order}H{offset}", data, place + 2)
            described += _SIZES.get(kind, 0) * count
        if len(seen) > DIRECTORIES:
            return f"{DIRECTORIES:,} pages"
        if described > len(data) + DESCRIPTION:
            return _DESCRIPTION
        (start,) = struct.unpack_from(order + offset, data, end)
    return ""


def _excess(parts: int, pieces: int, described: int) -> str:
    """Name what there is too much of, "" for nothing."""
    if parts > PARTS:
        return f"{PARTS:,} parts"
    if pieces > PIECES:
        return f"{PIECES:,} pieces"
    return _DESCRIPTION if described > DESCRIPTION else ""
