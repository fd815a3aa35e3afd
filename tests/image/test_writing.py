"""What a picture keeps when its colours are replaced and it is written back."""

import io
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image as Pillow
from PIL import ImageCms, PngImagePlugin

from artaudit.errors import ImageError
from artaudit.image import decode, encode, write_atomically

RANDOM = np.random.default_rng(1)
CHANNELS = {"L": (), "LA": (2,), "RGB": (3,), "RGBA": (4,)}


def picture(mode: str, kind: str, orientation: int = 6) -> bytes:
    array = RANDOM.integers(0, 256, (40, 56, *CHANNELS[mode]), dtype=np.uint8)
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "a title"
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() if mode.startswith("RGB") else None
    options = {} if kind == "BMP" else {"exif": exif, "icc_profile": icc}
    if kind == "WEBP":
        options |= {"lossless": True, "exact": True}
    buffer = io.BytesIO()
    Pillow.fromarray(array).save(buffer, kind, **{name: value for name, value in options.items() if value})
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("mode", "kind"),
    [(m, k) for k in ("PNG", "TIFF") for m in CHANNELS] + [("RGB", "WEBP"), ("RGBA", "WEBP"), ("RGB", "BMP")],
)
def test_lossless_kinds_hold_the_new_colours_exactly_and_keep_the_rest(mode, kind):
    image = decode(picture(mode, kind), name="a")
    fresh = RANDOM.integers(0, 256, image.samples.shape, dtype=np.uint8)
    back = decode(encode(image, fresh), name="b")
    assert np.array_equal(np.rint(back.samples * 255), fresh)
    assert (back.format, back.orientation, back.icc) == (image.format, image.orientation, image.icc)
    if image.alpha is not None:
        assert np.array_equal(back.alpha, image.alpha)
    if kind in ("PNG", "WEBP"):
        assert back.exif == image.exif


def test_a_jpeg_stays_a_jpeg_with_its_orientation_profile_and_exif():
    image = decode(picture("RGB", "JPEG"), name="a")
    back = decode(encode(image, np.rint(image.samples * 255).astype(np.uint8), quality=100), name="b")
    assert (back.format, back.orientation, back.icc, back.exif) == ("JPEG", 6, image.icc, image.exif)
    assert np.abs(back.samples - image.samples).max() <= 4 / 255


@pytest.mark.parametrize("kind", [".png", ".tiff"])
@pytest.mark.parametrize("shape", [(40, 56), (40, 56, 3), (40, 56, 4)])
@pytest.mark.filterwarnings("ignore")
def test_sixteen_bits_stay_sixteen_bits(kind, shape):
    deep = RANDOM.integers(0, 65536, shape, dtype=np.uint16)
    image = decode(cv2.imencode(kind, deep)[1].tobytes(), name="a")
    fresh = RANDOM.integers(0, 65536, image.samples.shape, dtype=np.uint16)
    back = decode(encode(image, fresh), name="b")
    assert back.levels == 65535
    assert np.array_equal(np.rint(back.samples * 65535), fresh)


def test_text_and_resolution_of_a_png_stay_byte_for_byte():
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt("Title", "Sunflowers — étude", lang="fr")
    buffer = io.BytesIO()
    Pillow.fromarray(np.zeros((40, 40, 3), np.uint8)).save(buffer, "PNG", pnginfo=notes, dpi=(300, 300))
    image = decode(buffer.getvalue(), name="a")
    back = Pillow.open(io.BytesIO(encode(image, np.ones((40, 40, 3), np.uint8))))
    assert back.text["Title"] == "Sunflowers — étude"
    assert round(back.info["dpi"][0]) == 300


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))), st.integers(1, 8))
def test_any_picture_survives_a_round_trip(colours, orientation):
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Pillow.fromarray(colours).save(buffer, "PNG", exif=exif)
    image = decode(buffer.getvalue(), name="a")
    back = decode(encode(image, image.rgb8), name="b")
    assert np.array_equal(back.stored, image.stored)


def test_what_cannot_be_written_back_says_why():
    buffer = io.BytesIO()
    Pillow.fromarray(np.zeros((40, 40), np.uint8)).save(buffer, "GIF")
    image = decode(buffer.getvalue(), name="a.gif")
    with pytest.raises(ImageError, match="GIF cannot hold a cloak exactly"):
        encode(image, image.rgb8)


def test_files_appear_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    target = tmp_path / "new" / "picture.png"
    write_atomically(target, b"first")
    assert target.read_bytes() == b"first"

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ImageError, match="No space left"):
        write_atomically(target, b"second")
    assert target.read_bytes() == b"first"
    assert list(target.parent.iterdir()) == [target]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ImageError, match="cannot be written"):
        write_atomically(tmp_path / "file" / "picture.png", b"data")
