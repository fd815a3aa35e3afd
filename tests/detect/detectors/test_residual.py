"""The residual detector learns from aligned pairs, tells unseen ones apart, and knows what is too small."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.detect import storage
from artaudit.detect.detectors.residual import ResidualDetector
from artaudit.errors import ModelError
from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.image import decode
from artaudit.tensors import to_array, to_batch


@pytest.fixture(scope="module")
def pairs():
    """Return crops of two photographs and the same crops redrawn, all in whole 8-bit levels."""
    model = next(open_model(record) for record in pool.embedded() if record.name == "studio-flux2")
    chance = np.random.default_rng(0)
    reals = []
    for name in PHOTOGRAPHS:
        whole = decode(photograph(name), name=name).pixels
        for _ in range(8):
            top, left = chance.integers(0, 427 - 128), chance.integers(0, 640 - 128)
            reals.append(whole[top : top + 128, left : left + 128])
    with torch.no_grad():
        drawn = [to_array(model.decode(model.encode(to_batch(real)))) for real in reals]
    return reals, [np.rint(redrawn * 255).astype(np.float32) / 255 for redrawn in drawn]


@pytest.mark.slow
def test_unseen_pairs_are_told_apart_and_the_threshold_is_held_by_real_pictures(pairs):
    reals, drawn = pairs
    china, flower = slice(0, 8), slice(8, 16)
    made = np.repeat([False, True], 8)
    detector = ResidualDetector().fit([*reals[china], *drawn[china]], made, held_out=reals[flower][:4])
    scores = detector.score_samples([*reals[flower][4:], *drawn[flower][4:]])
    assert roc_auc_score(np.repeat([0, 1], 4), scores) > 0.8
    assert (detector.score_samples(reals[flower][:4]) <= detector.threshold_).all()
    assert detector.false_alarms_.trials == 4


def test_small_pictures_are_not_scored(pairs):
    reals, drawn = pairs
    detector = ResidualDetector().fit([reals[0], drawn[0]], np.array([False, True]), held_out=reals[1:2])
    assert np.isnan(detector.score_samples([reals[0][:64, :64]])).all()


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_features_are_finite_for_a_flat_picture(level):
    features = ResidualDetector().features([np.full((130, 200, 3), level, np.float32)])
    assert np.isfinite(features).all()


def test_small_pictures_among_others_leave_a_row_without_numbers(pairs):
    reals, _ = pairs
    features = ResidualDetector().features([reals[0][:64], reals[1]])
    assert np.isnan(features[0]).all()
    assert np.isfinite(features[1]).all()


def test_a_picture_scores_as_the_mean_description_of_its_crops(pairs):
    reals, drawn = pairs
    detector = ResidualDetector(crops=3).fit([*reals[:6], *drawn[:6]], np.repeat([False, True], 6), held_out=reals[6:9])
    large = np.concatenate([np.concatenate(reals[10:12], axis=1), np.concatenate(drawn[10:12], axis=1)], axis=0)
    corners, described = detector.read_crops(large)
    assert len(corners) == 3
    scaled = ((described.mean(axis=0) - detector.mean_) / detector.scale_).clip(-3, 3)
    expected = detector.weights_ @ scaled + detector.bias_
    assert detector.score_samples([large])[0] == pytest.approx(expected)
    assert detector.decision_function([large])[0] == pytest.approx(expected - detector.threshold_)


def test_a_stored_detector_scores_as_before_and_a_changed_file_is_refused(pairs, tmp_path):
    reals, drawn = pairs
    detector = ResidualDetector().fit([*reals[:6], *drawn[:6]], np.repeat([False, True], 6), held_out=reals[6:9])
    storage.write(detector, tmp_path, kind="residual", about={"pictures": 12})
    again = storage.read(ResidualDetector, tmp_path)
    assert (again.score_samples(reals[12:15]) == detector.score_samples(reals[12:15])).all()
    assert again.get_params() == detector.get_params()
    assert again.false_alarms_ == detector.false_alarms_
    assert again.knows(reals[0]) == detector.knows(reals[0])
    assert storage.describe(tmp_path)["about"] == {"pictures": 12}
    data = bytearray((tmp_path / storage.TENSORS).read_bytes())
    data[-1] ^= 1
    (tmp_path / storage.TENSORS).write_bytes(data)
    with pytest.raises(ModelError, match="not the file that was trained"):
        storage.read(ResidualDetector, tmp_path)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"kind": 1}'])
def test_a_folder_without_a_detector_is_refused(tmp_path, text):
    (tmp_path / storage.SETTINGS).write_text(text)
    with pytest.raises(ModelError, match="audit detector train"):
        storage.read(ResidualDetector, tmp_path)
