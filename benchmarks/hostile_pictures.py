"""Pictures that are made to do harm: sound ones with bytes changed, and headers that lie, each by a seed or a name."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image as Pillow
from PIL import PngImagePlugin

Named = tuple[str, bytes]
SIDES = (0, 1, 2, 9_999, 10_000, 65_500, 100_001, 50_000_000, 2**31 - 1, 2**32 - 1)
COUNTS = (9_000, 20_000, 300_000, 1_000_000)


def sound(kind: str, mode: str = "RGB", **options: object) -> bytes:
    """Return a small picture file."""
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    buffer = io.BytesIO()
    Pillow.fromarray(noise).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def seeds() -> dict[str, bytes]:
    """Return sound files of all formats that are read, with all kinds of metadata."""
    notes = PngImagePlugin.PngInfo()
    notes.add_text("parameters", "a castle\nSteps: 20, Seed: 42", zip=True)
    notes.add_itxt("prompt", '{"1": {"class_type": "KSampler", "inputs": {"seed": 1}}}')
    exif = Pillow.Exif()
    exif[0x0112], exif[0x0131], exif[0x010E] = 6, "Midjourney", "a castle"
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'
    frames = [Pillow.new("RGB", (32, 32), (shade, 0, 0)) for shade in range(0, 250, 50)]
    animated = {}
    for kind in ("GIF", "PNG", "WEBP", "TIFF"):
        buffer = io.BytesIO()
        frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])
        animated[f"{kind} of frames"] = buffer.getvalue()
    return {
        "PNG": sound("PNG", pnginfo=notes, exif=exif),
        "PNG with a palette": sound("PNG", "P", transparency=3),
        "JPEG": sound("JPEG", exif=exif, comment=b"a castle"),
        "JPEG in passes": sound("JPEG", progressive=True, xmp=xmp),
        "JPEG in CMYK": sound("JPEG", "CMYK"),
        "WEBP": sound("WEBP", exif=exif, xmp=xmp),
        "WEBP without loss": sound("WEBP", "RGBA", lossless=True),
        "TIFF": sound("TIFF", exif=exif),
        "TIFF, packed": sound("TIFF", compression="tiff_lzw"),
        "TIFF in grey": sound("TIFF", "L", compression="tiff_deflate"),
        "GIF": sound("GIF", "P"),
        "BMP": sound("BMP"),
        "AVIF": sound("AVIF", exif=exif),
        **animated,
    }


def mutated(data: bytes, seed: int) -> bytes:
    """Return a file with a few bytes, lengths or parts changed, cut off, doubled or swapped."""
    random = np.random.default_rng(seed)
    copy = bytearray(data)
    for _ in range(int(random.integers(1, 6))):
        at, way = int(random.integers(len(copy))), int(random.integers(7))
        if way < 2:  # bits
            copy[at] ^= 1 << int(random.integers(8))
        elif way == 2:  # a byte at an end of its range
            copy[at] = int(random.choice([0, 1, 127, 128, 255]))
        elif way == 3:  # a length or an offset
            number = int(random.choice([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(data), 65_535]))
            copy[at : at + 4] = struct.pack(str(random.choice(["<I", ">I"])), number)
        elif way == 4 and len(copy) > 40:
            del copy[at : at + int(random.integers(1, 40))]
        elif way == 5:
            copy[at:at] = copy[at : at + int(random.integers(1, 200))] * int(random.integers(1, 20))
        elif len(copy) > 20:
            del copy[max(20, at) :]
    return bytes(copy)


def crafted() -> Iterator[Named]:
    """Yield files whose headers lie about sizes, or that hold more of something than any picture needs."""
    yield from _sizes()
    yield from _counts()
    yield from _texts()


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*further: bytes, size: tuple[int, int] = (4, 4), depth: int = 8, kind: int = 2) -> bytes:
    """Return a PNG whose pixels are some black rows, whatever its header says."""
    head = struct.pack(">IIBBBBB", *size, depth, kind, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + b"".join([chunk(b"IHDR", head), *further, chunk(b"IDAT", pixels), chunk(b"IEND")])


def _sizes() -> Iterator[Named]:
    """Yield each format with each pair of sides in its header."""
    bmp, gif, jpeg, tiff = (sound(kind) for kind in ("BMP", "GIF", "JPEG", "TIFF"))
    frame = jpeg.index(b"\xff\xc0")
    for width in SIDES:
        for height in SIDES:
            name = f"{width} x {height}"
            yield f"PNG of {name}", png(size=(width, height))
            yield f"BMP of {name}", bmp[:18] + struct.pack("<II", width, height) + bmp[26:]
            if max(width, height) < 65_536:
                yield f"GIF of {name}", gif[:6] + struct.pack("<HH", width, height) + gif[10:]
                yield f"JPEG of {name}", jpeg[: frame + 5] + struct.pack(">HH", height, width) + jpeg[frame + 9 :]
    for side in SIDES:
        yield f"PNG of 16 bits, {side}", png(size=(side, 3), depth=16)
        yield (
            f"TIFF of {side}",
            tiff.replace(struct.pack("<HHII", 256, 4, 1, 64), struct.pack("<HHII", 256, 4, 1, side)),
        )


def _counts() -> Iterator[Named]:
    """Yield each format with very many of its parts."""
    jpeg, avif, tiff = sound("JPEG"), sound("AVIF"), sound("TIFF")
    head = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff"
    for count in COUNTS:
        for kind in (b"tEXt", b"zTXt", b"iTXt", b"IDAT", b"fcTL", b"prVt", b"sPLT"):
            yield f"PNG of {count} {kind.decode()}", png(chunk(kind, b"a\0b") * count)
        yield f"JPEG of {count} comments", jpeg[:2] + b"\xff\xfe\0\x03a" * count + jpeg[2:]
        yield f"JPEG of {count} blocks", jpeg[:2] + (b"\xff\xed\0\x16Photoshop 3.0\0" + b"8BIM\0\0") * count + jpeg[2:]
        yield f"GIF of {count} extensions", head + b"\x21\xfe\0" * count + b";"
        yield f"GIF of {count} frames", head + b"\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0" * count + b";"
        yield f"AVIF of {count} boxes", avif + struct.pack(">I4s", 8, b"free") * count
        yield f"TIFF of {count} pages", _pages(tiff, min(count, 200_000))
        yield f"WEBP of {count} chunks", sound("WEBP") + b"abcd\0\0\0\0" * count


def _pages(tiff: bytes, count: int) -> bytes:
    (first,) = struct.unpack_from("<I", tiff, 4)
    end = first + 2 + 12 * struct.unpack_from("<H", tiff, first)[0]
    start = len(tiff)
    pages = b"".join(struct.pack("<HI", 0, start + 6 * (number + 1)) for number in range(count))
    return tiff[:end] + struct.pack("<I", start) + tiff[end + 4 :] + pages


def _texts() -> Iterator[Named]:
    """Yield PNG files with texts that are long, deep or packed tightly."""
    deep = b"[" * 100_000
    bomb = zlib.compress(bytes(100_000_000), 9)
    bodies = {
        "deep JSON": chunk(b"tEXt", b'prompt\0{"a":' + deep),
        "a bomb": chunk(b"zTXt", b"parameters\0\0" + bomb),
        "many bombs": chunk(b"zTXt", b"parameters\0\0" + bomb) * 50,
        "a packed profile": chunk(b"iCCP", b"a\0\0" + bomb),
        "entities": chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + _laughs()),
        "a long number": chunk(b"tEXt", b'prompt\0{"seed": ' + b"9" * 1_000_000 + b"}"),
        "surrogates": chunk(b"tEXt", b'prompt\0{"prompt": "\\ud800", "seed": 1}'),
        "endless EXIF": chunk(
            b"eXIf", b"II*\0\x08\0\0\0" + struct.pack("<H", 65_535) + b"\x69\x87\4\0\1\0\0\0\x08\0\0\0" * 50
        ),
    }
    yield from ((f"PNG with {name}", png(body)) for name, body in bodies.items())


def _laughs() -> bytes:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE a [<!ENTITY a0 "ha">{entities}]><a>&a9;</a>'.encode()
