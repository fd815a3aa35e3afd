"""The work is laid where the copy is, and only what was changed there differs."""

import numpy as np
import pytest

from artaudit.matching import confirm, difference
from artaudit.matching.difference import AMPLIFIED, laid_on
from artaudit.matching.keypoints import extract, extract_suspect


@pytest.fixture(scope="module")
def pair(works):
    work = works["china.jpg"]
    suspect = np.ascontiguousarray(work[60:400, 100:600][:, ::-1])
    suspect[100:150, 200:260] = (255, 0, 0)
    return suspect, work, confirm(extract_suspect(suspect), extract(work))


def test_the_work_lies_on_its_mirrored_crop(pair):
    suspect, work, confirmation = pair
    placed, mask = laid_on(suspect, work, confirmation)
    error = np.abs(placed.astype(int) - suspect).mean(axis=2)
    assert (mask > 0).mean() > 0.99
    assert np.median(error) < 6
    assert np.median(error[105:145, 205:255]) > 60


def test_inverted_copies_are_compared_with_the_inverted_work(works):
    work = works["flower.jpg"]
    suspect = 255 - work
    placed, mask = laid_on(suspect, work, confirm(extract_suspect(suspect), extract(work), inverted=True))
    assert np.abs(placed[mask > 0].astype(int) - suspect[mask > 0]).mean() < 3


def test_previews_are_laid_at_their_own_size(pair):
    suspect, work, confirmation = pair
    small = np.ascontiguousarray(work[::2, ::2])
    placed, _ = laid_on(suspect, small, confirmation)
    assert placed.shape == suspect.shape
    assert np.median(np.abs(placed.astype(int) - suspect).mean(axis=2)) < 15


def test_grey_is_no_difference(pair):
    suspect, work, confirmation = pair
    placed, mask = laid_on(suspect, work, confirmation)
    sheet = difference(np.where(mask[..., None] > 0, placed, suspect), work, confirmation)
    third = sheet[10 : len(sheet) - 50, 2 * sheet.shape[1] // 3 + 20 : -30]
    assert (np.abs(third.astype(int) - 128) <= 2 * AMPLIFIED).mean() > 0.98


def test_neither_picture_is_drawn_on(pair):
    suspect, work, confirmation = pair
    before = suspect.copy(), work.copy()
    assert difference(suspect, work, confirmation).shape[1] == 1600
    assert np.array_equal(suspect, before[0]) and np.array_equal(work, before[1])
