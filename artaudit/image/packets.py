"""Puts an XMP packet into the bytes of a picture file; no sample and nothing else in the file is touched.

Where packets lie: XMP specification part 3, https://github.com/adobe/xmp-docs, and for WebP
https://developers.google.com/speed/webp/docs/riff_container.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from artaudit.errors import ImageError
from artaudit.image.picture import Image

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_XMP = b"XML:com.adobe.xmp\0"
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_JPEG_EXIF = b"Exif\0\0"
_JPEG_ROOM = 0xFFFF - 2
_SCAN = 0xDA
_WEBP_XMP, _WEBP_ALPHA = 0x04, 0x10
_TIFF_XMP, _TIFF_BYTE = 700, 1


def with_packet(image: Image) -> bytes:
    """Return the file of a picture with the packet `image.xmp` in the place of any that was there.

    Raises ImageError for a kind of file, or a file, that a packet cannot be put into.
    """
    if image.xmp is None:
        return image.data
    writers = {"PNG": _png, "JPEG": _jpeg, "MPO": _jpeg, "WEBP": _webp, "TIFF": _tiff}
    if image.format not in writers:
        raise ImageError(f"{image.name} is a {image.format}, which no packet is written into: convert it to PNG first.")
    try:
        return writers[image.format](image, image.xmp)
    except (struct.error, IndexError, OverflowError) as error:
        raise ImageError(f"{image.name} is not laid out as its kind should be: save it anew first.") from error


def _png(image: Image, xmp: bytes) -> bytes:
    """Put the packet behind the header and leave out older packets."""
    parts = [_PNG]
    position = len(_PNG)
    while position < len(image.data):
        length, kind = struct.unpack_from(">I4s", image.data, position)
        end = position + 12 + length
        if not (kind == b"iTXt" and image.data[position + 8 :].startswith(_PNG_XMP)):
            parts.append(image.data[position:end])
        position = end
    body = b"iTXt" + _PNG_XMP + b"\0\0\0\0" + xmp
    fresh = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return b"".join([*parts[:2], fresh, *parts[2:]])


def _jpeg(image: Image, xmp: bytes) -> bytes:
    """Put the packet behind the segments that must come first: those of JFIF and EXIF."""
    body = _JPEG_XMP + xmp
    if len(body) > _JPEG_ROOM:
        raise ImageError(f"{image.name} carries a packet that is too long to be extended: remove it first.")
    fresh = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    segments, rest = [image.data[:2]], 2
    at = 1
    for start, end in _segments(image.data):
        segment = image.data[start:end]
        if segment[1:2] == b"\xe1" and segment[4:].startswith(_JPEG_XMP):
            rest = end
            continue
        segments.append(segment)
        if segment[1:2] == b"\xe0" or segment[4:].startswith(_JPEG_EXIF):
            at = len(segments)
        rest = end
    return b"".join([*segments[:at], fresh, *segments[at:], image.data[rest:]])


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each segment before the first scan."""
    position = 2
    while data[position] == 0xFF and data[position + 1] != _SCAN:  # noqa: PLR2004 - begins every marker
        if data[position + 1] == 0xFF:  # noqa: PLR2004 - a fill byte
            yield position, position + 1
            position += 1
            continue
        (length,) = struct.unpack_from(">H", data, position + 2)
        yield position, position + 2 + length
        position += 2 + length


def _webp(image: Image, xmp: bytes) -> bytes:
    """Append the packet as the last chunk and set its flag in the extended header, which is added if missing."""
    (size,) = struct.unpack_from("<I", image.data, 4)
    chunks, position = [], 12
    while position + 8 <= min(8 + size, len(image.data)):
        kind, length = struct.unpack_from("<4sI", image.data, position)
        chunks.append((kind, image.data[position + 8 : position + 8 + length]))
        position += 8 + length + length % 2
    chunks = [chunk for chunk in chunks if chunk[0] != b"XMP "]
    if chunks[0][0] != b"VP8X":
        rows, columns = image.stored.shape[:2]
        sides = struct.pack("<I", columns - 1)[:3] + struct.pack("<I", rows - 1)[:3]
        flags = _WEBP_ALPHA if image.alpha is not None else 0
        chunks.insert(0, (b"VP8X", bytes([flags, 0, 0, 0]) + sides))
    header = chunks[0][1]
    chunks[0] = (b"VP8X", bytes([header[0] | _WEBP_XMP]) + header[1:])
    chunks.append((b"XMP ", xmp))
    body = b"".join(kind + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for kind, part in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _tiff(image: Image, xmp: bytes) -> bytes:
    """Append the packet and a first directory that names it; the old directory stays where it was, unused."""
    order = {b"II": "<", b"MM": ">"}[image.data[:2]] if image.data[:2] in (b"II", b"MM") else "<"
    magic, first = struct.unpack_from(f"{order}HI", image.data, 2)
    if magic != 42:  # noqa: PLR2004 - that of every TIFF but a BigTIFF
        raise ImageError(f"{image.name} is a BigTIFF, which no packet is written into: convert it to PNG first.")
    (count,) = struct.unpack_from(f"{order}H", image.data, first)
    entries = [image.data[first + 2 + 12 * at :][:12] for at in range(count)]
    after = image.data[first + 2 + 12 * count :][:4]
    data = image.data + b"\0" * (len(image.data) % 2)
    place = len(data)
    data += xmp + b"\0" * (len(xmp) % 2)
    named = {struct.unpack_from(f"{order}H", entry)[0]: entry for entry in entries}
    named[_TIFF_XMP] = struct.pack(f"{order}HHII", _TIFF_XMP, _TIFF_BYTE, len(xmp), place)
    directory = struct.pack(f"{order}H", len(named)) + b"".join(named[tag] for tag in sorted(named)) + after
    return data[:4] + struct.pack(f"{order}I", len(data)) + data[8:] + directory
