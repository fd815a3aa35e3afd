"""Geometric confirmation: recovered mappings, regions, and what must not be confirmed."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artaudit.auditor.matching.confirmation import CONFIRMED, WEAK, confirm, squared_distances
from artaudit.auditor.matching.keypoints import extract, extract_suspect
from artaudit.auditor.matching.plausibility import is_plausible, mapped, turn_of


@settings(max_examples=8, deadline=None)
@given(st.floats(-180, 180), st.floats(0.4, 1.6), st.booleans(), st.integers(0, 1))
def test_a_turned_scaled_and_mirrored_copy_is_located(photographs, degrees, scale, mirrored, which):
    rgb8 = photographs[which]
    height, width = rgb8.shape[:2]
    side = round(scale * (width + height))
    truth = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale), (0, 0, 1)])
    truth[:2, 2] += (side / 2 - width / 2, side / 2 - height / 2)
    if mirrored:
        truth = truth @ np.array([(-1, 0, width - 1), (0, 1, 0), (0, 0, 1)], np.float64)
    suspect = cv2.warpAffine(rgb8, truth[:2], (side, side), flags=cv2.INTER_AREA, borderValue=(128, 128, 128))
    found = confirm(extract_suspect(suspect), extract(rgb8))
    assert found and found.confirmed and found.mirrored == mirrored
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    off = mapped(np.array(found.homography), corners) - mapped(truth, corners)
    assert np.abs(off).max() < 4
    assert found.work_share > 0.98


def test_a_crop_is_located_in_the_work(photographs):
    for rgb8 in photographs:
        found = confirm(extract_suspect(rgb8[90:320, 180:530].copy()), extract(rgb8))
        assert found and found.confirmed
        assert _bounds(found.work_region) == pytest.approx((180, 90, 530, 320), abs=2)
        assert _bounds(found.region) == (0, 0, 350, 230)
        assert found.work_share == pytest.approx(0.295, abs=0.01)
        assert found.suspect_share > 0.99


def test_a_small_mirrored_copy_in_a_page_is_outlined(photographs, page):
    china, flower = photographs
    suspect = extract_suspect(page(china[:, ::-1], (700, 300), 300))
    found = confirm(suspect, extract(china))
    assert found and found.confirmed and found.mirrored
    assert found.orientation == "mirrored"
    assert _bounds(found.region) == pytest.approx((700, 300, 1000, 500), abs=4)
    assert found.suspect_share == pytest.approx(300 * 200 / (1280 * 800), rel=0.05)
    assert confirm(suspect, extract(flower)) is None


def test_every_matched_point_lies_where_the_mapping_puts_it(photographs):
    china, _ = photographs
    found = confirm(extract_suspect(np.rot90(china).copy()), extract(china))
    assert found and found.inliers == len(found.matches) == len({work for work, _ in found.matches})
    ours, theirs = (np.array([pair[side] for pair in found.matches]) for side in (0, 1))
    assert np.abs(mapped(np.array(found.homography), ours) - theirs).max() < 8
    assert 0 < found.coverage <= 1


def test_unrelated_pictures_are_not_confirmed(photographs, drawn):
    pictures = [extract(rgb8) for rgb8 in (*photographs, *(drawn(seed) for seed in range(6)))]
    for number, one in enumerate(pictures):
        assert all(confirm(one, other) is None for other in pictures[:number])


def test_a_shared_logo_does_not_make_a_copy(photographs):
    logo = np.random.default_rng(1).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    logo = cv2.resize(logo, (80, 80), interpolation=cv2.INTER_CUBIC)
    signed = [rgb8.copy() for rgb8 in photographs]
    signed[0][330:410, 540:620] = signed[1][20:100, 20:100] = logo
    assert len(extract(logo)) >= CONFIRMED
    assert confirm(extract_suspect(signed[0]), extract(signed[1])) is None


def test_inverted_colours_are_looked_for_only_when_asked(photographs):
    china, _ = photographs
    suspect, work = extract_suspect(255 - china), extract(china)
    assert confirm(suspect, work) is None
    found = confirm(suspect, work, inverted=True)
    assert found and found.confirmed and found.inverted
    assert found.orientation == "colours inverted"


def test_the_same_pair_gives_the_same_confirmation(photographs):
    china, _ = photographs
    suspect, work = extract_suspect(china[50:300, 100:500].copy()), extract(china)
    cv2.setRNGSeed(5)
    first = confirm(suspect, work)
    cv2.setRNGSeed(6)
    assert first and confirm(suspect, work) == first


def test_few_agreeing_points_are_weak_and_fewer_are_nothing(photographs):
    china, _ = photographs
    suspect, work = extract_suspect(china), extract(china)
    assert confirm(suspect, work.spread(WEAK - 1)) is None
    weak = confirm(suspect, work.spread(WEAK + 4))
    assert weak and WEAK <= weak.inliers < CONFIRMED and not weak.confirmed


def test_pictures_without_keypoints_are_not_confirmed(photographs):
    flat, china = extract(np.full((200, 200, 3), 7, np.uint8)), extract(photographs[0])
    assert confirm(flat, china) is None
    assert confirm(china, flat) is None
    assert confirm(china, china.spread(1)) is None


def test_distances_are_exact():
    left, right = np.random.default_rng(0).integers(0, 256, (2, 30, 128)).astype(np.int64)
    exact = ((left[:, None] - right[None]) ** 2).sum(axis=2)
    assert np.array_equal(squared_distances(left.astype(np.float32), right.astype(np.float32)), exact)


GRID = np.stack(np.meshgrid(np.linspace(5, 95, 5), np.linspace(5, 95, 5)), axis=-1).reshape(-1, 2)


@pytest.mark.parametrize(
    ("matrix", "plausible"),
    [
        (np.eye(3), True),
        (np.diag([0.1, 0.1, 1]), True),
        (np.array([(0, -2, 200), (2, 0, 0), (0, 0, 1)], float), True),
        (np.diag([0.01, 0.01, 1]), False),
        (np.diag([0.2, 1, 1]), False),
        (np.diag([-1.0, 1, 1]), False),
        (np.array([(1, 0, 0), (0, 1, 0), (0.02, 0, -1)], float), False),
        (np.array([(1, 0, 0), (0, 1, 0), (0.05, 0, 1)], float), False),
        (np.zeros((3, 3)), False),
        (np.full((3, 3), np.nan), False),
    ],
)
def test_only_mappings_a_copy_can_have_are_plausible(matrix, plausible):
    seen = mapped(matrix, GRID)
    assert is_plausible(matrix, (GRID, (100, 100)), (seen, (100, 100)), mirrored=False) == plausible


def test_a_mirrored_mapping_must_come_from_mirrored_descriptors():
    matrix = np.array([(-1, 0, 100), (0, 1, 0), (0, 0, 1)], float)
    located = (GRID, (100, 100)), (mapped(matrix, GRID), (100, 100))
    assert is_plausible(matrix, *located, mirrored=True)
    assert not is_plausible(matrix, *located, mirrored=False)


@given(st.integers(-179, 180), st.booleans())
def test_turns_are_named_within_their_rounding(degrees, mirrored):
    turn = np.vstack([cv2.getRotationMatrix2D((0, 0), -degrees, 1.3), (0, 0, 1)])
    if mirrored:
        turn = turn @ np.diag([-1.0, 1, 1])
    off = (turn_of(turn, mirrored, np.zeros(2)) - degrees + 180) % 360 - 180
    assert abs(off) <= 3


def _bounds(polygon: tuple[tuple[float, float], ...]) -> tuple[float, float, float, float]:
    (left, top), (right, bottom) = np.array(polygon).min(axis=0), np.array(polygon).max(axis=0)
    return left, top, right, bottom
