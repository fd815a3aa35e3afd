"""Mimics: what they learn from, that they learn, and that all arms are treated alike."""

import io

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from artaudit.datasets.photographs import photograph
from artaudit.errors import UsageError
from artaudit.protect.trial.fine_tuning import generator
from artaudit.protect.trial.mimicry import (
    Practice,
    bank,
    examined,
    kept_apart,
    learned_from,
    side_of,
    spread,
    tiles,
    trained,
)
from artaudit.protect.trial.mimicry_trial import chosen_model, held_out_crops

QUICK = Practice(steps=12, batch=4, side=32, crops=8, noises=2, drawn=1, draw_steps=2)


@pytest.fixture(scope="module")
def model():
    return generator(chosen_model(None))


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    with Pillow.open(io.BytesIO(photograph("flower.jpg"))) as opened:
        return np.asarray(opened.resize((128, 96)), dtype=np.float32) / 255


@given(st.integers(4, 600))
def test_what_is_learned_and_what_is_kept_apart_make_the_picture_and_share_nothing(width):
    whole = np.arange(width, dtype=np.float32)[None, :, None].repeat(3, axis=2)
    parts = [learned_from(whole), kept_apart(whole)]
    assert np.array_equal(np.concatenate(parts, axis=1), whole)
    assert parts[1].shape[1] == pytest.approx(width / 4, abs=1)


@given(st.integers(1, 200), st.integers(1, 50))
def test_crops_are_spread_over_all_there_are(count, most):
    places = spread(count, most)
    assert len(places) == min(count, most) and places[0] == 0 and places[-1] in (0, count - 1)


def test_pictures_too_small_for_a_crop_are_refused_in_a_sentence(picture):
    assert side_of([picture], [kept_apart(picture)], 8, 128) == 32
    with pytest.raises(UsageError, match="at least 128 pixels"):
        side_of([picture[:, :20]], [picture], 8, 128)


def test_crops_of_one_picture_belong_together_unless_there_is_only_one(picture):
    assert {number for number, _ in held_out_crops([picture, picture], 32, 8)} == {0, 1}
    assert [number for number, _ in held_out_crops([picture], 32, 8)] == list(range(8))


def test_a_mimic_learns_what_it_sees_the_same_way_every_time_and_its_teacher_never(model, picture):
    latents, held_out = bank(model, picture), torch.cat([bank(model, crop) for crop in tiles(picture, 32)])
    before = {name: weight.clone() for name, weight in model.denoiser.state_dict().items()}
    first, again, other = (
        examined(trained(model, [latents], QUICK, 32, seed), held_out, QUICK, side=32) for seed in (1, 1, 2)
    )
    base = examined(model, held_out, QUICK, side=32)
    assert np.array_equal(first.losses, again.losses) and torch.equal(first.drawn, again.drawn)
    assert not np.array_equal(first.losses, other.losses)
    assert first.losses.mean() < base.losses.mean() and other.losses.mean() < base.losses.mean()
    assert all(torch.equal(weight, before[name]) for name, weight in model.denoiser.state_dict().items())
    assert base.drawn.shape == (1, 3, 32, 32) and not torch.equal(base.drawn, first.drawn)
