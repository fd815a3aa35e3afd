"""A fused detector is one detector: weights learned from scores alone, measured on what was left out whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artaudit.detect import metrics
from artaudit.detect.detectors.fused import FOLDS, NETWORKS, SCORE, FusedDetector, folds, origins_of, unseen
from artaudit.detect.detectors.published import PublishedDetector
from artaudit.detect.detectors.residual import ResidualDetector
from artaudit.errors import ModelError


def rows_of(made, *scores):
    """Return rows of a shipped detector's score, two distances and networks' log odds."""
    distances = np.full((len(made), 2), 0.5)
    return np.column_stack([scores[0], distances, *scores[1:]])


@pytest.fixture
def told():
    """Return rows in which the second network knows what the shipped detector does not, and the first errs."""
    rng = np.random.default_rng(0)
    made = np.arange(400) % 2 == 1
    base, good, wrong = made + rng.normal(0, 1, 400), 2 * made + rng.normal(0, 1, 400), rng.normal(0, 1, 400) - made
    return rows_of(made, base, wrong, 10 * good), made


def test_a_fusion_ranks_better_than_its_parts_and_weighs_none_negatively(told):
    rows, made = told
    fused = FusedDetector(["wrong", "good"]).fit_features(rows, made)
    assert fused.weights_.min() == fused.weights_[1] == 0
    alone = [metrics.labelled_auc(rows[:, at], made) for at in (SCORE, NETWORKS, NETWORKS + 1)]
    assert metrics.labelled_auc(fused.score_features(rows), made) > max(alone)
    origins = np.array([f"{number % 10}" for number in range(400)])
    assert metrics.labelled_auc(unseen(rows, made, origins, ["wrong", "good"]), made) > max(alone) - 0.01


def test_scores_beyond_all_that_was_seen_weigh_no_more(told):
    rows, made = told
    fused = FusedDetector(["wrong", "good"]).fit_features(rows, made)
    far, edge = rows[:1].copy(), rows[:1].copy()
    far[0, -1], edge[0, -1] = 1e9, rows[:, -1].max()
    assert fused.score_features(far) == fused.score_features(edge)


def test_what_the_shipped_detector_does_not_know_is_not_judged(told):
    rows, made = told
    fused = FusedDetector(["wrong", "good"]).fit_features(rows, made)
    rows[0, 1], rows[1, 2] = 1.1, 1.1
    assert fused.gate_.knows(rows).tolist() == [False, False] + [True] * 398


def test_a_detector_of_useless_parts_says_the_same_of_everything():
    made = np.arange(40) % 2 == 1
    fused = FusedDetector().fit_features(rows_of(made, -made.astype(float)), made)
    assert np.ptp(fused.score_features(rows_of(made, -made.astype(float)))) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 7)), min_size=1, max_size=80))
def test_parties_are_left_out_whole_and_every_row_once(drawn):
    made = np.array([generated for generated, _ in drawn])
    origins = np.array([f"{'made' if generated else 'real'} {number}" for generated, number in drawn])
    apart = list(folds(made, origins))
    assert (np.sum(apart, axis=0) == 1).all()
    assert len(apart) <= FOLDS
    for place in set(origins.tolist()):
        assert sum((origins == place)[fold].any() for fold in apart) == 1


def test_generators_and_sources_are_left_out_where_there_are_enough():
    made = np.repeat([False, True], 6)
    names = np.array(["a", "a", "b", "b", "a", "b", "x", "y", "z", "x", "y", "z"])
    groups = np.array([str(number) for number in range(12)])
    origins, said = origins_of(made, names, groups)
    assert said == ["groups", "generators"]
    assert origins.tolist() == [*groups[:6], *(f"generators: {name}" for name in names[6:])]


class Says(PublishedDetector):
    """A network that says one thing of every picture."""

    def __init__(self, odds):
        super().__init__()
        self.odds = odds

    def read_crops(self, _picture):
        return [(0, 0)], np.array([[self.odds]])


def base_of(pictures):
    made = np.arange(len(pictures)) % 2 == 1
    return ResidualDetector(side=64, crops=3).fit(pictures, made, held_out=pictures[:2])


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(0)
    plain = [rng.random((160, 200, 3), dtype=np.float32) for _ in range(8)]
    return [picture if at % 2 == 0 else picture.repeat(2, 0)[:160] * 0.9 for at, picture in enumerate(plain)]


def test_the_rows_of_crops_say_where_the_evidence_lies_and_their_mean_is_the_pictures(pictures):
    base = base_of(pictures)
    fused = FusedDetector(["one", "two"])
    fused.use(base, [Says(3.0), Says(-1.0)], {"shipped": "0", "one": "1", "two": "2"})
    corners, rows = fused.read_crops(pictures[0])
    assert corners == base.read_crops(pictures[0])[0]
    assert len(corners) == 3
    described = base.features(pictures[:1])
    whole = rows.mean(axis=0)
    assert whole[SCORE] == pytest.approx(base.score_features(described)[0])
    assert whole[1:3] == pytest.approx(base.gate_.distances(described)[0])
    assert whole[NETWORKS:].tolist() == [3.0, -1.0]
    scores = base.score_features(base.read_crops(pictures[0])[1])
    assert np.ptp(rows[:, SCORE]) == pytest.approx(np.ptp(scores))
    assert fused.features(pictures[:2]).shape == (2, 5)
    assert np.isnan(fused.features([np.zeros((100, 300, 3), np.float32)])).all()
    assert fused.side == 64


def test_other_parts_are_another_detector(pictures):
    fused = FusedDetector(["one"])
    base = base_of(pictures)
    fused.use(base, [Says(0.0)], {"shipped": "0", "one": "1"})
    with pytest.raises(ModelError, match="another one: join it again with `audit detector fuse`"):
        fused.use(base, [Says(0.0)], {"shipped": "0", "one": "2"})
