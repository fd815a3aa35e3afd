"""What enrolments are measured on, and how they go on after a stop."""

import numpy as np
import pytest
import torch

from artaudit.attribution.enrolment import Unfinished
from artaudit.attribution.known_pictures import (
    MISTAKEN,
    NEVER,
    SCALES,
    SIDE,
    SIDES,
    STRANGERS,
    UNDONE,
    middle_crops,
    strangers,
    versions,
)
from artaudit.attribution.known_sets import Known
from artaudit.attribution.regression import BELONGING, FURTHER, REAL
from artaudit.attribution.standing_in import standing_in
from artaudit.errors import UsageError


def test_what_was_measured_before_a_stop_is_not_measured_again(tmp_path):
    measured = []

    def measure():
        measured.append(1)
        return np.arange(3.0)

    for _ in range(2):
        kept = Unfinished(tmp_path / "kept", "model and pictures")
        assert kept.measured("real pictures 0", measure).tolist() == [0, 1, 2]
    assert len(measured) == 1
    Unfinished(tmp_path / "kept", "other pictures").measured("real pictures 0", measure)
    assert len(measured) == 2
    kept.remove()
    assert not (tmp_path / "kept").exists()


def test_a_measurement_that_was_cut_off_is_made_again(tmp_path):
    kept = Unfinished(tmp_path, "a")
    kept.measured("x", lambda: np.ones(4))
    (file,) = tmp_path.glob("*.npy")
    file.write_bytes(file.read_bytes()[:-9])
    assert kept.measured("x", lambda: np.zeros(4)).tolist() == [0, 0, 0, 0]


def test_pictures_that_stand_in_are_the_same_each_time_and_differ_from_one_another():
    first, again = standing_in(5), standing_in(5)
    assert [image.sha256 for image in first] == [image.sha256 for image in again]
    assert len({image.sha256 for image in first}) == 5
    assert len(middle_crops(first)) == 5


def test_versions_have_the_sizes_of_their_strata():
    crops = torch.rand(7, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    every = list(versions(crops, resizes=(UNDONE, NEVER)))
    assert [(version.side, version.resized) for version in every] == [
        *((side, False) for _ in range(4) for side in SIDES),
        (SIDE, True),
        (SIDE, True),
    ]
    for version in every:
        assert version.pixels.shape == (len(version.places), 3, version.side, version.side)
        assert version.pixels.min() >= 0 and version.pixels.max() <= 1


@pytest.mark.parametrize("factor", SCALES)
def test_a_resize_that_is_mistaken_leaves_a_picture_enlarged(factor):
    column = torch.linspace(0, 1, SIDE).expand(3, SIDE, SIDE)
    crops = column.expand(len(SCALES) ** 2, 3, SIDE, SIDE)
    (version,) = (version for version in versions(crops, saved=False, resizes=(MISTAKEN,)) if version.resized)
    for place, picture in enumerate(version.pixels):
        if SCALES[place % len(SCALES)] == factor:
            other = SCALES[place // len(SCALES)]
            enlarged = max(factor, other) / min(factor, other)
            slope = (picture[0, 128, 100] - picture[0, 128, 20]) * SIDE / 80
            assert slope == pytest.approx(1 / enlarged, rel=0.1)


def test_further_pictures_are_pictures_of_their_own_and_measured_as_they_are():
    crops, every = torch.rand(12, 3, SIDE, SIDE), np.arange(12)
    further = torch.rand(24, 3, SIDE, SIDE)
    known = Known({BELONGING: crops, REAL: crops}, {BELONGING: every, REAL: every}, ()).beside(
        further, np.arange(12, 36)
    )
    assert known.sources[FURTHER].tolist() == list(range(12, 36))
    counted = {name: [name for name, _ in known.versions(slow=False)].count(name) for name in known.sets}
    assert counted == {BELONGING: 9, REAL: 10, FURTHER: 9}
    assert [known.count(slow=slow) for slow in (False, True)] == [28, 3]


def test_few_further_pictures_are_left_out():
    crops, every = torch.rand(12, 3, SIDE, SIDE), np.arange(12)
    known = Known({BELONGING: crops, REAL: crops}, {BELONGING: every, REAL: every}, ())
    assert known.beside(crops[:9], every[:9]) is known


def test_strangers_are_as_many_as_the_pictures():
    crops = torch.rand(4, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    sets = strangers(crops)
    assert tuple(sets) == STRANGERS
    assert all(batch.shape == crops.shape for batch in sets.values())
    grey = sets["edited pictures"][2]
    torch.testing.assert_close(grey[0], grey[1])


def test_pictures_that_are_too_small_are_refused():
    with pytest.raises(UsageError, match="larger"):
        middle_crops(standing_in(1), side=SIDE * 2)
