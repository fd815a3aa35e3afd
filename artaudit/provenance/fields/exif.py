"""The texts of an EXIF block (https://www.cipa.jp/std/documents/download_e.html?DC-008), read without trusting it."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from artaudit.provenance.fields.limits import TEXT_BYTES

_NAMES = {
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x013B: "Artist",
    0x927C: "MakerNote",
    0x9286: "UserComment",
    0x9C9C: "XPComment",
}
_EXIF_FOLDER = 0x8769
_XMP = 0x02BC
_TEXT_KINDS = (1, 2, 7, 129)
_ENTRIES = 1000


def exif_texts(data: bytes) -> list[tuple[str, str]]:
    """Return the (name, text) pairs, for the tags known here, of an EXIF block or a whole TIFF file.

    Raises ValueError when it is no EXIF; values that point outside are left out. Many entries may point to the same
    large value and fill the memory, so reading stops after one pair more than there are names.
    """
    data = data.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None or len(data) < 8:  # noqa: PLR2004 - the header's length
        raise ValueError("it has no EXIF header")
    pairs = []
    folders = list(struct.unpack_from(order + "I", data, 4))
    for start in folders:
        for tag, kind, count, offset in _entries(data, order, start):
            if tag == _EXIF_FOLDER and len(folders) == 1:
                folders.extend(struct.unpack_from(order + "I", data, offset))
            elif tag in _NAMES and kind in _TEXT_KINDS:
                place = _place(data, order, count, offset)
                pairs.append((_NAMES[tag], _text(tag, data[place : place + min(count, TEXT_BYTES)], order)))
                if len(pairs) > len(_NAMES):
                    return pairs
    return pairs


def tiff_xmp(data: bytes) -> bytes:
    """Return the XMP packet of a whole TIFF file, empty when none is found."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None or len(data) < 8:  # noqa: PLR2004 - the header's length
        return b""
    (start,) = struct.unpack_from(order + "I", data, 4)
    for tag, kind, count, offset in _entries(data, order, start):
        if tag == _XMP and kind in _TEXT_KINDS:
            place = _place(data, order, count, offset)
            return data[place : place + min(count, TEXT_BYTES)]
    return b""


def _entries(data: bytes, order: str, start: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (tag, kind, count, offset of the four value bytes) of each entry of the image file directory at `start`."""
    if start + 2 > len(data):
        return
    (number,) = struct.unpack_from(order + "H", data, start)
    for offset in range(start + 2, start + 2 + 12 * min(number, _ENTRIES), 12):
        if offset + 12 > len(data):
            return
        yield *struct.unpack_from(order + "HHI", data, offset), offset + 8


def _place(data: bytes, order: str, count: int, offset: int) -> int:
    """Return the offset of a value of `count` bytes: in the entry itself if it fits into four bytes."""
    if count <= 4:  # noqa: PLR2004 - the entry's own room
        return offset
    return int(struct.unpack_from(order + "I", data, offset)[0])


def _text(tag: int, value: bytes, order: str) -> str:
    name = _NAMES[tag]
    if name == "XPComment":
        return value.decode("utf-16-le", errors="replace").rstrip("\0")
    if name == "UserComment" and value[:8] == b"UNICODE\0":
        return _utf16(value[8:], order)
    if name == "UserComment" and value[:8] in (b"ASCII\0\0\0", bytes(8), b"JIS\0\0\0\0\0"):
        value = value[8:]
    return decoded(value).rstrip("\0")


def decoded(value: bytes) -> str:
    """Decode bytes as UTF-8 if possible, else as Latin-1, which any bytes are."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _utf16(value: bytes, order: str) -> str:
    """Decode UTF-16 in the byte order that gives more Latin characters, as writers disagree on the byte order."""
    orders = sorted({"<", ">"}, key=lambda tried: (-value[1 if tried == "<" else 0 :: 2].count(0), tried != order))
    codec = "utf-16-le" if orders[0] == "<" else "utf-16-be"
    return value.decode(codec, errors="replace").removeprefix("\ufeff").rstrip("\0")
