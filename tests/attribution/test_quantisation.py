"""Which files tell how coarsely their pixels were rounded."""

import io

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from PIL import ImageCms

from artaudit.attribution.quantisation import BANDS, of_quality, quantisation
from artaudit.image import decode

LEVELS = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)


def opened(codec="JPEG", mode="RGB", **options):
    buffer = io.BytesIO()
    Pillow.fromarray(LEVELS).convert(mode).save(buffer, codec, **options)
    return decode(buffer.getvalue(), name="a")


@pytest.mark.parametrize("quality", [60, 75, 84, 85, 97])
def test_steps_are_those_that_the_file_was_written_with(quality):
    told = quantisation(opened(quality=quality))
    torch.testing.assert_close(told.steps, of_quality(quality).steps)
    assert told.quality == quality and told.band == (BANDS[0] if quality < 85 else BANDS[1])


def test_luma_is_kept_more_finely_than_chroma():
    luma, chroma = of_quality(75).steps[0]
    assert luma[0, 0] == 8 and (luma >= 1).all() and luma.mean() < chroma.mean()


@pytest.mark.parametrize(
    "options",
    [
        {"codec": "PNG"},
        {"codec": "WEBP", "quality": 90},
        {"mode": "L", "quality": 90},
        {"mode": "CMYK", "quality": 90},
        {"subsampling": "4:4:4", "quality": 90},
        {"subsampling": "4:2:2", "quality": 90},
        {"keep_rgb": True, "quality": 90},
        {"quality": 55},
        {"quality": 98},
        {"quality": 90, "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()},
    ],
)
def test_of_other_files_nothing_is_told(options):
    assert quantisation(opened(**options)) is None


def test_of_a_turned_file_nothing_is_told():
    exif = Pillow.Exif()
    exif[0x0112] = 6
    assert quantisation(opened(quality=90, exif=exif)) is None
