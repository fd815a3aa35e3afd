"""The residual detector learns from aligned pairs, tells unseen ones apart, and knows what is too small."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from artaudit.auditor.models import open_model
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.detect.residual import ResidualDetector, residual_features
from artaudit.generators import pool
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
        for _ in range(24):
            top, left = chance.integers(0, 427 - 128), chance.integers(0, 640 - 128)
            reals.append(whole[top : top + 128, left : left + 128])
    with torch.no_grad():
        drawn = [to_array(model.decode(model.encode(to_batch(one)))) for one in reals]
    return reals, [np.rint(one * 255).astype(np.float32) / 255 for one in drawn]


def test_unseen_pairs_are_told_apart_and_the_threshold_is_held_by_real_pictures(pairs):
    reals, drawn = pairs
    china, flower = slice(0, 24), slice(24, 48)
    made = np.repeat([False, True], 24)
    detector = ResidualDetector().fit([*reals[china], *drawn[china]], made, held_out=reals[flower][:12])
    scores = detector.score_samples([*reals[flower][12:], *drawn[flower][12:]])
    assert roc_auc_score(np.repeat([0, 1], 12), scores) > 0.9
    assert (detector.score_samples(reals[flower][:12]) <= detector.threshold_).all()
    assert detector.false_alarms_.trials == 12


def test_labels_without_meaning_teach_nothing(pairs):
    reals, _ = pairs
    made = np.random.default_rng(1).permutation(np.repeat([False, True], 12))
    detector = ResidualDetector().fit(reals[:24], made, held_out=reals[24:30])
    scores = detector.score_samples(reals[24:48])
    assert 0.1 < roc_auc_score(np.random.default_rng(2).permutation(np.repeat([0, 1], 12)), scores) < 0.9


def test_small_pictures_are_not_scored(pairs):
    reals, drawn = pairs
    detector = ResidualDetector().fit([reals[0], drawn[0]], np.array([False, True]), held_out=reals[1:2])
    assert np.isnan(detector.score_samples([reals[0][:64, :64]])).all()


def test_features_are_finite_for_a_flat_picture():
    assert np.isfinite(residual_features(np.zeros((128, 128, 3), np.float32))).all()
