"""The index of a registry is made from it, kept up to date, and made again when it is missing or wrong."""

import numpy as np
import pytest

from artaudit.matching import binary_codes, bring_up_to_date, index_file, index_path
from artaudit.matching.index import descriptor_sentence
from artaudit.matching.keypoints import extract

SHA = {number: f"{number:064x}" for number in range(1, 9)}


@pytest.fixture(scope="module")
def stored(works):
    return {number: extract(rgb8).to_bytes() for number, rgb8 in enumerate(works.values(), start=1)}


class Reader:
    """Reads keypoints and remembers of which works."""

    def __init__(self, stored):
        self.stored, self.read = stored, []

    def __call__(self, work):
        self.read.append(work)
        return self.stored[work]


def same(left, right):
    """Tell whether two pools hold the same features, in any order within a word."""
    rows = [
        sorted(zip(pool.words.tolist(), pool.owners.tolist(), map(tuple, pool.signatures.tolist()), strict=True))
        for pool in (left, right)
    ]
    return rows[0] == rows[1]


def some(*numbers):
    return {number: SHA[number] for number in numbers}


def test_it_is_read_back_without_touching_the_works(tmp_path, stored):
    path = index_path(tmp_path / "registry.db")
    first = bring_up_to_date(path, some(1, 2, 3), Reader(stored))
    reader = Reader(stored)
    again = bring_up_to_date(path, some(1, 2, 3), reader)
    assert reader.read == []
    assert isinstance(again.pool.signatures.base, np.memmap)
    assert same(first.pool, again.pool)
    assert first.own_works == again.own_works


def test_works_that_came_or_went_are_added_or_left_out(tmp_path, stored):
    path = index_path(tmp_path / "registry.db")
    bring_up_to_date(path, some(1, 2, 3), Reader(stored))
    reader = Reader(stored)
    changed = bring_up_to_date(path, some(1, 3, 4), reader)
    assert 4 in reader.read
    assert same(changed.pool, bring_up_to_date(None, some(1, 3, 4), Reader(stored)).pool)
    assert set(changed.pool.owners.tolist()) == {1, 3, 4}


def test_another_work_under_the_same_number_is_not_taken_for_it(tmp_path, stored):
    path = index_path(tmp_path / "registry.db")
    bring_up_to_date(path, {1: SHA[1], 2: SHA[2]}, Reader(stored))
    swapped = bring_up_to_date(path, {1: SHA[3], 2: SHA[2]}, Reader({**stored, 1: stored[3]}))
    assert same(swapped.pool, bring_up_to_date(None, {1: SHA[3], 2: SHA[2]}, Reader({**stored, 1: stored[3]})).pool)


@pytest.mark.parametrize("place", [3, 60, -1])
def test_a_damaged_index_is_made_again(tmp_path, stored, place):
    path = index_path(tmp_path / "registry.db")
    right = bring_up_to_date(path, some(1, 2), Reader(stored))
    data = bytearray(path.read_bytes())
    data[place] ^= 0xFF
    for damaged in (bytes(data), bytes(data[: len(data) // 2]), b"", b"{}"):
        path.write_bytes(damaged)
        reader = Reader(stored)
        assert same(bring_up_to_date(path, some(1, 2), reader).pool, right.pool)
        assert set(reader.read) == {1, 2}


def test_an_index_of_another_vocabulary_is_not_used(tmp_path):
    path = tmp_path / "index"
    index_file.write(path, {"numbers": np.arange(5)}, "one")
    assert np.array_equal(index_file.read(path, "one")["numbers"], np.arange(5))
    assert index_file.read(path, "other") == {}


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path, stored):
    (tmp_path / "file").write_bytes(b"")
    index = bring_up_to_date(tmp_path / "file" / "index", some(1, 2), Reader(stored))
    assert set(index.pool.owners.tolist()) == {1, 2}


def test_nothing_is_left_beside_it(tmp_path, stored):
    bring_up_to_date(tmp_path / "index", some(1), Reader(stored))
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_the_owners_works_say_how_far_a_match_can_be_trusted(stored):
    alone = bring_up_to_date(None, some(1), Reader(stored)).own_works
    assert alone.pairs == 0 and "not measured" in alone.sentence()
    different = bring_up_to_date(None, some(1, 2, 3), Reader(stored)).own_works
    assert (different.asked, different.pairs, different.agreed) == (3, 6, 0)
    twice = bring_up_to_date(None, some(1, 2), Reader({1: stored[1], 2: stored[1]})).own_works
    assert twice.agreed == 2
    assert "2 of 2 pairs" in twice.sentence()


def test_the_owners_descriptors_say_it_too():
    drawn = np.random.default_rng(0).standard_normal((40, 14, 512)).astype(np.float32)
    views = dict(enumerate(drawn / np.linalg.norm(drawn, axis=2, keepdims=True)))
    views[7] = views[0]

    def whole(numbers):
        return binary_codes.gather((number, binary_codes.sketch(views[number])) for number in numbers)

    def sentence(numbers):
        return descriptor_sentence(whole(numbers), views.__getitem__, 0.75)

    assert "not measured" in sentence([1])
    assert "20 of the owner's works looked for among the others: in 0 of 640 pairs" in sentence(range(7, 40))
    assert "in 2 of 2 pairs a cosine of at least 0.75 (highest: 1.00)" in sentence([0, 7])
