"""A calibration turns numbers into evidence, holds its bar on others, and survives being written."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artaudit.attribution.bars import FALSE_NAMING_RATE, FALSE_NAMING_RATE_EACH, bar_over, bars_over
from artaudit.attribution.calibration import (
    LEAST_NEGATIVES,
    CandidateCalibration,
    fit_stratum,
)
from artaudit.attribution.calibration_files import read_calibration
from artaudit.attribution.regression import BELONGING, FURTHER, REAL
from artaudit.errors import ModelError, UsageError

ABOUT = {"model": "m", "digest": "d", "method": "octaves", "names": ("a", "b"), "pictures": "drawn numbers"}


def stratum(apart, count=60, seed=0, others=("real pictures", "blurred pictures"), **kind):
    rng = np.random.default_rng(seed)
    sets = {BELONGING: rng.normal(apart, 1, (count, 2)), **{name: rng.normal(0, 1, (count, 2)) for name in others}}
    return fit_stratum(sets, {name: np.arange(count) for name in sets}, **kind)


def calibrated(apart, **settings):
    return CandidateCalibration(**ABOUT, strata=(stratum(apart, **settings),))


def test_sets_that_lie_apart_are_told_and_evidence_is_bounded_while_scores_are_not():
    learned = stratum(3.0)
    assert learned.separable
    assert min(learned.aucs.values()) > 0.98
    high, low = (float(learned.score(np.full((1, 2), value))[0]) for value in (1e6, -1e6))
    assert learned.ratio(high) == learned.cap == pytest.approx(np.log10(61))
    assert learned.ratio(low) == -learned.cap
    assert high > learned.bar > low


def test_a_candidate_is_named_though_others_reach_the_bound_of_the_evidence():
    rng = np.random.default_rng(4)
    others = np.concatenate([rng.normal(0, 1, (98, 2)), np.full((2, 2), 7.0)])
    own = np.concatenate([rng.normal(6, 1, (50, 2)), rng.normal(14, 1, (50, 2))])
    sets = {BELONGING: own, "others": others}
    learned = fit_stratum(sets, {name: np.arange(100) for name in sets})
    assert learned.bar > learned.cap
    assert learned.passed[BELONGING][0] >= 50 and learned.named_of_others[0] == 0


def test_sets_that_are_alike_are_not_separable():
    assert not calibrated(0.0).separable


def test_a_resize_is_looked_for_only_where_resized_pictures_are_told_well():
    assert stratum(3.0).searchable
    hard = stratum(1.0, count=200)
    assert hard.separable and not hard.searchable


def test_one_set_of_others_that_is_alike_is_enough_to_be_silent():
    rng = np.random.default_rng(1)
    sets = {BELONGING: rng.normal(4, 1, (60, 2)), "real": rng.normal(0, 1, (60, 2)), "twin": rng.normal(4, 1, (60, 2))}
    learned = fit_stratum(sets, {name: np.arange(60) for name in sets})
    assert learned.aucs["real"] > 0.9
    assert not learned.separable


@given(st.integers(0, 10_000), st.integers(10, 500), st.integers(1, 4))
def test_the_bar_is_conformal_over_all_and_over_each_set(seed, count, sets):
    rng = np.random.default_rng(seed)
    others = {str(number): rng.normal(number, 1 + number, count) for number in range(sets)}
    bar = bar_over(others)
    reached = {name: int((values >= bar).sum()) for name, values in others.items()}
    assert sum(reached.values()) <= FALSE_NAMING_RATE * (sets * count + 1)
    assert all(number <= FALSE_NAMING_RATE_EACH * (count + 1) for number in reached.values())


def test_plain_pictures_have_a_bar_of_their_own_which_does_not_raise_that_of_the_rest():
    scores = np.concatenate([np.linspace(-5, 1.5, 290), np.full(10, 4.0)])
    odd = np.arange(300) >= 290
    bar, bar_of_plain = bars_over({REAL: scores}, {REAL: odd})
    assert bar == bar_over({REAL: scores[:290]}) < 1.6 and 4 < bar_of_plain < 4.1
    assert bars_over({REAL: scores[:290]}, {REAL: odd[:290]}) == (bar, bar)
    assert bars_over({REAL: scores[290:]}, {REAL: odd[290:]})[1] > 4


def test_files_that_score_low_do_not_hide_how_high_pictures_score_that_never_were_any():
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.normal(1, 1, 400), rng.normal(-5, 1, 1600)])
    saved, odd = np.arange(2000) >= 400, np.zeros(2000, bool)
    together, _ = bars_over({REAL: scores}, {REAL: odd})
    apart, _ = bars_over({REAL: scores}, {REAL: odd}, {REAL: saved})
    assert apart == bar_over({REAL: scores[:400]}) > together
    swapped, _ = bars_over({REAL: scores}, {REAL: odd}, {REAL: ~saved})
    assert swapped == apart


def test_the_two_sets_of_real_pictures_keep_their_rate_together():
    scores = np.random.default_rng(0).normal(0, 2, 600)
    odd = np.zeros(600, bool)
    apart = bars_over({REAL: scores[:200], FURTHER: scores[200:]}, {REAL: odd[:200], FURTHER: odd[200:]})
    assert apart == bars_over({REAL: scores}, {REAL: odd})


def test_a_plain_picture_is_held_to_its_bar():
    learned = replace(stratum(3), bar=1.0, bar_of_plain=2.0)
    assert (learned.bar_for(plain=True), learned.bar_for(plain=False)) == (2, 1)
    assert replace(learned, bar_of_plain=None).bar_for(plain=True) == 1


def test_crops_are_searched_for_of_what_scores_as_high_as_half_of_the_real_pictures():
    learned = stratum(3)
    scores = learned.quantiles[REAL]
    assert scores[0] < learned.near == np.median(scores) < scores[-1]
    assert stratum(3, others=("drawn by another",)).near == -np.inf


def test_few_pictures_are_told():
    assert stratum(3.0, count=60).small and stratum(3.0, count=60).different == 60
    assert stratum(3.0, count=99).small  # 198 by others
    assert not stratum(3.0, count=LEAST_NEGATIVES).small


def test_the_stratum_is_the_largest_that_a_picture_fills():
    strata = tuple(
        stratum(2.0, side=side, resized=resized) for side, resized in ((64, False), (192, False), (192, True))
    )
    learned = CandidateCalibration(**ABOUT, strata=strata)
    assert [learned.stratum(side).side for side in (32, 64, 191, 192, 4000)] == [64, 64, 64, 192, 192]
    assert learned.stratum(100, resized=True).resized
    assert len(learned.summary()) == 3


def test_versions_of_one_picture_never_stand_on_both_sides():
    rng = np.random.default_rng(2)
    memory = rng.normal(0, 1, (20, 30))
    sets = {BELONGING: np.tile(memory, (4, 1)), "others": np.tile(rng.normal(0, 1, (20, 30)), (4, 1))}
    assert not fit_stratum(sets, {name: np.tile(np.arange(20), 4) for name in sets}).separable


def test_what_is_written_is_read_back(tmp_path):
    learned = calibrated(2.0)
    path = tmp_path / "m.json"
    path.write_text(learned.as_json())
    assert read_calibration(path) == learned


@pytest.mark.parametrize(
    "change",
    [{"schema": "other"}, {"names": None}, {"more": 1}, {"strata": [1]}, {"names": ["a"]}],
    ids=str,
)
def test_a_calibration_that_is_not_whole_is_refused(tmp_path, change):
    path = tmp_path / "m.json"
    path.write_text(json.dumps(json.loads(calibrated(2.0).as_json()) | change))
    with pytest.raises(ModelError, match="enrol the model again"):
        read_calibration(path)


def test_a_calibration_of_an_earlier_version_does_not_count(tmp_path):
    path = tmp_path / "m.json"
    path.write_text(json.dumps({"schema": "artaudit-attribution/1", "model": "m", "bar": 1.0}))
    assert read_calibration(path) is None


def test_too_few_pictures_are_refused():
    with pytest.raises(UsageError, match="more pictures"):
        calibrated(3.0, count=9)
