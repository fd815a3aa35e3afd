"""Sketches are near where descriptors are, and stored descriptors come back or are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from artaudit.errors import RegistryError
from artaudit.matching.binary_codes import BITS, from_bytes, gather, ranked, sketch, to_bytes, to_sketches


def unit(count, numbers, seed=0):
    drawn = np.random.default_rng(seed).standard_normal((count, numbers)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@pytest.mark.parametrize("numbers", [512, 384, 1024])
def test_bits_differ_as_the_angle_says(numbers):
    first, noise = unit(200, numbers), unit(200, numbers, 1)
    mixed = (0.75 * first + np.sqrt(1 - 0.75**2) * noise).astype(np.float32)
    differ = np.bitwise_count(sketch(first) ^ sketch(mixed)).sum(axis=1)
    assert differ.mean() / BITS == pytest.approx(np.arccos(0.75) / np.pi, abs=0.01)


def test_the_nearest_works_come_first_whatever_view_is_near():
    views = {work: unit(14, 512, work) for work in range(1, 60)}
    whole = gather((work, sketch(vectors)) for work, vectors in views.items())
    query = np.concatenate([unit(3, 512, 99), views[31][7:8] + 0.3 * unit(1, 512, 98)])
    nearest = whole.nearest(sketch(query), 5)
    assert (nearest[0], len(nearest), len(set(nearest))) == (31, 5, 5)
    [(work, cosine, place), *_] = ranked(query, nearest, views.__getitem__)
    assert (work, place) == (31, 3)
    assert cosine == pytest.approx(float((query[3] @ views[31].T).max()))


def test_every_sketch_is_read(monkeypatch):
    monkeypatch.setattr("artaudit.matching.binary_codes._COLUMNS", 7)
    vectors = unit(100, 512)
    whole = gather([(work, sketch(vectors[work : work + 1])) for work in range(100)])
    query = sketch(unit(1, 512, 5))[0]
    assert np.array_equal(whole.distances(query), np.bitwise_count(sketch(vectors) ^ query).sum(axis=1))
    assert len(whole.nearest(query[None], 1000)) == 100


def test_nothing_is_near_where_nothing_is():
    assert gather([]).nearest(sketch(unit(1, 512)), 5) == []


finite = st.floats(-1, 1, width=16)


@given(hnp.arrays(np.float16, st.tuples(st.integers(1, 14), st.integers(1, 40)), elements=finite))
def test_descriptors_come_back(vectors):
    assert np.array_equal(from_bytes(to_bytes(vectors.astype(np.float32))), vectors.astype(np.float32))


@given(st.binary(max_size=300))
def test_garbage_is_refused_or_has_the_size_it_names(data):
    try:
        vectors = from_bytes(data)
    except RegistryError:
        return
    assert len(data) == 4 + 2 * vectors.size and np.isfinite(vectors).all()


def test_cut_descriptors_and_sketches_are_refused():
    vectors = unit(3, 512)
    with pytest.raises(RegistryError, match="audit db verify"):
        from_bytes(to_bytes(vectors)[:-1])
    with pytest.raises(RegistryError, match="no descriptor"):
        from_bytes(to_bytes(vectors * np.inf))
    with pytest.raises(RegistryError, match="sketch"):
        to_sketches(sketch(vectors).tobytes()[:-1])
    assert np.array_equal(to_sketches(sketch(vectors).tobytes()), sketch(vectors))
