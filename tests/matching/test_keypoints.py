"""Keypoints lie in the full-size picture, follow mirroring and inversion, and are stored safely."""

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from artaudit.errors import RegistryError
from artaudit.matching.confirmation import pairs, squared_distances
from artaudit.matching.keypoints import COUNT, LARGE_COUNT, Keypoints, extract, extract_suspect


@st.composite
def stored(draw):
    count = draw(st.integers(0, 12))
    width, height = draw(st.integers(1, 5000)), draw(st.integers(1, 5000))
    shares = draw(hnp.arrays(np.float32, (count, 2), elements=st.floats(0, 0.9990234375, width=32)))
    descriptors = draw(hnp.arrays(np.uint8, (count, 128)))
    return Keypoints(shares * np.array((width, height), np.float32), descriptors, (width, height))


@given(stored())
def test_bytes_come_back(keypoints):
    back = Keypoints.from_bytes(keypoints.to_bytes())
    assert back.size == keypoints.size
    assert np.array_equal(back.points, keypoints.points)
    assert np.array_equal(back.descriptors, keypoints.descriptors)


@given(stored(), st.data())
def test_cut_bytes_are_refused(keypoints, data):
    whole = keypoints.to_bytes()
    with pytest.raises(RegistryError, match="audit db verify"):
        Keypoints.from_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(st.binary(max_size=400))
def test_garbage_is_refused(data):
    with pytest.raises(RegistryError, match="audit db verify"):
        Keypoints.from_bytes(data)


@pytest.mark.parametrize(
    ("count", "width", "height"), [(2**32 - 1, 10, 10), (20_001, 10, 10), (0, 0, 10), (0, 10, 2**31)]
)
def test_absurd_headers_are_refused(count, width, height):
    with pytest.raises(RegistryError, match="larger than any"):
        Keypoints.from_bytes(struct.pack("<4sIII", b"AKP1", count, width, height))


@pytest.mark.parametrize("value", [np.nan, np.inf, -1, 11])
def test_points_outside_the_picture_are_refused(value):
    data = struct.pack("<4sIII2f", b"AKP1", 1, 10, 10, value, 5) + bytes(128)
    with pytest.raises(RegistryError, match="outside"):
        Keypoints.from_bytes(data)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 3000, 3), (40, 40, 3)])
def test_a_flat_picture_has_none(shape):
    keypoints = extract_suspect(np.full(shape, 90, np.uint8))
    assert len(keypoints) == 0
    assert keypoints.size == (shape[1], shape[0])


def test_points_are_in_pixels_of_the_full_size(works):
    small = works["flower.jpg"]
    large = cv2.resize(small, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC)
    known, enlarged = extract(small), extract(large)
    assert enlarged.size == (large.shape[1], large.shape[0])
    assert 0 < len(enlarged) <= COUNT
    places = pairs(enlarged, known)
    assert np.median(np.abs(enlarged.points[places[:, 0]] - known.points[places[:, 1]] * 5)) < 3


def test_extraction_repeats(works):
    first, second = (extract(works["china.jpg"]) for _ in range(2))
    assert first.to_bytes() == second.to_bytes()


def near(left, right):
    """Return the share of keypoints that have one near in position and descriptor among the others."""
    apart = np.linalg.norm(left.points[:, None] - right.points[None], axis=2)
    unlike = squared_distances(left.descriptors.astype(np.float32), right.descriptors.astype(np.float32))
    return ((apart < 2) & (unlike < 100**2)).any(axis=1).mean()


def test_mirrored_descriptors_are_those_of_the_mirrored_picture(works):
    rgb8 = works["china.jpg"]
    derived, seen = extract(rgb8).mirrored(), extract(np.ascontiguousarray(rgb8[:, ::-1]))
    flipped = (rgb8.shape[1] - 1 - seen.points[:, 0], seen.points[:, 1])
    back = Keypoints(np.stack(flipped, axis=1), seen.descriptors, seen.size)
    assert near(derived.spread(300), back) > 0.6
    assert near(extract(rgb8).spread(300), back) < 0.1


def test_inverted_descriptors_are_those_of_the_inverted_picture(works):
    rgb8 = works["china.jpg"]
    seen = extract(255 - rgb8)
    assert near(extract(rgb8).inverted().spread(300), seen) > 0.6
    assert near(extract(rgb8).spread(300), seen) < 0.1


@given(stored())
@settings(max_examples=20)
def test_mirroring_and_inverting_twice_is_nothing(keypoints):
    assert np.array_equal(keypoints.mirrored().mirrored().descriptors, keypoints.descriptors)
    assert np.array_equal(keypoints.inverted().inverted().descriptors, keypoints.descriptors)


def test_a_small_copy_keeps_its_points_beside_a_page_of_text(works, in_page):
    keypoints = extract_suspect(in_page(works["flower.jpg"]))
    inside = ((keypoints.points >= (900, 200)) & (keypoints.points < (1300, 467))).all(axis=1)
    assert COUNT < len(keypoints) <= COUNT + LARGE_COUNT
    assert inside.sum() > 150


@given(stored(), st.integers(0, 12))
def test_spreading_chooses_each_point_once(keypoints, count):
    assert len(keypoints.spread(count)) == min(count, len(keypoints))
    whole = keypoints.spread(len(keypoints)) if len(keypoints) else keypoints
    assert sorted(map(bytes, whole.descriptors)) == sorted(map(bytes, keypoints.descriptors))


def test_every_part_of_a_picture_has_its_say(works):
    busy = np.random.default_rng(0).integers(0, 256, (640, 640, 3), dtype=np.uint8)
    busy[:80, :80] = works["drawing 1"][100:180, 100:180]
    alone = extract(busy)
    spread = alone.spread(128)
    cells = {tuple(cell) for cell in (spread.points // 80).astype(int).tolist()}
    assert len(spread) == 128
    assert len(cells) >= 60
