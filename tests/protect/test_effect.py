"""Controls are as visible as the change, and what a change does is measured beside the strongest of them."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from scipy.ndimage import gaussian_filter

from artaudit import distances
from artaudit.datasets.drawings import draw
from artaudit.datasets.photographs import photograph
from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.protect.effect import (
    ALIKE,
    FINE_COLOUR,
    LOUDEST,
    LOW_PASS,
    MEASURES,
    PLAIN,
    WHITE,
    amplitudes,
    as_visible,
    displacements,
    effect,
    effects,
    noisy,
    with_noise,
)
from artaudit.tensors import to_batch
from artaudit.transforms import to_luma

KINDS = (*PLAIN, ALIKE)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    with Pillow.open(io.BytesIO(photograph("china.jpg"))) as opened:
        part = opened.resize((320, 213)).crop((90, 40, 218, 168))
    return np.asarray(part, dtype=np.float32) / 255


@pytest.fixture(scope="module")
def encoders():
    return [open_model(record) for record in pool.embedded() if record.kind == "studio"][:2]


def smooth(clean: np.ndarray, levels: float = 4, sigma: float = 2.0) -> np.ndarray:
    return noisy(clean, (levels / 255) ** 2, sigma=sigma, seed=77)


def shows(measure, clean: np.ndarray, picture: np.ndarray) -> float:
    return abs(measure(clean, picture) - measure(clean, clean))


@pytest.mark.parametrize("levels", [1, 4])
def test_every_control_shows_as_much_as_the_change_by_one_measure_and_no_less_by_the_other(photo, levels):
    changed = smooth(photo, levels)
    controls = as_visible(photo, changed, seed=3, kinds=KINDS)
    assert list(controls) == list(KINDS)
    for control in controls.values():
        beside = [shows(measure, photo, control) / shows(measure, photo, changed) for measure in MEASURES.values()]
        assert min(beside) == pytest.approx(1, abs=0.04)


def test_a_further_measure_can_only_make_a_control_louder(photo):
    changed = smooth(photo)
    few = amplitudes(photo, changed, seed=3, kinds=KINDS, measures={"FLIP": MEASURES["FLIP"]})
    more = amplitudes(photo, changed, seed=3, kinds=KINDS, measures=dict(reversed(MEASURES.items())))
    assert all(more[kind] >= few[kind] * 0.999 for kind in KINDS)
    both = amplitudes(photo, changed, seed=3, kinds=KINDS)
    assert more == pytest.approx(both, rel=0.03)


def test_what_a_measure_does_not_see_goes_no_further_than_the_loudest(photo):
    def luma(original: np.ndarray, changed: np.ndarray) -> float:
        return float((to_luma(to_batch(original)) - to_luma(to_batch(changed))).square().mean().sqrt()) // 0.01

    changed = (photo * 0.8).astype(np.float32)
    assert amplitudes(photo, changed, seed=1, kinds=(FINE_COLOUR,), measures={"luma": luma}) == {
        FINE_COLOUR: pytest.approx(LOUDEST)
    }


def test_a_change_that_no_measure_sees_has_no_control_louder_than_nothing(photo):
    changed = smooth(photo)
    blind = amplitudes(photo, changed, seed=1, measures={"nothing": lambda original, changed: 0.0})  # noqa: ARG005
    assert max(blind.values()) < 0.2 / 255
    same = as_visible(photo, photo, seed=1, kinds=KINDS)
    assert all(np.array_equal(picture, photo) for picture in same.values())


@given(st.sampled_from(KINDS), st.integers(0, 1000), st.floats(0.004, 0.05))
@settings(max_examples=12)
def test_the_louder_a_noise_the_further_it_moves_latents(photo, encoders, kind, seed, amplitude):
    changed = smooth(photo)
    quiet, loud = (with_noise(photo, changed, kind, part, seed=seed) for part in (amplitude, 1.3 * amplitude))
    for encoder in encoders:
        near, far = displacements(encoder, photo, [quiet, loud])
        assert near < far


def test_fine_colour_has_no_luma_and_nothing_coarse(photo):
    grey = np.full_like(photo, 0.5)
    added = with_noise(grey, grey, FINE_COLOUR, 0.1, seed=2) - grey
    luma = to_luma(to_batch(added)).numpy()
    assert luma.std() < 0.03 * added.std()
    assert gaussian_filter(added, (3, 3, 0)).std() < 0.1 * added.std()


def test_noise_itself_gains_nothing_whatever_its_grain(photo, encoders):
    for sigma in (0.0, 1.0):
        for found in effects(encoders, photo, smooth(photo, 3, sigma), seed=5):
            assert found.gain < 1.15
            assert found.gain_at_equal_psnr == pytest.approx(1, abs=0.15) or found.gain_at_equal_psnr < 1


def test_an_effect_is_the_change_beside_the_strongest_noise_and_says_what_papers_say(photo, encoders):
    changed = smooth(photo, 4, 3.0)
    found = effect(encoders[0], photo, changed, seed=1)
    assert set(found.noises) == {WHITE, LOW_PASS, FINE_COLOUR}
    assert found.gain == found.displacement / max(found.noises.values())
    assert found.gain < found.gain_at_equal_psnr
    assert effect(encoders[0], photo, photo).gain == 0


@pytest.mark.parametrize("number", [1, 2])
def test_flat_art_has_controls_too(number):
    clean = np.asarray(draw(np.random.default_rng(number)).resize((96, 96)).convert("RGB"), dtype=np.float32) / 255
    changed = smooth(clean, 2, 1.5)
    for control in as_visible(clean, changed, seed=1, kinds=KINDS).values():
        assert distances.ssimulacra2(clean, control) <= distances.ssimulacra2(clean, changed) + 0.5
