"""The sheet that shows original, cloak and difference."""

import io

import numpy as np
from PIL import Image as Pillow

from artaudit.image import Image, decode
from artaudit.protect.comparison import ZOOM, comparison, most_visible


def as_image(array: np.ndarray) -> Image:
    buffer = io.BytesIO()
    Pillow.fromarray(array).save(buffer, "PNG")
    return decode(buffer.getvalue(), name="picture.png")


def test_the_sheet_is_a_picture_of_three_columns_even_for_small_and_narrow_pictures():
    for height, width in ((70, 64), (90, 700), (1300, 400)):
        before = as_image(np.full((height, width, 3), 90, np.uint8))
        after = as_image(np.full((height, width, 3), 95, np.uint8))
        sheet = Pillow.open(io.BytesIO(comparison(before, after)))
        assert sheet.width > 3 * 64
        assert sheet.height > 70


def test_the_difference_is_amplified_around_grey():
    same = as_image(np.full((100, 100, 3), 90, np.uint8))
    brighter = as_image(np.full((100, 100, 3), 94, np.uint8))
    sheet = np.asarray(Pillow.open(io.BytesIO(comparison(same, brighter))))
    assert (sheet == 128 + 4 * 10).all(axis=2).any()
    assert (np.asarray(Pillow.open(io.BytesIO(comparison(same, same)))) == 128).all(axis=2).any()


def test_the_spot_shown_is_where_the_same_change_meets_the_least_texture():
    rng = np.random.default_rng(0)
    busy = rng.integers(0, 200, (4 * ZOOM, 4 * ZOOM, 3), dtype=np.uint8)
    busy[2 * ZOOM :, 2 * ZOOM :] = 100
    rows, columns = most_visible(busy, busy + 8)
    assert rows.start >= 2 * ZOOM and columns.start >= 2 * ZOOM
