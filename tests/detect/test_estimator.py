"""Our estimators answer as scikit-learn's own do, without loading it."""

import pytest
from sklearn.base import BaseEstimator, clone

from artaudit.detect.calibration import Calibration
from artaudit.detect.detectors.backbone import BackboneDetector
from artaudit.detect.detectors.fused import ShippedGate
from artaudit.detect.detectors.published import PublishedDetector
from artaudit.detect.estimator import Estimator

MADE = [
    Calibration(),
    Calibration(least=3),
    BackboneDetector(residuals=False, crops=3),
    PublishedDetector("network", "file"),
    ShippedGate(),
]


@pytest.mark.parametrize("made", MADE, ids=repr)
def test_settings_and_words_are_those_that_scikit_learn_gives(made):
    theirs = type(type(made).__name__, (BaseEstimator,), {"__init__": type(made).__init__})
    parallel = theirs(**made.get_params())
    assert isinstance(made, Estimator) and not isinstance(made, BaseEstimator)
    assert repr(made) == repr(parallel)
    assert list(made.get_params()) == list(parallel.get_params())
    assert repr(clone(made)) == repr(made) and clone(made) is not made


def test_a_setting_that_is_not_there_is_refused_and_nothing_changes():
    made = Calibration()
    with pytest.raises(ValueError, match="Calibration has no setting most"):
        made.set_params(least=2, most=3)
    assert made.least == 30 and made.set_params(least=2).least == 2
