"""What ships is trained by rules: whole origins are left out, thresholds hold in every source, labels read alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artaudit.detect.thresholds import lowest_threshold
from artaudit.metrics import clopper_pearson
from training.collection import DEV, HELD, LEARNED, MADE, REAL, edits_of, listed
from training.detector import balance, by_picture, folds, origin
from training.features import Table

PARTS = (DEV, HELD)


def table(labels, origins):
    made = np.array(labels, bool)
    names = np.array([f"p{origin}" for origin in origins])
    facts = {"label": np.where(made, MADE, REAL), "family": np.where(made, names, ""), "source": names}
    return Table(np.zeros((len(made), 1)), facts)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 4)), min_size=1, max_size=200), st.floats(0, 0.2))
def test_no_more_pass_a_bar_than_it_allows(found, share):
    scores, origins = np.array([score for score, _ in found]), np.array([origin for _, origin in found])
    passed = scores >= lowest_threshold(scores, origins, share, 0.05)
    assert passed.sum() <= max(1, share * len(scores))
    for source in set(origins.tolist()):
        here = origins == source
        assert passed[here].sum() <= 1 or clopper_pearson(int(passed[here].sum()), int(here.sum())).low <= 0.05


def test_a_source_of_which_many_pass_raises_the_bar_and_one_of_few_pictures_does_not():
    scores = np.concatenate([np.linspace(0, 1, 1000), np.full(10, 3.0)])
    origins = np.repeat([0, 1], [1000, 10])
    assert lowest_threshold(scores, origins, 0.05, 0.03) > 3.0
    scores[-8:] = 0.0
    assert lowest_threshold(scores, origins, 0.05, 0.03) < 1.0


def test_a_picture_counts_once_by_the_reading_that_scores_highest():
    readings = table([0, 0, 0], [0, 0, 1])
    readings.facts["sha256"] = np.array(["a", "a", "b"])
    highest, whose = by_picture(readings, np.array([1.0, 5.0, 2.0]))
    assert (highest.tolist(), whose.tolist()) == ([5.0, 2.0], ["p0", "p1"])


def test_one_odd_picture_does_not_raise_the_bar():
    scores = np.concatenate([np.linspace(0, 1, 99), [50.0]])
    assert lowest_threshold(scores, np.zeros(100), 0.01, 0.03) <= 1.0 + 1e-9


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=2, max_size=200))
def test_a_party_lies_in_one_fold(rows):
    readings = table(*zip(*rows, strict=True))
    fold, names = folds(readings), origin(readings)
    for made in (False, True):
        for name in set(names[readings.made == made].tolist()):
            assert len(set(fold[(names == name) & (readings.made == made)].tolist())) == 1


def test_both_labels_weigh_the_same_and_large_parties_do_not_drown_small_ones():
    readings = table([1] * 10 + [0] * 90, [0] * 9 + [1] + [2] * 80 + [3] * 10)
    weights = balance(readings)
    assert weights[readings.made].sum() == pytest.approx(weights[~readings.made].sum())
    assert weights[9] == pytest.approx(3 * weights[0])


def test_the_list_names_every_picture_once_and_divides_no_family_and_no_source():
    rows = listed()
    assert len({picture.sha256 for picture in rows}) == len(rows) > 1000
    for field, label in (("family", MADE), ("source", REAL)):
        dev, held = (
            {getattr(picture, field) for picture in rows if (picture.part, picture.label) == (part, label)}
            for part in PARTS
        )
        assert dev
        assert held
        assert not dev & held


def test_every_listed_real_picture_that_is_learned_from_names_its_licence_or_its_set():
    assert all(picture.licence or picture.source for picture in listed() if picture.use == LEARNED)


def test_pictures_are_read_alike_whatever_made_them():
    edits = {label: set() for label in (REAL, MADE)}
    for picture in listed():
        edits[picture.label] |= set(edits_of(picture))
    assert edits[REAL] == edits[MADE] == {"JPEG 96", "JPEG 75", "resize .75", "web"}
