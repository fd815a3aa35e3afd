"""A packet is put into a file without touching a sample or anything else in it."""

import io
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from artaudit.errors import ImageError
from artaudit.image import decode, forbid_training, forbids_training
from artaudit.image.packets import with_packet

NOISE = np.random.default_rng(0).integers(0, 256, (33, 47, 4), dtype=np.uint8)
OTHER = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF>'
)


def picture(kind: str, *, channels: int = 3, **options: object) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(NOISE[..., :channels]).save(buffer, kind, **options)
    return buffer.getvalue()


def marked(data: bytes):
    image = decode(data, name="picture")
    return image, decode(with_packet(forbid_training(image)), name="marked")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("xmp", [None, OTHER])
def test_the_mark_is_there_and_every_sample_stays(kind, xmp):
    options = {} if xmp is None else {"xmp": xmp}
    if kind == "PNG" and xmp:
        data = with_packet(replace(decode(picture("PNG"), name="p"), xmp=xmp))
    else:
        data = picture(kind, **options)
    before, after = marked(data)
    assert not forbids_training(before)
    assert forbids_training(after)
    assert np.array_equal(before.stored, after.stored)
    assert (xmp is None) or OTHER.partition(b"</rdf:RDF>")[0] in after.xmp
    assert after.xmp.count(b"</rdf:RDF>") == 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_profile_orientation_and_alpha_stay(kind):
    exif = Pillow.Exif()
    exif[0x0112] = 6
    channels = 3 if kind == "JPEG" else 4
    turned = {"tiffinfo": {0x0112: 6}} if kind == "TIFF" else {"exif": exif}
    data = picture(kind, channels=channels, icc_profile=b"a profile, as far as files go", **turned)
    before, after = marked(data)
    assert Pillow.open(io.BytesIO(after.data)).getexif()[0x0112] == 6
    assert (after.orientation, after.icc) == (before.orientation, before.icc)
    assert np.array_equal(before.stored, after.stored)
    assert len(after.data) < len(before.data) + 700


def test_a_lossy_webp_without_extras_is_given_the_extended_header():
    data = picture("WEBP", quality=80)
    assert b"VP8X" not in data[:40]
    before, after = marked(data)
    assert b"VP8X" in after.data[:40]
    assert np.array_equal(before.stored, after.stored)


def test_the_second_page_of_a_tiff_stays():
    buffer = io.BytesIO()
    pages = [Pillow.fromarray(NOISE[..., at]) for at in range(2)]
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:])
    _, after = marked(buffer.getvalue())
    opened = Pillow.open(io.BytesIO(after.data))
    opened.seek(1)
    assert np.array_equal(np.asarray(opened), NOISE[..., 1])


def test_a_packet_put_in_twice_is_there_once():
    for kind in ("PNG", "JPEG", "WEBP", "TIFF"):
        _, once = marked(picture(kind))
        again = with_packet(replace(once, xmp=once.xmp))
        assert decode(again, name="p").xmp == once.xmp
        if kind != "TIFF":
            assert again == once.data


def test_what_a_packet_cannot_be_put_into_is_a_sentence():
    gif = replace(decode(picture("GIF"), name="a.gif"), xmp=OTHER)
    with pytest.raises(ImageError, match="convert it to PNG"):
        with_packet(gif)
    with pytest.raises(ImageError, match="too long"):
        with_packet(replace(decode(picture("JPEG"), name="a.jpg"), xmp=b"x" * 70_000))


@given(st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF"]), st.data())
def test_a_broken_file_raises_no_other_error_than_image_error(kind, draw):
    data = bytearray(picture(kind))
    for _ in range(draw.draw(st.integers(1, 4))):
        data[draw.draw(st.integers(0, min(len(data) - 1, 200)))] = draw.draw(st.integers(0, 255))
    whole = decode(picture(kind), name="p")
    broken = bytes(data[: draw.draw(st.integers(20, len(data)))])
    with suppress(ImageError):
        assert OTHER in with_packet(replace(whole, data=broken, xmp=OTHER))
