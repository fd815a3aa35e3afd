"""The backbone's detector sees a picture whole and close, whatever its size, and learns from features of any width."""

import numpy as np
import pytest
import torch

from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.detect import storage
from artaudit.detect.detectors.backbone import EMPHASIS, SMALLEST, BackboneDetector, mirrored, residual_part
from artaudit.detect.detectors.residual import ResidualDetector
from artaudit.detect.loading import shipped
from artaudit.errors import ModelError, UsageError
from artaudit.generators.clip import SIDE, VARIABLE, backbone
from artaudit.image import decode

TOKENS = 5 * 768 + 512


@pytest.fixture(scope="module")
def picture():
    name = next(iter(PHOTOGRAPHS))
    return decode(photograph(name), name=name).pixels.astype(np.float32)


@pytest.fixture(scope="module")
def read(picture):
    return BackboneDetector().read_crops(picture)


def test_a_crop_is_seen_beside_the_whole_and_its_noise(picture, read):
    corners, rows = read
    assert rows.shape == (2, 2 * TOKENS + residual_part(rows).shape[1])
    assert (rows[0, :TOKENS] != rows[1, :TOKENS]).any()
    assert (rows[0, TOKENS:] == rows[1, TOKENS:]).all()
    assert residual_part(rows)[0] == pytest.approx(ResidualDetector().features([picture])[0])
    assert all(0 <= top <= picture.shape[0] - SIDE and 0 <= left <= picture.shape[1] - SIDE for top, left in corners)


def test_what_is_seen_are_class_tokens_of_the_tower(picture, read):
    tower = backbone()
    (top, left), rows = read[0][0], read[1]
    square = torch.from_numpy(np.ascontiguousarray(picture[top : top + SIDE, left : left + SIDE].transpose(2, 0, 1)))
    with torch.inference_mode():
        seen = tower.features(square[None])
    assert rows[0, :768] == pytest.approx(seen.tokens[3][0, 0].numpy(), abs=1e-3)
    assert rows[0, TOKENS - 512 : TOKENS] == pytest.approx(seen.embedding[0].numpy(), abs=1e-3)


def test_the_same_picture_reads_alike_by_one_thread_and_by_two(picture, read):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2 if before == 1 else 1)
        again = BackboneDetector().read_crops(picture)[1]
    finally:
        torch.set_num_threads(before)
    assert again == pytest.approx(read[1], abs=1e-4)


@pytest.mark.parametrize("shape", [(128, 128), (130, 400), (223, 500), (224, 224)])
def test_small_pictures_are_continued_by_their_mirror_image(picture, shape):
    small = picture[: shape[0], : shape[1]]
    corners, rows = BackboneDetector().read_crops(small)
    assert corners
    assert np.isfinite(rows).all()
    assert all(0 <= top < shape[0] and 0 <= left < shape[1] for top, left in corners)


def test_what_is_mirrored_holds_the_picture_where_it_says(picture):
    filled, (top, left) = mirrored(picture[:100, :150], 160)
    assert filled.shape == (160, 160, 3)
    assert (filled[top : top + 100, left : left + 150] == picture[:100, :150]).all()


def test_a_picture_below_the_smallest_is_not_read(picture):
    assert BackboneDetector().read_crops(picture[: SMALLEST - 1])[0] == []


def test_residuals_count_more_than_the_tower_s_numbers_and_may_be_left_out(picture):
    assert set(BackboneDetector().emphasis(2 * TOKENS + 5)[:-5]) == {1.0}
    assert set(BackboneDetector().emphasis(2 * TOKENS + 5)[-5:]) == {EMPHASIS}
    assert BackboneDetector(residuals=False).read_crops(picture)[1].shape[1] == 2 * TOKENS


def test_it_learns_what_it_is_shown_and_is_kept_on_disk(picture, tmp_path):
    chance = np.random.default_rng(0)
    _, rows = BackboneDetector().read_crops(picture)
    features = rows.mean(axis=0) + chance.normal(size=(60, rows.shape[1]))
    made = np.arange(60) % 2 == 0
    features[made, -300:] += 2.0
    detector = BackboneDetector().fit_features(features[:40], made[:40], held_out=features[40:][~made[40:]])
    scores = detector.score_features(features[40:])
    assert scores[made[40:]].min() > scores[~made[40:]].max()
    storage.write(detector, tmp_path, kind="backbone", about={})
    again = storage.read(BackboneDetector, tmp_path)
    assert again.score_features(features[40:]) == pytest.approx(scores)


def test_without_the_backbone_another_detector_answers_and_this_one_refuses(picture, monkeypatch):
    assert shipped().name == "backbone"
    monkeypatch.setenv(VARIABLE, "none")
    assert shipped().name == "residual"
    with pytest.raises(ModelError, match=VARIABLE):
        BackboneDetector().read_crops(picture)
    monkeypatch.setenv(VARIABLE, "something")
    with pytest.raises(UsageError, match=VARIABLE):
        shipped()
