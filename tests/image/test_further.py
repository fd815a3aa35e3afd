"""HEIC and JPEG XL are read where their plugin is installed, credentials included; else the missing one is named."""

import io
import sys

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.errors import ImageError
from artaudit.image import Limits, decode
from artaudit.image.further import READERS, declared_size
from artaudit.provenance import FileClaims

PICTURE = np.random.default_rng(0).integers(60, 200, (8, 8, 3)).astype(np.uint8).repeat(8, axis=0).repeat(8, axis=1)
SETTINGS = "a castle\nSteps: 20, Sampler: Euler a, Seed: 42, Size: 64x64"


def exif() -> bytes:
    block = Pillow.Exif()
    block.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + SETTINGS.encode("utf-16-be")
    return block.tobytes()


def written(kind: str) -> bytes:
    module = pytest.importorskip(READERS[kind][0])
    if kind == "HEIF":
        module.register_heif_opener()
    buffer = io.BytesIO()
    Pillow.fromarray(PICTURE).save(buffer, kind, quality=95, exif=exif())
    return buffer.getvalue()


@pytest.mark.parametrize("kind", READERS)
def test_a_plugins_format_is_read_with_its_texts(kind):
    image = decode(written(kind), name="a")
    assert (image.format, image.width, image.height, image.lossless) == (kind, 64, 64, False)
    assert np.abs(image.stored.astype(int) - PICTURE).mean() < 8
    assert FileClaims().examine(image)[0].details["seed"] == "42"


@pytest.mark.parametrize("kind", READERS)
def test_a_truncated_file_is_damaged(kind):
    with pytest.raises(ImageError, match=r"a is damaged or truncated|is not a picture"):
        decode(written(kind)[:200], name="a")


@pytest.mark.parametrize("sides", [(8, 8), (64, 64), (300, 200), (3000, 17), (17, 9000), (160, 90), (4096, 2048)])
@pytest.mark.parametrize("options", [{}, {"exif": exif()}, {"use_container": True}])
def test_jpeg_xl_declares_its_size_before_anything_is_decoded(sides, options):
    pytest.importorskip(READERS["JXL"][0])
    buffer = io.BytesIO()
    Pillow.new("RGB", sides).save(buffer, "JXL", **options)
    assert declared_size(buffer.getvalue()) == sides
    with pytest.raises(ImageError, match="scale it down first"):
        decode(buffer.getvalue(), name="a", limits=Limits(pixels=sides[0] * sides[1] - 1))


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        (HEIC, "HEIF", "a is HEIC, whose reader is missing: install pillow-heif with pip"),
        (b"\xff\x0a" + bytes(64), "JXL", "a is JPEG XL, whose reader is missing: install pillow-jxl-plugin with pip"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(64), "JXL", "install pillow-jxl-plugin"),
    ],
)
def test_the_missing_reader_is_named(data, kind, said, monkeypatch):
    monkeypatch.setitem(sys.modules, READERS[kind][0], None)
    with pytest.raises(ImageError, match=said):
        decode(data, name="a")


def test_avif_needs_no_plugin(monkeypatch):
    monkeypatch.setitem(sys.modules, READERS["HEIF"][0], None)
    buffer = io.BytesIO()
    Pillow.fromarray(PICTURE).save(buffer, "AVIF")
    assert decode(buffer.getvalue(), name="a").format == "AVIF"
