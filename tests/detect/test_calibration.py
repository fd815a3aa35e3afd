"""A calibration gives bounded ratios, honest p-values and words, and says where it knows nothing."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artaudit.detect.calibration import Calibration, support
from artaudit.detect.strata import stratum_of
from artaudit.errors import UsageError


@pytest.fixture(scope="module")
def calibrated():
    rng = np.random.default_rng(0)
    made = np.tile([False, True], 200)
    strata = np.repeat(["lossless", "WebP"], 200)
    scores = rng.normal(np.where(made, 1.0, -1.0) * np.where(strata == "WebP", 0.2, 1.0), 1.0)
    return Calibration().fit(scores, made, strata=strata, groups=np.arange(400)), scores, made, strata


def test_ratios_come_near_the_true_ones_and_are_weaker_where_scores_tell_less(calibrated):
    calibration = calibrated[0]
    assert calibration.log10_ratio(1.0, "lossless") == pytest.approx(2 / math.log(10), rel=0.35)
    assert 0 <= calibration.log10_ratio(1.0, "WebP") < calibration.log10_ratio(1.0, "lossless")


@given(score=st.floats(-1e6, 1e6))
def test_no_ratio_is_larger_than_the_number_of_pictures_supports(calibrated, score):
    assert abs(calibrated[0].log10_ratio(score, "lossless")) <= math.log10(101)


def test_p_values_are_valid_for_new_real_pictures(calibrated):
    new = np.random.default_rng(1).normal(-1.0, 1.0, 2000)
    p_values = np.array([calibrated[0].p_value(score, "lossless") for score in new])
    assert (p_values <= 0.1).mean() < 0.16
    assert p_values.min() >= 1 / 101


def test_strata_with_few_pictures_are_not_known(calibrated):
    _, scores, made, strata = calibrated
    few = np.where(np.arange(400) < 20, "other", strata)
    calibration = Calibration().fit(scores, made, strata=few, groups=np.arange(400))
    assert not calibration.knows("other")
    assert calibration.knows("WebP")
    groups = np.arange(400) % 40
    with pytest.raises(UsageError, match="No stratum"):
        Calibration().fit(scores, made, strata=strata, groups=groups)


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.2, "no support either way"),
        (0.5, "weak support that it is machine-made"),
        (-1.5, "moderate support that it is not machine-made"),
        (2.5, "moderately strong support that it is machine-made"),
    ],
)
def test_words(ratio, words):
    assert support(ratio) == words


@pytest.mark.parametrize(
    ("codec", "quality", "stratum"),
    [
        ("JPEG", 96, "JPEG 90 to 100"),
        ("JPEG", 75, "JPEG 75 to 89"),
        ("JPEG", 20, "JPEG below 75"),
        ("WEBP", None, "WebP"),
        ("WEBP lossless", None, "lossless"),
        ("PNG", None, "lossless"),
        ("GIF", None, "other"),
    ],
)
def test_the_container_names_the_stratum(codec, quality, stratum):
    assert stratum_of(codec, quality) == stratum
