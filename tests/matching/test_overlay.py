"""The picture of a match shows both pictures, the outlines and the lines."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.matching import confirm, encode_jpeg, encode_png, overlay
from artaudit.matching.keypoints import extract, extract_suspect

ORANGE, BLUE = (230, 159, 0), (86, 180, 233)


@pytest.fixture(scope="module")
def pair(works, in_page):
    suspect, work = in_page(works["china.jpg"]), works["china.jpg"]
    return suspect, work, confirm(extract_suspect(suspect), extract(work))


def share(sheet, colour):
    return (np.abs(sheet.astype(int) - colour).max(axis=-1) <= 2).mean()


def test_outlines_and_lines_are_drawn(pair):
    sheet = overlay(*pair)
    assert sheet.dtype == np.uint8
    assert sheet.shape[1] <= 1600
    assert share(sheet, ORANGE) > 0.001
    assert share(sheet, BLUE) > 0.001


@pytest.mark.parametrize("step", [1, 2], ids=["full size", "preview of half the size"])
def test_the_outline_lies_where_the_copy_is(pair, step):
    suspect, work, confirmation = pair
    sheet = overlay(
        np.ascontiguousarray(suspect[::step, ::step]), np.ascontiguousarray(work[::step, ::step]), confirmation
    )
    orange = np.abs(sheet[:, :770].astype(int) - ORANGE).max(axis=-1) <= 2
    rows, columns = np.nonzero(orange)
    scale = 768 / 1600
    assert columns.min() == pytest.approx(8 + 900 * scale, abs=8)
    assert columns.max() == pytest.approx(8 + 1300 * scale, abs=8)
    assert rows.min() == pytest.approx(8 + 200 * scale, abs=8)


def test_the_pictures_given_are_not_drawn_on(pair):
    suspect, work, confirmation = pair
    before = suspect.copy(), work.copy()
    overlay(suspect, work, confirmation)
    assert np.array_equal(suspect, before[0])
    assert np.array_equal(work, before[1])


def test_files_come_out(pair):
    sheet = overlay(*pair)
    assert np.array_equal(np.asarray(Pillow.open(io.BytesIO(encode_png(sheet)))), sheet)
    jpeg = Pillow.open(io.BytesIO(encode_jpeg(sheet)))
    assert (jpeg.format, jpeg.size) == ("JPEG", (sheet.shape[1], sheet.shape[0]))
