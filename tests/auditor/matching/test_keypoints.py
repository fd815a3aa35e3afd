"""Keypoints: where they lie, how they follow a mirrored or inverted picture, how they are stored."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from artaudit.auditor.matching.confirmation import pairs
from artaudit.auditor.matching.keypoints import COUNT, LARGE_COUNT, Keypoints, extract, extract_suspect
from artaudit.errors import RegistryError


@st.composite
def keypoints(draw, least=0):
    count, width, height = draw(st.integers(least, 12)), draw(st.integers(1, 9000)), draw(st.integers(1, 9000))
    shares = draw(arrays.arrays(np.float32, (count, 2), elements=st.floats(0, 1, width=32)))
    descriptors = draw(arrays.arrays(np.uint8, (count, 128)))
    return Keypoints((shares * (width, height)).astype(np.float32), descriptors, (width, height))


@given(keypoints())
def test_keypoints_survive_storage(stored):
    read = Keypoints.from_bytes(stored.to_bytes())
    assert read.size == stored.size
    assert np.array_equal(read.points, stored.points)
    assert np.array_equal(read.descriptors, stored.descriptors)


@given(keypoints(), st.data())
def test_cut_or_longer_bytes_are_refused(stored, data):
    whole = stored.to_bytes()
    broken = data.draw(st.sampled_from([whole[: data.draw(st.integers(0, len(whole) - 1))], whole + b"\0"]))
    with pytest.raises(RegistryError, match="keypoint fingerprint"):
        Keypoints.from_bytes(broken)


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused(data):
    with pytest.raises(RegistryError, match="keypoint fingerprint"):
        Keypoints.from_bytes(data)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 1e9])
def test_points_outside_the_picture_are_refused(value):
    broken = Keypoints(np.array([[1, value]], np.float32), np.zeros((1, 128), np.uint8), (10, 10))
    with pytest.raises(RegistryError, match="outside"):
        Keypoints.from_bytes(broken.to_bytes())


def test_a_claim_of_many_points_is_refused_before_anything_is_made_of_it():
    data = b"AKP1" + (2**32 - 1).to_bytes(4, "little") + (10).to_bytes(4, "little") * 2
    with pytest.raises(RegistryError, match="larger"):
        Keypoints.from_bytes(data)


@given(keypoints())
def test_mirroring_and_inverting_undo_themselves(any_keypoints):
    assert np.array_equal(any_keypoints.mirrored().mirrored().descriptors, any_keypoints.descriptors)
    assert np.array_equal(any_keypoints.inverted().inverted().descriptors, any_keypoints.descriptors)


def test_inverted_keypoints_are_those_of_the_inverted_picture(photographs):
    for rgb8 in photographs:
        derived, real = extract(rgb8).inverted(), extract(255 - rgb8)
        rows = {(*point, *described) for point, described in zip(*_lists(derived), strict=True)}
        same = sum((*point, *described) in rows for point, described in zip(*_lists(real), strict=True))
        assert same >= 0.98 * len(real)


def test_mirrored_keypoints_match_those_of_the_mirrored_picture(photographs):
    for rgb8 in photographs:
        plain, real = extract(rgb8), extract(np.ascontiguousarray(rgb8[:, ::-1]))
        places = pairs(plain.mirrored(), real)
        assert len(places) > 0.8 * len(plain)
        off = plain.points[places[:, 0]] + real.points[places[:, 1]] * (1, -1) - (rgb8.shape[1] - 1, 0)
        assert np.median(np.abs(off)) < 1
        assert len(pairs(plain, real)) < 0.2 * len(places)


def test_points_are_pixels_of_the_full_size_picture(photographs):
    china, _ = photographs
    large = cv2.resize(china, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    small, found = extract(china), extract(large)
    assert found.size == (1920, 1281)
    places = pairs(found, small)
    assert np.median(np.abs(found.points[places[:, 0]] - small.points[places[:, 1]] * 3)) < 2


def test_a_quiet_part_keeps_its_points_beside_a_busy_one(photographs, page):
    china, _ = photographs
    found = extract_suspect(page(china, (700, 300), 300))
    inside = ((found.points >= (700, 300)) & (found.points < (1000, 500))).all(axis=1)
    assert COUNT < len(found) <= COUNT + LARGE_COUNT
    assert inside.sum() > 200


def test_the_same_picture_gives_the_same_bytes(photographs):
    china, _ = photographs
    assert extract(china).to_bytes() == extract(china.copy()).to_bytes()


@given(keypoints(least=1), st.integers(0, 12))
def test_spreading_keeps_points_once_and_as_many_as_asked(some, count):
    spread = some.spread(count)
    assert len(spread) == min(count, len(some))
    assert sorted(map(tuple, some.spread(len(some)).points.tolist())) == sorted(map(tuple, some.points.tolist()))


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (2, 3), (900, 900)])
def test_flat_pictures_of_any_size_have_no_keypoints(shape):
    assert len(extract_suspect(np.full((*shape, 3), 200, np.uint8))) == 0


def _lists(some: Keypoints) -> tuple[list[list[float]], list[list[int]]]:
    return np.round(some.points, 3).tolist(), some.descriptors.tolist()
