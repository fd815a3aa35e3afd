"""Both kinds of pictures go through the same handling, which a seed repeats."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.edits import MILD, ROBUSTNESS, Chain, Resized, Saved, Trimmed, handling, saved_last

PICTURE = np.random.default_rng(0).integers(0, 256, (160, 200, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", list(ROBUSTNESS))
def test_every_edit_gives_a_picture_and_the_same_one_again(name):
    made = ROBUSTNESS[name](PICTURE)
    assert made.dtype == np.uint8
    assert made.shape[2] == 3
    assert (made == ROBUSTNESS[name](PICTURE)).all()


def test_edits_lose_what_their_names_say():
    error = {q: np.abs(Saved(q)(PICTURE).astype(int) - PICTURE).mean() for q in (96, 60)}
    assert error[96] < error[60]
    assert ROBUSTNESS["resize .75"](PICTURE).shape == (120, 150, 3)
    assert (Trimmed(1, 2)(PICTURE) == PICTURE[1:, 2:]).all()
    assert all(edit(PICTURE).shape[0] >= 159 for edit in MILD)


def test_a_seed_repeats_a_handling_and_another_draws_another():
    assert (handling(3)(PICTURE) == handling(3)(PICTURE)).all()
    shapes = {handling(seed)(PICTURE).tobytes() for seed in range(12)}
    assert len(shapes) == 12


def test_pictures_that_were_saved_before_are_not_given_a_first_save():
    seeds = range(40)
    assert all(isinstance(handling(seed, "JPEG").edits[0], Trimmed) for seed in seeds)
    firsts = {type(handling(seed).edits[0]) for seed in seeds}
    assert firsts == {Saved, Trimmed}


def test_the_file_that_edits_leave_is_the_one_that_is_read_back():
    chain = Chain((Resized(0.5), Saved(80)))
    file = saved_last(chain, PICTURE)
    with Pillow.open(io.BytesIO(file)) as opened:
        assert opened.format == "JPEG"
        np.testing.assert_array_equal(np.asarray(opened.convert("RGB")), chain(PICTURE))
    assert saved_last(Saved(80), PICTURE) == Saved(80).file(PICTURE)


def test_edits_that_do_not_save_in_the_end_leave_no_file():
    for edit in (Resized(0.5), Chain(()), Chain((Saved(80), Resized(0.5)))):
        assert saved_last(edit, PICTURE) is None
