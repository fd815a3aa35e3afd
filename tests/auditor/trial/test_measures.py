"""Visibility, controls, and the ratio with its interval."""

import math

import numpy as np
import pytest

from artaudit import distances
from artaudit.auditor.trial.judges import CHANGED, CLEAN, NOISES, ratio, variants
from artaudit.auditor.trial.survival import Tools, plan
from artaudit.auditor.trial.visibility import ms_ssim, visibility, worst_tile
from artaudit.image import read
from artaudit.protect.receipt import middle


def test_the_controls_show_as_much_as_the_change(clean, noised):
    before, after = middle(read(clean)), middle(read(noised(2.0)))
    pictures = variants(before, after, seed=3)
    assert list(pictures) == [CLEAN, CHANGED, *NOISES]
    for name in NOISES:
        assert distances.psnr(before, pictures[name]) == pytest.approx(distances.psnr(before, after), abs=0.05)
        assert not np.array_equal(pictures[name], after)


def test_noise_like_a_change_stays_where_the_change_is_and_has_its_grain(clean):
    before = middle(read(clean))
    waves = 0.02 * np.sin(np.arange(128) / 4)[None, :, None] * (np.arange(128) < 64)[:, None, None]
    after = np.rint((before + waves).clip(0, 1) * 255).astype(np.float32) / 255
    added = variants(before, after, seed=3)[NOISES[2]] - before
    assert added[:50].std() > 5 * added[80:].std()
    spectrum = np.abs(np.fft.rfft(added[:50].mean(axis=2), axis=1)).mean(axis=0)
    assert abs(int(spectrum[1:].argmax()) + 1 - round(128 / (4 * 2 * math.pi))) <= 1


def test_what_shows_is_measured_on_the_whole_picture(clean, noised):
    same = visibility(read(clean), read(clean))
    assert same["psnr_db"] is None and same["worst_tile_psnr_db"] is None
    assert same["ssim"] == same["ms_ssim"] == 1 and same["linf"] == 0
    seen = visibility(read(clean), read(noised(0.0)))
    assert seen["worst_tile_psnr_db"] <= seen["psnr_db"] < 36
    assert 0 < seen["ssim"] < 1 and seen["delta_e_p95"] > seen["delta_e_mean"] > 0


def test_similarity_at_many_scales_forgives_fine_noise_more_than_one_scale_does(clean, noised):
    before, after = read(clean).pixels, read(noised(0.0)).pixels
    assert distances.ssim(before, after) < ms_ssim(before, after) < 1
    assert ms_ssim(before, before) == 1


def test_the_worst_tile_is_the_one_that_changed_most():
    one = np.zeros((130, 200, 3), np.float32)
    other = one.copy()
    other[128:, 192:] = 0.5
    assert worst_tile(one, other) == pytest.approx(-10 * math.log10(0.25), abs=1e-4)


def test_a_ratio_lies_in_its_interval_which_shrinks_with_more_tiles():
    random = np.random.default_rng(0)
    noise = random.uniform(1, 2, 400)
    few, many = (
        ratio(4 * noise[:count] * random.uniform(0.8, 1.2, count), noise[:count], seed=1) for count in (9, 400)
    )
    for gain, low, high in (few, many):
        assert low < gain < high and gain == pytest.approx(2, abs=0.15)
    assert few[2] - few[1] > many[2] - many[1]
    assert ratio(noise, noise, seed=1) == (1.0, 1.0, 1.0)


def test_a_plan_says_why_an_attack_is_left_out():
    quick, every, one = (plan(chosen, Tools()) for chosen in (("quick",), ("all",), ("jpeg",)))
    reasons = {outcome.attack: outcome.why for outcome in quick.skipped}
    assert "trained" in reasons["trained-remover"] and "autoencoder" in reasons["autoencoder-loop"]
    assert "long" in reasons["gridpure"]
    assert {name for name, _ in one.run} == {"jpeg"}
    assert {name for name, _ in every.run} == {name for name, _ in quick.run}
    everyday = {outcome.attack for outcome in one.skipped if outcome.everyday}
    assert everyday >= {"resize", "crop-resize", "screenshot", "social-media", "jpeg-full-colour"}
