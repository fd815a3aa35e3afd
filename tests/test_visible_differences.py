"""SSIMULACRA2 and FLIP agree with the tools of their authors, at any size, and have gradients."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from artaudit.distances import Flip, Ssimulacra2, flip, ssimulacra2
from artaudit.tensors import to_batch


def scene(height: int = 160, width: int = 200) -> np.ndarray:
    """Draw a sky, a hill and a texture by formula, so that every machine sees the same picture of 8 bits."""
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    sky = np.stack([0.5 + rows / height / 4, 0.6 + rows / height / 5, 0.9 - rows / height / 3], axis=2)
    hill = np.stack([0.3 + 0.1 * np.sin(columns / 3), 0.45 + 0.15 * np.sin(rows / 2 + columns / 5), 0 * rows + 0.2], 2)
    picture = np.where((rows > height * 0.6 + 15 * np.sin(columns / 20))[..., None], hill, sky)
    return (np.rint(picture * 255) / 255).astype(np.float32)


def waves(picture: np.ndarray, size: float, period: float) -> np.ndarray:
    """Add coloured waves, in 8 bits."""
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    wave = np.sin(2 * np.pi * columns / period)[..., None] * [1, -1, 0.5] + np.cos(2 * np.pi * rows / 7)[..., None]
    return (np.rint((picture + size * wave).clip(0, 1) * 255) / 255).astype(np.float32)


REFERENCE = [
    (160, 200, 0.01, 9, 73.4648, 0.076274),
    (160, 200, 0.04, 5, -0.7909, 0.160491),
    (160, 200, 0.1, 40, -64.2271, 0.453375),
    (256, 256, 0.02, 3, 41.8135, 0.076282),
    (113, 300, 0.03, 13, 13.7406, 0.185194),
    (300, 131, 0.02, 25, 28.2700, 0.144541),
]
"""Height, width, size and period of the waves; SSIMULACRA2 by cloudinary/ssimulacra2 (81feacf), mean FLIP by
flip-evaluator 1.7, both of these very pictures as PNG."""


@pytest.mark.parametrize(("height", "width", "size", "period", "ssimulacra2_tool", "flip_tool"), REFERENCE)
def test_scores_are_those_of_the_tools(height, width, size, period, ssimulacra2_tool, flip_tool):
    picture = scene(height, width)
    changed = waves(picture, size, period)
    assert ssimulacra2(picture, changed) == pytest.approx(ssimulacra2_tool, abs=0.1)
    assert flip(picture, changed).mean() == pytest.approx(flip_tool, abs=2e-5)


def test_flip_agrees_with_its_evaluator_pixel_by_pixel():
    evaluator = pytest.importorskip("flip_evaluator", reason="flip-evaluator is not installed")
    picture = scene()
    changed = waves(picture, 0.05, 9)
    theirs, _, _ = evaluator.evaluate(picture, changed, "LDR", applyMagma=False)
    assert np.abs(theirs[..., 0] - flip(picture, changed)).max() < 2e-4


def test_equal_pictures_have_the_best_score():
    picture = scene()
    assert ssimulacra2(picture, picture) == pytest.approx(100, abs=0.01)
    assert flip(picture, picture).max() < 1e-3


@settings(max_examples=8, deadline=None)
@given(st.integers(8, 150), st.integers(8, 150), st.floats(0.01, 0.1))
def test_more_of_a_change_shows_more_at_any_size(height, width, size):
    picture = scene(height, width)
    noise = np.random.default_rng(1).normal(0, size, picture.shape).astype(np.float32)
    less, more = ((picture + part * noise).clip(0, 1) for part in (0.4, 1.0))
    assert ssimulacra2(picture, more) < ssimulacra2(picture, less) <= 100
    assert flip(picture, more).mean() > flip(picture, less).mean()
    assert flip(picture, more).shape == (height, width)


def test_large_pictures_are_compared_in_bands_with_the_same_result():
    picture = scene(2500, 96)
    changed = waves(picture, 0.03, 12)
    with torch.no_grad():
        whole = float(Ssimulacra2(to_batch(picture))(to_batch(changed)))
        shown = Flip(to_batch(picture))(to_batch(changed)).numpy()
    assert ssimulacra2(picture, changed) == pytest.approx(whole, abs=0.02)
    assert np.abs(flip(picture, changed) - shown).max() < 1e-4


def test_a_tile_that_changed_has_the_lowest_score():
    picture = scene(512, 512)
    changed = picture.copy()
    changed[256:, :256] = waves(picture, 0.01, 11)[256:, :256]
    tiles = Ssimulacra2(to_batch(picture)).tiles(to_batch(changed))
    assert tiles.shape == (2, 2)
    assert int(tiles.argmin()) == 2
    assert float(tiles[1, 0]) == pytest.approx(ssimulacra2(picture[256:, :256], changed[256:, :256]), abs=4)
    assert float(tiles[0, 1]) > float(tiles[1, 0]) + 15


def test_what_counts_little_may_be_left_out():
    picture, changed = to_batch(scene()), to_batch(waves(scene(), 0.02, 9))
    assert float(Ssimulacra2(picture, cutoff=0.01)(changed)) == pytest.approx(
        float(Ssimulacra2(picture)(changed)), abs=0.1
    )


@pytest.mark.parametrize("measure", [Ssimulacra2, Flip])
def test_gradients_say_where_a_picture_gets_worse(measure):
    picture = to_batch(scene(120, 130))
    changed = to_batch(waves(scene(120, 130), 0.03, 9)).requires_grad_()
    shown = measure(picture)(changed).mean()
    (slope,) = torch.autograd.grad(shown, changed)
    assert slope.isfinite().all()
    better = -1 if measure is Flip else 1
    step = 0.002 * slope / slope.square().mean().sqrt()
    moved = measure(picture)((changed + better * step).detach()).mean()
    assert better * float(moved - shown.detach()) > 0
