"""A calibration turns numbers into bounded evidence, holds its bar on others, and survives being written."""

import json

import numpy as np
import pytest

from artaudit.attribution.calibration import (
    BELONGING,
    FALSE_ALARM_RATE,
    LEAST_EVIDENCE,
    OFF_GRID,
    calibrate,
    read_calibration,
)
from artaudit.errors import ModelError, UsageError

ABOUT = {"model": "m", "digest": "d", "method": "octaves", "names": ("a", "b"), "pictures": "drawn numbers"}


def calibrated(apart, count=60, seed=0, others=("real pictures", "blurred pictures")):
    rng = np.random.default_rng(seed)
    sets = {BELONGING: rng.normal(apart, 1, (count, 2)), **{name: rng.normal(0, 1, (count, 2)) for name in others}}
    return calibrate(sets, {name: np.arange(count) for name in sets}, **ABOUT)


def test_sets_that_lie_apart_are_told_and_the_evidence_is_bounded():
    learned = calibrated(3.0)
    assert learned.separable
    assert min(learned.aucs.values()) > 0.98
    assert learned.bar >= LEAST_EVIDENCE
    assert learned.score(np.full((1, 2), 1e6)) == learned.cap == pytest.approx(np.log10(61))
    assert learned.score(np.full((1, 2), -1e6)) == -learned.cap
    assert learned.score(np.full((1, 2), 1e6), bounded=False) > learned.cap


def test_sets_that_are_alike_are_not_separable():
    assert not calibrated(0.0).separable


def test_one_set_of_others_that_is_alike_is_enough_to_be_silent():
    rng = np.random.default_rng(1)
    sets = {BELONGING: rng.normal(4, 1, (60, 2)), "real": rng.normal(0, 1, (60, 2)), "twin": rng.normal(4, 1, (60, 2))}
    learned = calibrate(sets, {name: np.arange(60) for name in sets}, **ABOUT)
    assert learned.aucs["real"] > 0.9
    assert not learned.separable


def off_grid(place, count=60):
    """Return sets whose first number tells others, and whose second tells the grid."""
    rng = np.random.default_rng(5)
    places = {BELONGING: (4, 0), "others": (0, 0), OFF_GRID: place}
    sets = {name: rng.normal(where, 1, (count, 2)) for name, where in places.items()}
    groups = {name: np.arange(count) for name in sets}
    alone = {name: values for name, values in sets.items() if name != OFF_GRID}
    return calibrate(sets, groups, **ABOUT), calibrate(alone, groups, **ABOUT)


def test_what_lies_off_the_grid_teaches_and_is_held_against_nobody():
    learned, alone = off_grid((4, -4))
    assert learned.weights[1] > 10 * abs(alone.weights[1])
    assert learned.aucs.keys() == alone.aucs.keys() == {"others"}
    assert OFF_GRID in learned.quantiles and OFF_GRID not in learned.passed
    assert learned.false_alarms.trials == 60


def test_of_a_decoder_without_a_grid_nothing_is_learned_off_it():
    learned, alone = off_grid((4, 0))
    assert learned == alone


@pytest.mark.parametrize("apart", [0.0, 1.0, 3.0])
def test_no_set_of_others_passes_the_bar_more_often_than_said(apart):
    learned = calibrated(apart, count=100)
    for name, (count, trials) in learned.passed.items():
        assert name == BELONGING or count <= FALSE_ALARM_RATE * trials
    assert learned.false_alarms.trials == 200


def test_versions_of_one_picture_never_stand_on_both_sides():
    rng = np.random.default_rng(2)
    memory = rng.normal(0, 1, (20, 30))
    sets = {BELONGING: np.tile(memory, (4, 1)), "others": np.tile(rng.normal(0, 1, (20, 30)), (4, 1))}
    learned = calibrate(sets, {name: np.tile(np.arange(20), 4) for name in sets}, **ABOUT)
    assert not learned.separable


def test_what_is_written_is_read_back(tmp_path):
    learned = calibrated(2.0)
    path = tmp_path / "m.json"
    path.write_text(learned.as_json())
    assert read_calibration(path) == learned


@pytest.mark.parametrize(
    "change",
    [{"schema": "other"}, {"weights": None}, {"more": 1}, {"passed": [1]}],
    ids=lambda change: next(iter(change)),
)
def test_a_calibration_that_is_not_whole_is_refused(tmp_path, change):
    path = tmp_path / "m.json"
    path.write_text(json.dumps(json.loads(calibrated(2.0).as_json()) | change))
    with pytest.raises(ModelError, match="calibrate again"):
        read_calibration(path).score(np.zeros((1, 2)))


def test_too_few_pictures_are_refused():
    with pytest.raises(UsageError, match="more pictures"):
        calibrated(3.0, count=9)
