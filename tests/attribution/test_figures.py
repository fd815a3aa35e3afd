"""Measures of an attribution agree with scikit-learn's and with counting by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from artaudit.attribution.figures import (
    NONE,
    Share,
    accuracy_at_false_alarms,
    answer,
    at_false_alarms,
    closed_set_accuracy,
    confusion,
    open_set_auc,
)
from artaudit.metrics import auc

SCORES = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0]), min_size=1, max_size=20)


@given(SCORES, SCORES)
def test_the_auc_is_the_one_of_scikit_learn(own, others):
    truth = [1] * len(own) + [0] * len(others)
    assert auc(np.array(own), np.array(others)) == pytest.approx(roc_auc_score(truth, own + others))


@given(SCORES, st.lists(st.floats(-5, 5), min_size=1, max_size=60), st.sampled_from([0.01, 0.05, 0.2]))
def test_no_more_others_than_the_rate_are_beyond_the_bar(own, others, rate):
    _, _, alarms = at_false_alarms(np.array(own), np.array(others), rate)
    assert alarms.value <= rate


@given(st.integers(1, 300), st.data())
def test_an_interval_holds_its_share(trials, data):
    share = Share(data.draw(st.integers(0, trials)), trials)
    low, high = share.interval
    assert 0 <= low <= share.value + 1e-12
    assert share.value - 1e-12 <= high <= 1


def test_the_interval_of_eight_in_ten_is_wilsons():
    assert Share(8, 10).interval == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert Share(0, 0).interval == (0, 1)


def test_nobody_beyond_the_bar_is_none_of_these_and_several_are_a_set():
    bars = {"a": 1.0, "b": 1.0}
    assert answer({"a": 0.5, "b": 0.9}, bars) == ()
    assert answer({"a": 1.5, "b": 2.0}, bars) == ("b", "a")


def test_a_confusion_table_counts_open_and_closed():
    truths, scores = ["a", "a", "real"], [{"a": 2.0, "b": 0.0}, {"a": -1.0, "b": 0.0}, {"a": -3.0, "b": -2.0}]
    assert confusion(truths, scores, {"a": 1.0, "b": 1.0}) == {"a": {"a": 1, NONE: 1}, "real": {NONE: 1}}
    closed = confusion(truths[:2], scores[:2])
    assert closed == {"a": {"a": 1, "b": 1}}
    assert closed_set_accuracy(closed) == Share(1, 2)
    assert open_set_auc(truths, scores) == 1.0


def test_accuracy_counts_both_sides():
    assert accuracy_at_false_alarms(np.array([3.0, 3.0, 0.0]), np.arange(20) / 10, 0.05) == Share(2 + 19, 23)
