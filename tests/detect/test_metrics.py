"""Metrics agree with what can be counted by hand, and their intervals hold what they promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artaudit.detect import metrics
from artaudit.errors import UsageError
from artaudit.metrics import clopper_pearson

SCORES = np.array([-2.0, -1.0, 0.5, -0.5, 1.0, 2.0])
MADE = np.array([False, False, False, True, True, True])


def test_metrics_by_hand():
    assert metrics.labelled_auc(SCORES, MADE) == pytest.approx(8 / 9)
    assert metrics.balanced_accuracy(SCORES, MADE) == pytest.approx(2 / 3)
    assert metrics.hits_at(0.01)(SCORES, MADE) == pytest.approx(2 / 3)
    assert metrics.hits_at(0.34)(SCORES, MADE) == 1
    assert metrics.equal_error_rate(SCORES, MADE) == pytest.approx(1 / 3)
    assert metrics.average_precision(SCORES, MADE) == pytest.approx((1 + 1 + 3 / 4) / 3)


def test_log_ratios_that_know_nothing_cost_one_bit():
    nothing = np.zeros(6)
    assert metrics.cllr(nothing, MADE) == pytest.approx(1)
    assert metrics.brier(nothing, MADE) == pytest.approx(0.25)
    assert metrics.calibration_error(nothing, MADE) == pytest.approx(0)


def test_log_ratios_that_promise_too_much_cost_more_than_knowing_nothing():
    assert metrics.cllr(-20.0 * np.sign(MADE - 0.5), MADE) > 1
    assert metrics.calibration_error(-20.0 * np.sign(MADE - 0.5), MADE) == pytest.approx(1)


def test_true_log_ratios_are_calibrated():
    rng = np.random.default_rng(0)
    made = np.repeat([False, True], 4000)
    score = rng.normal(np.where(made, 1.0, -1.0), 1.0)
    assert metrics.calibration_error(2 * score, made) < 0.02
    assert metrics.cllr(2 * score, made) < metrics.cllr(score, made)


def test_the_interval_widens_when_pictures_of_a_group_go_together():
    rng = np.random.default_rng(0)
    made, scores = np.repeat([False, True], 40), rng.normal(0, 1, 80) + np.repeat([0.0, 1.0], 40)
    alone = metrics.bootstrap(metrics.labelled_auc, scores, made, groups=np.arange(80))
    copies = metrics.bootstrap(
        metrics.labelled_auc, np.repeat(scores, 4), np.repeat(made, 4), groups=np.repeat(np.arange(80), 4)
    )
    assert alone.value == copies.value
    assert copies.high - copies.low == pytest.approx(alone.high - alone.low, abs=0.03)
    assert alone.low < alone.value < alone.high


@pytest.mark.parametrize("made", [[True] * 3, [False] * 3])
def test_one_kind_alone_has_no_metric(made):
    with pytest.raises(UsageError, match="both kinds"):
        metrics.bootstrap(metrics.labelled_auc, np.arange(3.0), np.array(made), groups=np.arange(3))


def test_exact_intervals():
    assert clopper_pearson(0, 300).high == pytest.approx(1 - 0.025 ** (1 / 300))
    assert clopper_pearson(300, 300).low == pytest.approx(0.025 ** (1 / 300))
    assert clopper_pearson(0, 0).high == 1


@given(trials=st.integers(1, 400), share=st.floats(0, 1))
def test_an_exact_interval_holds_its_share_and_mirrors(trials, share):
    count = round(trials * share)
    found, other = clopper_pearson(count, trials), clopper_pearson(trials - count, trials)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low == pytest.approx(1 - other.high)
