"""PDQ hashes of works are found near those of a picture, as it is and with inverted colours."""

import numpy as np

from artaudit.matching.pdq import THRESHOLD, PdqHash
from artaudit.scan.works import near_hashes

DRAW = np.random.default_rng(0)


def turned(bits, count):
    """Turn the first bit of `count` bytes."""
    return bytes(byte ^ 0x80 if place < count else byte for place, byte in enumerate(bits))


def test_hashes_near_one_and_near_its_inverse_are_found_and_no_others():
    asked = DRAW.bytes(32)
    inverse = bytes(255 - byte for byte in asked)
    known = [DRAW.bytes(32), asked, inverse, turned(asked, THRESHOLD), turned(asked, THRESHOLD + 1)]
    known += [turned(inverse, THRESHOLD), turned(inverse, THRESHOLD + 1)]
    stored = np.ascontiguousarray(np.frombuffer(b"".join(known), "<u8").reshape(-1, 4).T)
    assert near_hashes(stored, PdqHash(asked, 100), THRESHOLD).tolist() == [1, 2, 3, 5]


def test_the_distance_is_that_of_all_bits_wherever_they_lie():
    stored = DRAW.integers(0, 2**64, (4, 1000), dtype=np.uint64)
    query = PdqHash(DRAW.bytes(32), 100)
    words = np.frombuffer(query.bits, "<u8")
    differ = np.bitwise_count(stored ^ words[:, None]).sum(axis=0, dtype=np.int64)
    for most in (THRESHOLD, 63, 110):
        expected = np.flatnonzero((differ <= most) | (differ >= 256 - most))
        assert near_hashes(stored, query, most).tolist() == expected.tolist()
