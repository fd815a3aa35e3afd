"""Confirmation recovers where a work lies in a suspect and says nothing about unrelated pictures."""

from dataclasses import astuple

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from artaudit.datasets.photographs import photograph
from artaudit.image import decode
from artaudit.matching import confirm
from artaudit.matching.confirmation import CONFIRMED, TOLERANCE, WEAK, _overlap, pairs, squared_distances
from artaudit.matching.keypoints import Keypoints, extract, extract_suspect
from artaudit.matching.plausibility import area, is_plausible, mapped, turn_of


@pytest.fixture(scope="module")
def china(works):
    return works["china.jpg"], extract(works["china.jpg"])


def test_the_whole_picture_lies_on_itself(china):
    rgb8, known = china
    confirmation = confirm(known, known)
    height, width = rgb8.shape[:2]
    assert confirmation.inliers > 500
    assert np.allclose(confirmation.homography, np.eye(3), atol=0.01)
    assert np.allclose(sorted(confirmation.region), sorted([(0, 0), (0, height), (width, 0), (width, height)]), atol=1)
    assert confirmation.orientation == "as registered"
    assert min(confirmation.work_share, confirmation.suspect_share) > 0.99


def test_a_crop_is_placed_in_the_work(china):
    rgb8, known = china
    confirmation = confirm(extract_suspect(np.ascontiguousarray(rgb8[100:330, 200:550])), known)
    assert confirmation.confirmed
    left, top = np.min(confirmation.work_region, axis=0)
    right, bottom = np.max(confirmation.work_region, axis=0)
    assert np.allclose((left, top, right, bottom), (200, 100, 550, 330), atol=3)
    assert confirmation.work_share == pytest.approx(230 * 350 / (427 * 640), abs=0.01)
    assert confirmation.suspect_share > 0.98


def test_a_small_mirrored_copy_is_outlined_in_a_page(china, in_page):
    rgb8, known = china
    confirmation = confirm(extract_suspect(in_page(rgb8[:, ::-1])), known)
    assert confirmation.confirmed
    assert confirmation.mirrored
    assert confirmation.orientation == "mirrored"
    assert np.allclose(np.min(confirmation.region, axis=0), (900, 200), atol=5)
    assert np.allclose(np.max(confirmation.region, axis=0), (1300, 467), atol=5)


def test_inverted_colours_are_found_only_when_asked_for(china):
    rgb8, known = china
    suspect = extract_suspect(255 - rgb8)
    assert confirm(suspect, known) is None
    confirmation = confirm(suspect, known, inverted=True)
    assert confirmation.confirmed
    assert confirmation.orientation == "colours inverted"


def test_the_same_input_gives_the_same_output(china):
    rgb8, known = china
    suspect = extract_suspect(np.ascontiguousarray(rgb8[50:300, 100:400]))
    cv2.setRNGSeed(5)
    first = confirm(suspect, known)
    cv2.setRNGSeed(6)
    assert astuple(confirm(suspect, known)) == astuple(first)


def test_matched_points_lie_where_the_mapping_puts_them(china):
    rgb8, known = china
    confirmation = confirm(extract_suspect(np.ascontiguousarray(np.rot90(rgb8))), known)
    ours, theirs = (np.array([pair[side] for pair in confirmation.matches]) for side in (0, 1))
    assert confirmation.inliers == len(confirmation.matches) == len({pair[0] for pair in confirmation.matches})
    assert np.abs(mapped(np.array(confirmation.homography), ours) - theirs).max() < 2 * TOLERANCE


def test_few_agreeing_points_are_weak_and_fewer_are_nothing(china):
    _, known = china
    assert confirm(known, known.spread(WEAK - 1)) is None
    weak = confirm(known, known.spread(WEAK + 3))
    assert WEAK <= weak.inliers < CONFIRMED
    assert not weak.confirmed


def test_distances_are_exact():
    left, right = np.random.default_rng(0).integers(0, 256, (2, 30, 128))
    exact = ((left[:, None] - right[None]) ** 2).sum(axis=2)
    assert np.array_equal(squared_distances(left.astype(np.float32), right.astype(np.float32)), exact)


def test_unrelated_pictures_do_not_agree(works):
    known = [extract(rgb8) for rgb8 in works.values()]
    for place, suspect in enumerate(known):
        for work in known[:place]:
            assert confirm(suspect, work) is None


def test_a_picture_without_keypoints_agrees_with_nothing(china):
    nothing = extract(np.full((50, 50, 3), 200, np.uint8))
    assert confirm(nothing, china[1]) is None
    assert confirm(china[1], nothing) is None
    assert confirm(nothing, nothing) is None


def test_a_shared_logo_is_no_copy(works):
    host, work = works["flower.jpg"].copy(), works["china.jpg"].copy()
    logo = cv2.resize(works["drawing 2"], (60, 60), interpolation=cv2.INTER_AREA)
    host[20:80, 20:80] = work[350:410, 500:560] = logo
    assert confirm(extract_suspect(host), extract(work)) is None


def test_pairs_are_one_to_one(china, works):
    together = pairs(china[1], extract(cv2.GaussianBlur(works["china.jpg"], (0, 0), 1)))
    assert len(together) > CONFIRMED
    for side in (0, 1):
        assert len(np.unique(together[:, side])) == len(together)


PICTURE = decode(photograph("flower.jpg"), name="flower.jpg").rgb8
PICTURE_POINTS = extract(PICTURE)


@given(st.floats(-180, 180), st.floats(0.5, 1.3), st.booleans())
@settings(max_examples=8, deadline=None, derandomize=True)
def test_a_turned_scaled_mirrored_copy_is_put_back_in_its_place(degrees, scale, mirrored):
    height, width = PICTURE.shape[:2]
    side = 1000
    turn = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale), (0, 0, 1)])
    shift = np.array([(1, 0, (side - width) / 2), (0, 1, (side - height) / 2), (0, 0, 1)], np.float64)
    flip = np.array([(-1, 0, side - 1), (0, 1, 0), (0, 0, 1)], np.float64) if mirrored else np.eye(3)
    truth = flip @ shift @ turn
    suspect = cv2.warpPerspective(PICTURE, truth, (side, side), flags=cv2.INTER_AREA, borderValue=(255, 255, 255))
    confirmation = confirm(extract_suspect(suspect), PICTURE_POINTS)
    assert confirmation.confirmed
    assert confirmation.mirrored == mirrored
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    error = mapped(np.array(confirmation.homography), corners) - mapped(truth, corners)
    assert np.abs(error).max() < 6


@given(st.integers(-35, 36), st.booleans(), st.floats(0.2, 5))
def test_the_turn_of_a_similarity_is_read_off_it(fives, mirrored, scale):
    degrees = 5 * fives
    radians = np.radians(degrees)
    turn = scale * np.array([(np.cos(radians), -np.sin(radians)), (np.sin(radians), np.cos(radians))])
    matrix = np.eye(3)
    matrix[:2, :2] = turn @ np.diag([-1.0 if mirrored else 1.0, 1.0])
    assert turn_of(matrix, mirrored, np.array((3.0, 4.0))) == degrees


@given(st.floats(-60, 160), st.floats(-60, 160), st.floats(5, 200), st.floats(5, 200))
def test_an_upright_outline_is_cut_at_the_border(left, top, width, height):
    right, bottom = left + width, top + height
    quad = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    region = _overlap(quad, (100, 80))
    shared = max(0.0, min(right, 100) - max(left, 0)), max(0.0, min(bottom, 80) - max(top, 0))
    assert (area(region) if len(region) else 0) == pytest.approx(shared[0] * shared[1], abs=2 * sum(shared) + 2)


def test_a_turned_outline_is_cut_to_eight_corners():
    quad = np.array([(50.0, -20), (120, 50), (50, 120), (-20, 50)])
    region = _overlap(quad, (100, 100))
    assert len(region) == 8
    assert area(region) == pytest.approx(100 * 100 - 4 * 30 * 30 / 2, abs=1)


POINTS = np.array([(5.0, 5), (95, 5), (95, 95), (5, 95), (50, 50)])


@pytest.mark.parametrize(
    ("matrix", "mirrored"),
    [
        (np.diag([1.0, 6, 1]), False),
        (np.diag([60.0, 60, 1]), False),
        (np.diag([-1.0, 1, 1]), False),
        (np.diag([1.0, 1, 1]), True),
        (np.array([(1.0, 0, 0), (0, 1, 0), (0.05, 0, 1)]), False),
        (np.array([(1.0, 0, 0), (0, 1, 0), (-0.02, 0, 1)]), False),
        (np.zeros((3, 3)), False),
        (np.full((3, 3), np.nan), False),
    ],
    ids=["stretched", "huge", "mirrored", "not mirrored", "tilted", "folded", "singular", "not a number"],
)
def test_implausible_mappings_are_refused(matrix, mirrored):
    work = (POINTS, (100, 100))
    assert is_plausible(np.eye(3), work, work, mirrored=False)
    assert not is_plausible(matrix, work, work, mirrored=mirrored)


def test_points_in_one_corner_of_both_pictures_are_refused():
    corner = (POINTS / 10, (100, 100))
    assert not is_plausible(np.eye(3), corner, corner, mirrored=False)
    assert is_plausible(np.eye(3), corner, (POINTS / 10, (10, 10)), mirrored=False)


def test_a_stranger_of_random_points_is_nothing():
    random = np.random.default_rng(1)
    strangers = [
        Keypoints(
            random.uniform(0, 500, (800, 2)).astype(np.float32),
            random.integers(0, 90, (800, 128), dtype=np.uint8),
            (500, 500),
        )
        for _ in range(2)
    ]
    assert confirm(strangers[0], strangers[1]) is None
