"""Which files tell how coarsely their pixels were rounded."""

import io

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from PIL import ImageCms

from artaudit.attribution.quantisation import QUALITIES, steps_of, steps_of_quality
from artaudit.image import decode

LEVELS = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)


def opened(codec="JPEG", mode="RGB", **options):
    buffer = io.BytesIO()
    Pillow.fromarray(LEVELS).convert(mode).save(buffer, codec, **options)
    return decode(buffer.getvalue(), name="a")


@pytest.mark.parametrize("quality", [QUALITIES[0], 75, 90, QUALITIES[1]])
def test_steps_are_those_that_the_file_was_written_with(quality):
    torch.testing.assert_close(steps_of(opened(quality=quality)), steps_of_quality(quality))


def test_luma_is_kept_more_finely_than_chroma():
    luma, chroma = steps_of_quality(75)[0]
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
        {"quality": QUALITIES[0] - 5},
        {"quality": QUALITIES[1] + 1},
        {"quality": 90, "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()},
    ],
)
def test_of_other_files_nothing_is_told(options):
    assert steps_of(opened(**options)) is None


def test_of_a_turned_file_nothing_is_told():
    exif = Pillow.Exif()
    exif[0x0112] = 6
    assert steps_of(opened(quality=90, exif=exif)) is None
