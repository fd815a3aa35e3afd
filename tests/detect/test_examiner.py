"""The shipped detector answers within what it knows, and its heatmap shows where the evidence lies."""

import copy
import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.auditor.assessment.sentences import verdict
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.detect import storage
from artaudit.detect.decision import Threshold, decide, threshold_for
from artaudit.detect.detectors.reconstruction import ReconstructionDetector
from artaudit.detect.detectors.residual import ResidualDetector
from artaudit.detect.examiner import MachineMade, heatmap
from artaudit.detect.loading import equipped, open_detector, shipped
from artaudit.errors import ModelError, UsageError
from artaudit.findings import KINDS, FalseAlarms
from artaudit.image import decode


def as_file(levels, kind="PNG", **options):
    buffer = io.BytesIO()
    Pillow.fromarray(levels).save(buffer, kind, **options)
    return decode(buffer.getvalue(), name=f"picture.{kind.lower()}")


@pytest.mark.parametrize("name", list(PHOTOGRAPHS))
def test_photographs_are_no_finding(name):
    picture = decode(photograph(name), name=name)
    (finding,) = MachineMade().examine(picture)
    assert finding.holds is not True
    assert finding.false_alarms.trials > 100
    assert finding.details["crops"]
    scored = open_detector(shipped()).score_samples([picture.rgb8.astype(np.float32) / 255])
    assert finding.score == pytest.approx(scored[0], abs=1e-3)


def test_what_is_too_small_or_unlike_anything_cannot_be_told():
    (small,) = MachineMade().examine(as_file(np.zeros((64, 64, 3), np.uint8)))
    assert small.holds is None
    assert small.score is None
    assert "too small" in small.claim
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    (strange,) = MachineMade().examine(as_file(noise))
    assert strange.holds is None
    assert "unlike all that was measured" in strange.claim


def test_what_cannot_be_told_is_one_short_sentence():
    (small,) = MachineMade().examine(as_file(np.zeros((64, 64, 3), np.uint8)))
    assert "Cannot tell: whether a machine made it (it is too small)." in verdict([small], 1)


@pytest.mark.parametrize("shape", [(1, 1, 3), (127, 400, 3), (128, 128, 3), (130, 3000, 3)])
def test_pictures_of_any_shape_get_one_finding(shape):
    (finding,) = MachineMade().examine(as_file(np.full(shape, 90, np.uint8)))
    assert finding.holds is not True
    assert (finding.score is None) == (min(shape[:2]) < 128)


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "I;16"])
def test_pictures_of_any_mode_get_one_finding(mode):
    buffer = io.BytesIO()
    grey = Pillow.fromarray(np.full((160, 160), 90, np.uint8))
    (Pillow.new(mode, (160, 160)) if mode == "I;16" else grey.convert("RGB").convert(mode)).save(buffer, "PNG")
    assert len(MachineMade().examine(decode(buffer.getvalue(), name="picture.png"))) == 1


def test_a_kind_of_file_without_measurements_cannot_be_told():
    name = next(iter(PHOTOGRAPHS))
    (finding,) = MachineMade().examine(as_file(decode(photograph(name), name=name).rgb8, "GIF"))
    assert finding.holds is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_said_to_be_of_a_kind_is_compared_with_real_ones_of_that_kind(kind):
    name = next(iter(PHOTOGRAPHS))
    picture, detector = decode(photograph(name), name=name), open_detector(shipped())
    [(plain,), (told,)] = (MachineMade(kind=asked).examine(picture) for asked in ("", kind))
    assert told.score == plain.score
    assert told.details["said_to_be"] == kind
    if kind in detector.kinds_:
        assert told.threshold == pytest.approx(detector.kinds_[kind]["threshold"], abs=1e-3)
        assert told.false_alarms.trials < plain.false_alarms.trials
        assert f"compared with {told.details['beside']} alone" in verdict([told], 0)
    else:
        assert told.threshold == plain.threshold
        assert "beside" not in told.details


def test_every_kind_has_a_bar_of_its_own():
    assert set(open_detector(shipped()).kinds_) == set(KINDS)


def test_a_detector_without_kinds_has_one_bar_and_clears_nothing():
    detector, plain = open_detector(shipped()), ResidualDetector()
    plain.gate_, plain.calibration_ = detector.gate_, detector.calibration_
    plain.threshold_, plain.false_alarms_ = 2.0, FalseAlarms(0, 9, "nobody")
    assert threshold_for(plain, "painting") == Threshold(2.0, FalseAlarms(0, 9, "nobody"))
    assert threshold_for(plain, "").clear == float("-inf")


class Fixed:
    """A detector that gives every picture one score, and knows everything."""

    threshold_, clear_, false_alarms_, side = 2.0, -2.0, FalseAlarms(0, 9, "nobody"), 64

    def __init__(self, score, *edited):
        self.scores = iter((score, *edited))
        self.gate_ = SimpleNamespace(knows=lambda rows: np.ones(len(rows), bool))
        self.calibration_ = SimpleNamespace(
            knows=lambda _: True, log10_ratio=lambda score, _: score, p_value=lambda *_: 0.5
        )

    def read_crops(self, _picture):
        return [(0, 0)], np.full((1, 1), next(self.scores))

    def score_features(self, features):
        return features[:, 0]


@pytest.mark.parametrize(
    ("scores", "holds", "why"),
    [
        ((3.0, 3.0, 3.0), True, ""),
        ((3.0, 3.0, 1.0), None, "fades"),
        ((1.9,), None, "score like it"),
        ((-1.9,), None, "score like it"),
        ((-2.1,), False, ""),
    ],
)
def test_only_beyond_either_bar_is_there_an_answer(scores, holds, why):
    said = decide(Fixed(*scores), np.zeros((64, 64, 3), np.uint8), "lossless")
    assert said.holds is holds
    assert why in said.reason


@pytest.mark.parametrize("kinds", [5, {"painting": None}, {"painting": {}}, {"painting": {"threshold": "high"}}])
def test_damaged_bars_are_one_clear_error(kinds):
    damaged = copy.copy(open_detector(shipped()))
    damaged.kinds_ = kinds
    with pytest.raises(ModelError, match="damaged"):
        threshold_for(damaged, "painting")


def test_no_ratio_exceeds_what_the_calibration_supports():
    name = next(iter(PHOTOGRAPHS))
    (finding,) = MachineMade().examine(decode(photograph(name), name=name))
    assert abs(finding.details["log10_likelihood_ratio"]) <= open_detector(shipped()).calibration_.bounds_.max() + 0.01
    assert 0 < finding.details["p_value"] <= 1


def test_the_shipped_detector_is_small_and_its_digest_is_named():
    assert storage.size(shipped()) < 8e6
    assert (shipped() / "README.md").exists()


def test_the_heatmap_is_red_where_crops_pass_and_grey_where_none_lies():
    picture = np.full((64, 96, 3), 100, np.uint8)
    shown = heatmap(picture, ((0, 0, 9.0), (0, 32, -9.0)), side=32, threshold=3.0).astype(int)
    assert (shown[40:, :] == 100).all()
    assert (shown[:32, :32, 0] > shown[:32, :32, 2]).all()
    assert (shown[:32, 32:64, 2] > shown[:32, 32:64, 0]).all()


def test_models_that_redraw_are_handed_over_by_name_and_only_unchanged():
    detector = equipped(ReconstructionDetector(["studio-flux2"], side=64))
    assert [name.partition("@")[0] for name in detector.digests_] == ["studio-flux2"]
    detector.digests_ = dict.fromkeys(detector.digests_, "0" * 64)
    with pytest.raises(ModelError, match="other weights"):
        equipped(detector)
    with pytest.raises(UsageError, match="No autoencoder is called 'nobody'"):
        equipped(ReconstructionDetector(["nobody"]))


@pytest.mark.slow
def test_held_out_machine_made_pictures_score_above_held_out_paintings(shared):
    made = sorted((shared / "generated" / "vqgan-clip").glob("*.png"))[:9]
    human = sorted((shared / "real" / "vangogh").glob("*.png"))[:9]
    assert made
    assert human
    scores = [
        [MachineMade().examine(decode(path.read_bytes(), name=path.name))[0].score for path in some]
        for some in (made, human)
    ]
    assert np.median(scores[0]) > np.median(scores[1])
