"""The texts a picture file carries beside its pixels, read from the original bytes with limits.

PNG chunks after https://www.w3.org/TR/png-3/; EXIF after CIPA DC-008; the "stealth" text in the lowest bit of
alpha after the layout NovelAI published, https://github.com/NovelAI/novelai-image-metadata.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image as Pillow

from artaudit.image import Image

MOST_TEXT = 4 << 20
"""Bytes of one text after unpacking; longer ones are cut."""

MOST_CHUNKS = 10_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_EXIF_TEXTS = {0x010E: "ImageDescription", 0x010F: "Make", 0x0110: "Model", 0x0131: "Software", 0x013B: "Artist"}
_USER_COMMENT, _EXIF_IFD = 0x9286, 0x8769


def texts(image: Image) -> dict[str, str]:
    """Return all texts of a file by their names; EXIF ones are called "exif:NAME", hidden ones "stealth"."""
    found: dict[str, str] = {}
    if image.data.startswith(_SIGNATURE):
        for name, text in _png_texts(image.data):
            found.setdefault(name, text)
    for name, text in _exif_texts(image.exif):
        found.setdefault(name, text)
    hidden = _stealth(image)
    return found | ({"stealth": hidden} if hidden else {})


def _png_texts(data: bytes) -> Iterator[tuple[str, str]]:
    position = len(_SIGNATURE)
    for _ in range(MOST_CHUNKS):
        if position + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8 : position + 8 + length]
        position += 12 + length
        if kind in (b"tEXt", b"zTXt", b"iTXt") and b"\0" in body:
            name, rest = body.split(b"\0", 1)
            yield name.decode("latin-1"), _chunk_text(kind, rest)


def _chunk_text(kind: bytes, rest: bytes) -> str:
    if kind == b"tEXt":
        raw = rest[:MOST_TEXT]
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode("latin-1")
    if kind == b"zTXt":
        return _inflate(rest[1:]).decode("latin-1")
    packed, parts = rest[:1] == b"\1", rest[2:].split(b"\0", 2)
    raw = parts[-1]
    return (_inflate(raw) if packed else raw[:MOST_TEXT]).decode("utf-8", "replace")


def _inflate(packed: bytes) -> bytes:
    """Unpack at most `MOST_TEXT` bytes; what is damaged yields what came before the damage."""
    unpacker = zlib.decompressobj()
    try:
        return unpacker.decompress(packed, MOST_TEXT)
    except zlib.error:
        return b""


def _exif_texts(exif: bytes | None) -> Iterator[tuple[str, str]]:
    if not exif:
        return
    tags = Pillow.Exif()
    try:
        tags.load(exif)
        nested = dict(tags.get_ifd(_EXIF_IFD))
        plain = {tag: tags.get(tag) for tag in _EXIF_TEXTS}
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, struct.error, RecursionError):
        return
    for tag, name in _EXIF_TEXTS.items():
        if isinstance(plain[tag], str) and plain[tag]:
            yield f"exif:{name}", str(plain[tag])[:MOST_TEXT]
    comment = nested.get(_USER_COMMENT)
    if isinstance(comment, bytes):
        yield "exif:UserComment", _user_comment(comment[:MOST_TEXT])
    elif isinstance(comment, str):
        yield "exif:UserComment", comment[:MOST_TEXT]


def _user_comment(raw: bytes) -> str:
    """Decode the eight-byte code and what follows; writers disagree about the byte order, so the sparser one wins."""
    code, body = raw[:8], raw[8:]
    if code.startswith(b"UNICODE"):
        order = "utf-16-be" if body[::2].count(0) >= body[1::2].count(0) else "utf-16-le"
        return body.decode(order, "replace").rstrip("\0")
    return (body if code in (b"ASCII\0\0\0", b"\0" * 8) else raw).decode("utf-8", "replace").rstrip("\0")


def _stealth(image: Image) -> str:
    """Read the text hidden in the lowest bit of alpha, column by column."""
    if image.stored.shape[2] != 4 or image.stored.dtype != np.uint8:  # noqa: PLR2004 - RGBA
        return ""
    bits = (image.stored[..., 3].T & 1).reshape(-1)
    magic = np.packbits(bits[:120]).tobytes()
    if magic not in (b"stealth_pngcomp", b"stealth_pnginfo"):
        return ""
    length = int.from_bytes(np.packbits(bits[120:152]).tobytes())
    body = np.packbits(bits[152 : 152 + min(length, 8 * MOST_TEXT)]).tobytes()
    if magic.endswith(b"comp"):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
                body = packed.read(MOST_TEXT)
        except (OSError, EOFError, zlib.error):
            return ""
    return body.decode("utf-8", "replace")
