"""Where a change shows, and the window that shows it."""

import numpy as np
import pytest
from skimage import data

from artaudit.protect.grounds import exposed_window, flat_ground, share, skin


def test_flat_ground_is_what_has_no_contrast():
    picture = np.full((120, 160, 3), 0.5, np.float32)
    picture[:, 80:] = np.random.default_rng(0).random((120, 80, 3))
    flat = flat_ground(picture)
    assert flat[:, :70].all() and not flat[:, 90:].any()


@pytest.mark.parametrize("colour", [(234, 192, 160), (198, 134, 94), (110, 72, 52)])
def test_skin_is_found_light_and_dark(colour):
    assert skin(np.full((9, 9, 3), colour, np.float32) / 255).all()


@pytest.mark.parametrize("colour", [(90, 150, 220), (60, 140, 60), (128, 128, 128), (255, 255, 255)])
def test_sky_grass_and_greys_are_no_skin(colour):
    assert not skin(np.full((9, 9, 3), colour, np.float32) / 255).any()


def test_shares_are_of_all_that_shows():
    errors = np.array([[1.0, 3.0], [0.0, 0.0]])
    assert share(errors, np.array([[True, False], [True, False]])) == 0.25
    assert share(np.zeros((2, 2)), np.ones((2, 2), bool)) == 0


def test_the_window_holds_the_face_and_not_only_texture():
    astronaut = data.astronaut().astype(np.float32) / 255
    rows, columns = exposed_window(astronaut)
    assert (rows.stop - rows.start, columns.stop - columns.start) == (256, 256)
    assert rows.start <= 80 and rows.stop >= 180 and columns.start <= 190 and columns.stop >= 250


def test_a_window_of_blank_ground_alone_is_not_taken():
    picture = np.ones((512, 768, 3), np.float32)
    picture[128:384, 500:640] = np.random.default_rng(0).random((256, 140, 3))
    rows, columns = exposed_window(picture)
    inside = picture[rows, columns]
    assert 0.2 < float((inside < 1).any(axis=2).mean()) < 0.8


@pytest.mark.parametrize("shape", [(70, 64), (90, 700), (1300, 100)])
def test_small_and_narrow_pictures_have_windows(shape):
    rows, columns = exposed_window(np.full((*shape, 3), 0.3, np.float32))
    assert (rows.stop - rows.start, columns.stop - columns.start) == (min(256, shape[0]), min(256, shape[1]))
