"""Finds texts in picture files: PNG chunks, JPEG segments, WebP chunks, EXIF and XMP of any file, IPTC-IIM.

PNG: https://www.w3.org/TR/png-3/ . WebP: https://developers.google.com/speed/webp/docs/riff_container .
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from artaudit.image import Image
from artaudit.provenance.fields.claims import Fields, gather
from artaudit.provenance.fields.exif import decoded, exif_texts, tiff_xmp
from artaudit.provenance.fields.iptc import PHOTOSHOP, iptc_texts
from artaudit.provenance.fields.limits import TEXT_BYTES, inflate
from artaudit.provenance.fields.stealth import stealth_fields
from artaudit.provenance.fields.xmp import xmp_texts

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_JPEG_APPLICATIONS = range(0xE1, 0xF0)
_PNG_XMP = "XML:com.adobe.xmp"
_PARTS = 500_000
_ALL_BYTES = 16 * 1024**2
_TOO_MANY = f"the file has more than {_PARTS:,} parts, and the rest was not read"
_LEAST_BYTES = 1024
"""Least number of bytes that any text counts for, which bounds the number of texts."""


@dataclass(slots=True)
class _Content:
    """The texts and metadata blocks of a file, in the order of the file; `budget` is what may still be read."""

    texts: list[tuple[str, str]] = field(default_factory=list)
    exif: list[bytes] = field(default_factory=list)
    xmp: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    budget: int = _ALL_BYTES

    def take(self, name: str, text: bytes, decode: Callable[[bytes], str] = decoded) -> None:
        """Keep a text while the budget allows it."""
        if len(text) > TEXT_BYTES:
            self.notes.append(f"{name!a} is longer than {TEXT_BYTES:,} bytes and was cut there")
        text = text[:TEXT_BYTES]
        if name == _PNG_XMP:
            self.keep(self.xmp, text)
        elif self._has_room(text):
            self.texts.append((name, decode(text)))

    def keep(self, blocks: list[bytes], body: bytes) -> None:
        """Keep a block of EXIF, XMP or IPTC while the budget allows it."""
        if self._has_room(body):
            blocks.append(body)

    def _has_room(self, body: bytes) -> bool:
        self.budget -= max(len(body), _LEAST_BYTES)
        if self.budget < 0:
            self.notes.append(
                f"the file holds more text than is read ({_ALL_BYTES:,} bytes), and the rest was not read"
            )
        return self.budget >= 0


def all_fields(image: Image) -> list[Fields]:
    """Return the texts in a picture file by place, from the file's bytes and from its samples.

    Never raises: what cannot be read is noted.
    """
    place, content = _walk(image)
    stealth = stealth_fields(image.stored)
    by_place = [
        gather(place, content.texts, content.notes),
        _parsed("EXIF", content.exif or [image.exif or b""], exif_texts),
        _parsed("XMP", content.xmp or [image.xmp or b""], xmp_texts),
        _parsed("IPTC", content.iptc, iptc_texts),
        *([stealth] if stealth else []),
    ]
    return [fields for fields in by_place if fields.texts or fields.notes]


def _walk(image: Image) -> tuple[str, _Content]:
    data = image.data
    if data.startswith(_PNG):
        return "PNG text", _walk_png(data)
    if data.startswith(b"\xff\xd8"):
        return "JPEG text", _walk_jpeg(data)
    if data.startswith(b"RIFF"):
        return "WebP text", _walk_webp(data)
    if image.format == "TIFF":
        return "TIFF text", _Content(exif=[data], xmp=[tiff_xmp(data)])
    return f"{image.format} text", _Content()


def _parsed(place: str, blocks: list[bytes], parse: Callable[[bytes], list[tuple[str, str]]]) -> Fields:
    """Parse the blocks of one kind, each on its own, so that a broken one does not affect the others."""
    pairs: list[tuple[str, str]] = []
    notes = []
    for block in filter(None, blocks):
        try:
            pairs += parse(block)
        except (ValueError, struct.error):
            notes.append(f"the {place} block cannot be read")
    return gather(place, pairs, notes)


def _walk_png(data: bytes) -> _Content:
    content = _Content()
    readers = {b"tEXt": _plain_text, b"zTXt": _packed_text, b"iTXt": _international_text}
    for number, (kind, body, whole) in enumerate(islice(_png_chunks(data), _PARTS + 1)):
        if number == _PARTS:
            content.notes.append(_TOO_MANY)
        elif kind in readers:
            readers[kind](body, content)
        elif kind == b"eXIf":
            content.keep(content.exif, body)
        if not whole and (kind in readers or kind == b"eXIf"):
            content.notes.append(f"the PNG chunk {kind.decode()} is cut off")
    return content


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """Yield (kind, body, whether it is whole) of each chunk; pixel data is skipped."""
    position = len(_PNG)
    kind = b""
    while position + 8 <= len(data) and kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, position)
        body = b"" if kind == b"IDAT" else data[position + 8 : position + 8 + length]
        yield kind, body, len(body) == length
        position += 12 + length


def _plain_text(body: bytes, content: _Content) -> None:
    name, _, text = body.partition(b"\0")
    content.take(decoded(name[:80]), text)


def _packed_text(body: bytes, content: _Content) -> None:
    name, _, text = body.partition(b"\0")
    _unpack(name, text[1:], content)


def _international_text(body: bytes, content: _Content) -> None:
    name, _, rest = body.partition(b"\0")
    text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    if rest[:1] == b"\1":
        _unpack(name, text, content)
    else:
        content.take(decoded(name[:80]), text)


def _unpack(name: bytes, packed: bytes, content: _Content) -> None:
    if content.budget < 0:
        return
    text, problem = inflate(packed)
    if problem:
        content.notes.append(f"PNG text {decoded(name[:80])!a} {problem}")
    content.take(decoded(name[:80]), text)


def _walk_jpeg(data: bytes) -> _Content:
    content = _Content()
    position = 2
    for _ in range(_PARTS):
        if data[position : position + 1] != b"\xff" or data[position + 1 : position + 2] in (b"", b"\xda"):
            break
        marker = data[position + 1]
        length = int.from_bytes(data[position + 2 : position + 4])
        body = data[position + 4 : position + 2 + length]
        _take_segment(marker, body, content)
        position += 1 if marker == 0xFF else 2 + max(2, length)  # noqa: PLR2004 - fill bytes
    else:
        content.notes.append(_TOO_MANY)
    return content


def _take_segment(marker: int, body: bytes, content: _Content) -> None:
    if marker == 0xFE:  # noqa: PLR2004 - COM
        content.take("Comment", body)
    elif marker not in _JPEG_APPLICATIONS:
        return
    elif body.startswith(b"Exif\0\0"):
        content.keep(content.exif, body)
    elif body.startswith(_JPEG_XMP):
        content.keep(content.xmp, body.removeprefix(_JPEG_XMP))
    elif body.startswith(PHOTOSHOP):
        content.keep(content.iptc, body)
    elif body.startswith(b"AIGC{"):
        content.take("AIGC", body.removeprefix(b"AIGC"))


def _walk_webp(data: bytes) -> _Content:
    content = _Content()
    position = 12
    for _ in range(_PARTS):
        if position + 8 > len(data):
            break
        kind, length = struct.unpack_from("<4sI", data, position)
        if kind in (b"EXIF", b"XMP "):
            body = data[position + 8 : position + 8 + length]
            content.keep(content.exif if kind == b"EXIF" else content.xmp, body)
        position += 8 + length + length % 2
    else:
        content.notes.append(_TOO_MANY)
    return content
