"""PDQ finds whole copies, names how they lie, and decides nothing about flat pictures."""

import io

import numpy as np
import pdqhash
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from artaudit.errors import RegistryError
from artaudit.matching.pdq import ORIENTATIONS, THRESHOLD, PdqHash, nearest, pdq, pdq_orientations

HASHES = st.builds(PdqHash, st.binary(min_size=32, max_size=32), st.integers(0, 100))
LYING = {
    "as registered": lambda a: a,
    "rotated by 90° clockwise": lambda a: np.rot90(a, -1),
    "rotated by 180°": lambda a: np.rot90(a, 2),
    "rotated by 90° counterclockwise": lambda a: np.rot90(a, 1),
    "mirrored upside down": lambda a: a[::-1],
    "mirrored": lambda a: a[:, ::-1],
    "mirrored, then rotated by 90° counterclockwise": lambda a: np.rot90(a[:, ::-1], 1),
    "mirrored, then rotated by 90° clockwise": lambda a: np.rot90(a[:, ::-1], -1),
}


@pytest.mark.parametrize("words", ORIENTATIONS)
def test_the_words_say_how_the_copy_lies(works, words):
    work = works["china.jpg"]
    lying = np.ascontiguousarray(LYING[words](work))
    [(distance, place)] = nearest(pdq_orientations(lying), [pdq(work)])
    assert distance <= THRESHOLD
    assert ORIENTATIONS[place] == words


def test_different_works_are_far_apart(works):
    hashes = [pdq(rgb8) for rgb8 in works.values()]
    for place, left in enumerate(hashes):
        for right in hashes[:place]:
            assert left.distance(right) > THRESHOLD


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_does_not_decide(level):
    assert not pdq(np.full((200, 300, 3), level, np.uint8)).decides


def test_a_photograph_decides(works):
    assert pdq(works["china.jpg"]).decides


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5000, 3), (3000, 2, 3)])
def test_any_shape_can_be_hashed(shape):
    assert len(pdq(np.zeros(shape, np.uint8)).bits) == 32


def test_a_compressed_thumbnail_is_a_copy(works):
    buffer = io.BytesIO()
    Pillow.fromarray(works["china.jpg"]).resize((160, 107)).save(buffer, "JPEG", quality=30)
    assert pdq(works["china.jpg"]).distance(pdq(np.asarray(Pillow.open(buffer)))) <= THRESHOLD


def test_the_size_a_photograph_is_hashed_at_hardly_matters(works):
    for rgb8 in (works["china.jpg"], works["flower.jpg"]):
        whole = PdqHash(np.packbits(pdqhash.compute(rgb8)[0].astype(np.uint8)).tobytes(), 100)
        large = np.ascontiguousarray(rgb8.repeat(4, axis=0).repeat(4, axis=1))
        assert pdq(rgb8).distance(whole) < THRESHOLD / 2
        assert pdq(large).distance(whole) < THRESHOLD / 2


@given(st.lists(HASHES, min_size=1, max_size=8), st.lists(HASHES, min_size=1, max_size=5))
def test_the_nearest_hash_differs_in_the_fewest_bits(suspect, known):
    for work, (distance, place) in zip(known, nearest(suspect, known), strict=True):
        assert distance == suspect[place].distance(work) == min(orientation.distance(work) for orientation in suspect)


@given(st.binary(min_size=32, max_size=32), st.integers(0, 100))
def test_bytes_come_back(bits, quality):
    stored = PdqHash(bits, quality)
    assert PdqHash.from_bytes(stored.to_bytes()) == stored


@given(st.binary(min_size=32, max_size=32), st.sets(st.integers(0, 255)))
def test_distance_counts_changed_bits(bits, changed):
    flipped = int.from_bytes(bits)
    for place in changed:
        flipped ^= 1 << place
    assert PdqHash(bits, 100).distance(PdqHash(flipped.to_bytes(32), 100)) == len(changed)


@given(st.binary(max_size=80))
def test_other_bytes_are_refused(data):
    if len(data) == 33 and data[-1] <= 100:
        assert PdqHash.from_bytes(data).to_bytes() == data
        return
    with pytest.raises(RegistryError, match="audit db verify"):
        PdqHash.from_bytes(data)
