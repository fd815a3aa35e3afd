"""PDQ hashes: orientations, robustness, storage."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from artaudit.auditor.matching.pdq import ORIENTATIONS, THRESHOLD, PdqHash, nearest, pdq, pdq_orientations
from artaudit.errors import RegistryError

HASHES = st.builds(PdqHash, st.binary(min_size=32, max_size=32), st.integers(0, 100))
EDITS = {
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
def test_each_orientation_of_a_copy_is_found_and_named(words, photographs):
    for rgb8 in photographs:
        turned = np.ascontiguousarray(EDITS[words](rgb8))
        ((distance, place),) = nearest(pdq_orientations(turned), [pdq(rgb8)])
        assert distance <= THRESHOLD
        assert ORIENTATIONS[place] == words


def test_a_compressed_thumbnail_is_a_copy_and_another_picture_is_not(photographs):
    china, flower = photographs
    buffer = io.BytesIO()
    Pillow.fromarray(china).resize((160, 107)).save(buffer, "JPEG", quality=30)
    assert pdq(china).distance(pdq(np.asarray(Pillow.open(buffer)))) <= THRESHOLD
    assert min(nearest(pdq_orientations(flower), [pdq(china)]))[0] > 2 * THRESHOLD


def test_the_first_orientation_is_the_plain_hash_and_large_pictures_hash_as_their_smaller_copies(photographs):
    china, _ = photographs
    assert pdq_orientations(china)[0] == pdq(china)
    assert pdq(china.repeat(4, axis=0).repeat(4, axis=1)).distance(pdq(china)) <= 4


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (63, 64), (512, 513)])
def test_flat_pictures_of_any_size_decide_nothing(shape):
    assert not pdq(np.full((*shape, 3), 90, np.uint8)).decides


def test_a_photograph_decides(photographs):
    assert all(pdq(rgb8).decides for rgb8 in photographs)


@given(HASHES)
def test_a_hash_survives_storage(stored):
    assert PdqHash.from_bytes(stored.to_bytes()) == stored


@given(st.binary(max_size=80).filter(lambda data: len(data) != 33 or data[-1] > 100))
def test_anything_else_is_refused(data):
    with pytest.raises(RegistryError, match="PDQ hash"):
        PdqHash.from_bytes(data)


@given(st.lists(HASHES, min_size=1, max_size=8), st.lists(HASHES, min_size=1, max_size=5))
def test_the_nearest_hash_is_the_one_with_the_fewest_differing_bits(suspect, works):
    for work, (distance, place) in zip(works, nearest(suspect, works), strict=True):
        assert distance == suspect[place].distance(work) == work.distance(suspect[place])
        assert distance == min(one.distance(work) for one in suspect)
