"""What happens to sound, odd and hostile picture files when they are read."""

import io
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageCms

from artaudit.errors import ArtauditError, ImageError, UsageError
from artaudit.image import Image, Limits, decode, read

RANDOM = np.random.default_rng(0)
RGB = RANDOM.integers(0, 256, (48, 64, 3), dtype=np.uint8)


def as_bytes(array: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(array).save(buffer, kind, **options)
    return buffer.getvalue()


def test_bytes_are_the_identity_and_lossless_copies_share_their_pixels():
    png, webp = decode(as_bytes(RGB), name="a"), decode(as_bytes(RGB, "WEBP", lossless=True), name="b")
    assert png.sha256 != webp.sha256
    assert png.pixels_sha256 == webp.pixels_sha256
    assert decode(as_bytes(255 - RGB), name="c").pixels_sha256 != png.pixels_sha256


def test_an_opaque_alpha_channel_does_not_change_the_pixel_hash():
    opaque = np.dstack([RGB, np.full(RGB.shape[:2], 255, np.uint8)])
    assert decode(as_bytes(opaque), name="a").pixels_sha256 == decode(as_bytes(RGB), name="b").pixels_sha256
    opaque[0, 0, 3] = 0
    assert decode(as_bytes(opaque), name="a").pixels_sha256 != decode(as_bytes(RGB), name="b").pixels_sha256


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_picture_is_upright_whatever_its_orientation(orientation):
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    data = as_bytes(RGB, exif=exif)
    from PIL import ImageOps

    expected = np.asarray(ImageOps.exif_transpose(Pillow.open(io.BytesIO(data))))
    assert np.array_equal(decode(data, name="a").rgb8, expected)


def test_sixteen_bits_are_scaled_and_not_clipped():
    deep = RANDOM.integers(0, 65536, (48, 64, 3), dtype=np.uint16)
    image = decode(cv2.imencode(".png", deep[..., ::-1])[1].tobytes(), name="deep")
    assert image.levels == 65535
    assert np.allclose(image.pixels, deep / 65535, atol=1e-6)
    grey = decode(cv2.imencode(".png", deep[..., 0])[1].tobytes(), name="deep")
    assert np.allclose(grey.pixels[..., 1], deep[..., 0] / 65535, atol=1e-6)


def test_transparency_is_seen_on_white():
    picture = np.zeros((64, 64, 4), np.uint8)
    picture[:32, :, 3] = 255
    image = decode(as_bytes(picture), name="a")
    assert image.pixels[:32].max() == 0
    assert image.pixels[32:].min() == 1


def test_a_palette_with_transparency_is_read_as_rgba_and_says_so():
    palette = Pillow.fromarray(RGB).quantize(16)
    buffer = io.BytesIO()
    palette.save(buffer, "PNG", transparency=3)
    image = decode(buffer.getvalue(), name="a")
    assert image.stored.shape[2] == 4
    assert image.alpha.min() == 0
    assert "palette" in image.notes[0]


def test_cmyk_is_read_and_may_not_be_written():
    buffer = io.BytesIO()
    Pillow.fromarray(RGB).convert("CMYK").save(buffer, "JPEG", quality=95)
    image = decode(buffer.getvalue(), name="a")
    assert image.pixels.shape == (48, 64, 3)
    assert "CMYK" in image.read_only


def test_an_animation_shows_its_first_frame_and_may_not_be_written():
    frames = [Pillow.fromarray(np.full((64, 64, 3), shade, np.uint8)) for shade in (0, 255)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    image = decode(buffer.getvalue(), name="a")
    assert image.frames == 2
    assert image.pixels.max() == 0
    assert "animated" in image.read_only


def test_colours_are_seen_through_the_profile_but_stored_without_it():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = decode(as_bytes(RGB, icc_profile=profile), name="a")
    assert np.array_equal(image.samples, RGB.astype(np.float32) / 255)
    assert np.abs(image.pixels - image.samples).max() <= 2 / 255


def test_a_broken_profile_is_ignored():
    image = decode(as_bytes(RGB, icc_profile=b"not a profile"), name="a")
    assert np.array_equal(image.rgb8, RGB)


def huge_header() -> bytes:
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    body = struct.pack(">I", len(header)) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return b"\x89PNG\r\n\x1a\n" + body + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"these are words", "is not a picture"),
        (as_bytes(RGB)[:200], "damaged or truncated"),
        (as_bytes(RGB, "JPEG")[:-400], "damaged or truncated"),
        (huge_header(), "pixels, more than"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is not a picture"),
    ],
)
def test_bad_files_are_refused_in_one_sentence(data, says):
    with pytest.raises(ImageError, match=says) as caught:
        decode(data, name="odd.png")
    assert str(caught.value).startswith("odd.png")
    assert "\n" not in str(caught.value)


def test_limits_are_the_callers():
    with pytest.raises(ImageError, match="scale it down"):
        decode(as_bytes(RGB), name="a", limits=Limits(pixels=100))


def test_paths_that_are_no_files_are_usage_errors(tmp_path: Path):
    with pytest.raises(UsageError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(UsageError, match="does not exist"):
        read(tmp_path / "missing.png")
    big = tmp_path / "big.png"
    big.write_bytes(as_bytes(RGB))
    with pytest.raises(ImageError, match="bytes, more than"):
        read(big, Limits(file_bytes=10))


@given(st.binary(max_size=300), st.sampled_from([b"", as_bytes(RGB)[:60], as_bytes(RGB, "JPEG")[:60], b"RIFF"]))
def test_arbitrary_bytes_raise_no_other_error_than_our_own(tail, head):
    with suppress(ArtauditError):
        decode(head + tail, name="fuzz")


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("deep", [False, True])
def test_a_tall_picture_is_seen_in_bands_as_it_is_seen_whole(mode, deep):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for icc in (None, profile):
        shape = (700, 5, len(mode))
        stored = RANDOM.integers(0, 65536 if deep else 256, shape).astype(np.uint16 if deep else np.uint8)
        image = Image("a", b"", "PNG", stored, icc=icc)
        assert np.array_equal(image.rgb8, np.rint(image.pixels * 255).astype(np.uint8))


def test_samples_that_take_too_much_memory_are_refused_by_name():
    deep = cv2.imencode(".png", RANDOM.integers(0, 65536, (48, 64, 3), dtype=np.uint16))[1].tobytes()
    with pytest.raises(ImageError, match="18,432 bytes of samples, more than the 18,431 allowed"):
        decode(deep, name="a", limits=Limits(samples=18_431))
    assert decode(deep, name="a", limits=Limits(samples=18_432)).levels == 65535
