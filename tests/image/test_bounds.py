"""Files that hold more of something than any picture needs are refused by name, before anything is decoded."""

import io
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.errors import ImageError
from artaudit.image import Limits, decode
from artaudit.image.bounds import ensure_bounded

SMALL = Pillow.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3))


def saved(kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    SMALL.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(*further: bytes, size: tuple[int, int] = (4, 4)) -> bytes:
    head = struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes((size[0] * 3 + 1) * min(size[1], 100)))
    return b"\x89PNG\r\n\x1a\n" + b"".join([chunk(b"IHDR", head), *further, chunk(b"IDAT", pixels), chunk(b"IEND")])


def many_texts() -> bytes:
    return png_of(chunk(b"tEXt", b"Comment\0a") * 1_000_000)


def many_empty_pieces() -> bytes:
    return png_of(chunk(b"IDAT") * 1_000_000)


def many_segments() -> bytes:
    plain = saved("JPEG")
    return plain[:2] + b"\xff\xfe\0\x03a" * 500_000 + plain[2:]


def many_scans() -> bytes:
    plain = saved("JPEG", progressive=True)
    start = plain.index(b"\xff\xda")
    return plain[:-2] + plain[start:-2] * 1000 + plain[-2:]


def many_frames() -> bytes:
    frame = b"\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0"
    return b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + frame * 1_000_000 + b";"


def many_extensions() -> bytes:
    return b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff" + b"\x21\xfe\0" * 1_000_000 + b";"


def many_directories() -> bytes:
    """Return a TIFF whose first page is sound and followed by 100,000 empty ones."""
    data = bytearray(saved("TIFF"))
    order = "<" if data[:2] == b"II" else ">"
    (first,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, first)
    struct.pack_into(order + "I", data, first + 2 + 12 * count, len(data))
    for _ in range(100_000):
        data += struct.pack(order + "HI", 0, len(data) + 6)
    return bytes(data)


def overlapping_values() -> bytes:
    """Return a TIFF whose entries all name the same large value, which a reader would copy once for each."""
    data = saved("TIFF") + bytes(4_000_000)
    order = "<" if data[:2] == b"II" else ">"
    entries = b"".join(struct.pack(order + "HHII", 40_000 + n, 1, 3_900_000, 8) for n in range(400))
    return (
        data[:4] + struct.pack(order + "I", len(data)) + data[8:] + struct.pack(order + "H", 400) + entries + bytes(4)
    )


def many_boxes() -> bytes:
    return saved("AVIF") + struct.pack(">I4s", 8, b"free") * 1_000_000


def much_description() -> bytes:
    return png_of(chunk(b"prVt", bytes(70 * 1024**2)))


CRAFTED = (
    many_texts,
    many_empty_pieces,
    many_segments,
    many_scans,
    many_frames,
    many_extensions,
    many_directories,
    overlapping_values,
    many_boxes,
    much_description,
)


@pytest.mark.parametrize("make", CRAFTED)
def test_too_much_of_anything_is_refused_by_name_and_at_once(make):
    data = make()
    started = time.process_time()
    with pytest.raises(ImageError, match=r"^odd has more than [\d,]+ [a-z ]+, which no picture needs") as caught:
        decode(data, name="odd")
    assert time.process_time() - started < 20  # promised; without bounds most of these take minutes
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [(30_000, 30_000), (50_000_000, 2), (2, 50_000_000)])
def test_both_sides_and_the_area_are_bounded(size):
    with pytest.raises(ImageError, match="pixels"):
        decode(png_of(size=size), name="odd")


def test_the_bound_along_a_side_is_the_callers():
    with pytest.raises(ImageError, match="along a side"):
        decode(saved("PNG"), name="odd", limits=Limits(side=3))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "AVIF"])
def test_honest_files_are_within_bounds_even_cut_off(kind):
    data = saved(kind)
    for end in range(0, len(data) + 1, 7):
        ensure_bounded(data[:end], "honest")
    ensure_bounded(data, "honest")


def test_animations_and_many_pages_are_within_bounds():
    shades = [Pillow.new("L", (4, 4), n % 256) for n in range(300)]
    for kind in ("GIF", "PNG", "WEBP", "TIFF"):
        buffer = io.BytesIO()
        shades[0].save(buffer, kind, save_all=True, append_images=shades[1:])
        assert decode(buffer.getvalue(), name="many").frames > 50


def test_a_circle_of_directories_ends():
    data = bytearray(saved("TIFF"))
    order = "<" if data[:2] == b"II" else ">"
    (first,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, first)
    struct.pack_into(order + "I", data, first + 2 + 12 * count, first)
    ensure_bounded(bytes(data), "odd")
