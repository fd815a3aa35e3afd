"""What headers say is what the writer was told."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from artaudit.datasets.container import container, jpeg_quality, tables, tables_of
from artaudit.errors import ImageError


@settings(max_examples=40, deadline=None)
@given(quality=st.integers(1, 100), mode=st.sampled_from(["RGB", "L"]))
def test_the_quality_of_every_jpeg_is_read_back(encoded, quality, mode):
    told = container(encoded(1, "JPEG", (16, 16), mode, quality=quality), name="picture")
    # Below 3 the tables of two qualities are equal: all steps are cut to 255.
    assert told.quality == quality or (quality <= 3 and told.quality <= 3)


@pytest.mark.parametrize("quality", [1, 50, 90, 100])
def test_tables_of_a_quality_are_those_of_a_file_of_that_quality(encoded, quality):
    with Pillow.open(io.BytesIO(encoded(1, "JPEG", quality=quality))) as opened:
        assert tables_of(quality).tolist() == tables(opened)


@pytest.mark.parametrize(("number", "name"), [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")])
@pytest.mark.parametrize("progressive", [True, False])
def test_subsampling_and_order_of_a_jpeg_are_read_back(encoded, number, name, progressive):
    told = container(encoded(1, "JPEG", subsampling=number, progressive=progressive), name="picture")
    assert (told.codec, told.subsampling, told.progressive) == ("JPEG", name, progressive)


def test_a_grey_jpeg_has_no_subsampling(encoded):
    assert container(encoded(1, "JPEG", mode="L"), name="picture").subsampling == "grey"


def test_other_tables_get_the_nearest_quality(encoded):
    with Pillow.open(io.BytesIO(encoded(1, "JPEG", quality=80))) as opened:
        ours = [[min(255, step + place % 2) for place, step in enumerate(table)] for table in tables(opened)]
    assert 76 <= jpeg_quality(ours) <= 80


def test_sizes_and_bytes_are_those_of_the_file(encoded):
    data = encoded(1, "PNG", (50, 30))
    told = container(data, name="picture")
    assert (told.width, told.height, told.bytes, told.quality) == (50, 30, len(data), None)


@pytest.mark.parametrize(("lossless", "codec"), [(True, "WEBP lossless"), (False, "WEBP")])
def test_lossless_webp_is_a_codec_of_its_own(encoded, lossless, codec):
    assert container(encoded(1, "WEBP", lossless=lossless), name="picture").codec == codec


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=200), start=st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF"]))
def test_bytes_that_are_no_picture_are_an_image_error(data, start):
    with pytest.raises(ImageError, match="picture"):
        container(start + data, name="picture")
