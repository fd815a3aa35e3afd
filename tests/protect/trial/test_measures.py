"""Controls of a trial, the ratio with its interval, and which attacks run."""

import math

import numpy as np
import pytest

from artaudit.generators import pool
from artaudit.image import read
from artaudit.protect.effect import ALIKE, MEASURES, amplitudes
from artaudit.protect.receipt import middle
from artaudit.protect.trial.judges import CHANGED, CLEAN, NOISES, gains_at_equal_psnr, judges, ratio, variants
from artaudit.protect.trial.survival import Tools, plan


def test_the_pictures_of_a_trial_are_the_pair_and_noises_as_visible(clean, noised):
    before, after = middle(read(clean)), middle(read(noised(2.0)))
    pictures = variants(before, after, amplitudes(before, after, seed=3, kinds=NOISES), seed=3)
    assert list(pictures) == [CLEAN, CHANGED, *NOISES]
    for name in NOISES:
        beside = [
            (shows(before, pictures[name]) - shows(before, before)) / (shows(before, after) - shows(before, before))
            for shows in MEASURES.values()
        ]
        assert min(beside) == pytest.approx(1, abs=0.04)
        assert not np.array_equal(pictures[name], after)


def test_noise_like_a_change_stays_where_the_change_is_and_has_its_grain(clean):
    before = middle(read(clean))
    waves = 0.02 * np.sin(np.arange(128) / 4)[None, :, None] * (np.arange(128) < 64)[:, None, None]
    after = np.rint((before + waves).clip(0, 1) * 255).astype(np.float32) / 255
    added = variants(before, after, {ALIKE: 0.01}, seed=3)[ALIKE] - before
    assert added[:50].std() > 5 * added[80:].std()
    spectrum = np.abs(np.fft.rfft(added[:50].mean(axis=2), axis=1)).mean(axis=0)
    assert abs(int(spectrum[1:].argmax()) + 1 - round(128 / (4 * 2 * math.pi))) <= 1


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
    quick, every, single = (plan(chosen, Tools()) for chosen in (("quick",), ("all",), ("jpeg",)))
    reasons = {outcome.attack: outcome.why for outcome in quick.skipped}
    assert "trained" in reasons["trained-remover"] and "autoencoder" in reasons["autoencoder-loop"]
    assert "long" in reasons["gridpure"]
    assert {name for name, _ in single.run} == {"jpeg"}
    assert {name for name, _ in every.run} == {name for name, _ in quick.run}


@pytest.mark.usefixtures("house")
def test_a_receipt_makes_hold_outs_of_the_models_that_a_cloak_never_met():
    families = {record.name: record.family for record in pool.embedded() if record.kind == "studio"}
    met = min(families)
    receipt = {"models": [{"name": f"{met}@0123456789ab", "digest": "0"}]}
    held_out = {judge.record.name: judge.hold_out for judge in judges(receipt)}
    assert held_out == {name: family != families[met] for name, family in families.items()}
    unknown = {"models": [*receipt["models"], {"name": "gone@1", "digest": "1"}]}
    assert not any(judge.hold_out for some in (None, unknown, {"models": []}) for judge in judges(some))


@pytest.mark.usefixtures("house")
def test_gains_at_equal_psnr_stand_beside_for_every_judge(clean, noised):
    before, after = middle(read(clean)), middle(read(noised(0.0)))
    gains = gains_at_equal_psnr(judges(), before, after, seed=1)
    assert set(gains) == {judge.record.name for judge in judges()}
    assert all(0.2 < gain < 1.2 for gain in gains.values())
