"""Crops lie where the texture is, at native resolution, on whole cells of the picture."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artaudit.detect.crops import textured_crops


def test_the_first_crop_lies_on_the_only_texture():
    picture = np.full((256, 384, 3), 0.5, np.float32)
    picture[64:192, 160:288] += np.random.default_rng(0).normal(0, 0.1, (128, 128, 1)).astype(np.float32)
    assert textured_crops(picture, 128, 1) == [(64, 160)]


@given(height=st.integers(32, 150), width=st.integers(32, 150), count=st.integers(1, 6))
def test_crops_lie_inside_on_multiples_of_eight(height, width, count):
    picture = np.random.default_rng(0).random((height, width, 3)).astype(np.float32)
    corners = textured_crops(picture, 32, count)
    assert 1 <= len(corners) <= count
    assert all(
        top % 8 == left % 8 == 0 and 0 <= top <= height - 32 and 0 <= left <= width - 32 for top, left in corners
    )


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_a_flat_picture_yields_one_crop(level):
    assert len(textured_crops(np.full((64, 64, 3), level, np.float32), 32, 5)) == 1


def test_crops_spread_over_an_evenly_textured_picture():
    picture = np.random.default_rng(0).random((128, 128, 3)).astype(np.float32) * 0.8 + 0.1
    assert len(set(textured_crops(picture, 64, 4))) == 4
    seen = np.zeros((128, 128), bool)
    for top, left in textured_crops(picture, 64, 4):
        seen[top : top + 64, left : left + 64] = True
    assert seen.mean() > 0.8
