"""Descriptors of whole pictures and windows as 512-bit sketches; a query is compared with all of them.

A sketch keeps the signs of a descriptor's numbers, or of 512 random projections if it has another length
(Charikar, "Similarity estimation techniques from rounding algorithms", 2002, https://doi.org/10.1145/509907.509965).
Works whose sketches are nearest are ranked again by their float16 descriptors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float16, Float32, Int32, UInt16, UInt64

from artaudit.errors import RegistryError

BITS = 512
_WORDS = BITS // 64
_COLUMNS = 1 << 14
_MOST_WINDOWS, _MOST_NUMBERS = 64, 4096

Vectors = Float32[np.ndarray, "views numbers"]


@dataclass(frozen=True, slots=True)
class Sketches:
    """The sketches of all views of all works, one per column, and the number of the work that each belongs to."""

    owners: Int32[np.ndarray, " views"] = field(repr=False)
    bits: UInt64[np.ndarray, "8 views"] = field(repr=False)

    def distances(self, query: UInt64[np.ndarray, " 8"]) -> UInt16[np.ndarray, " views"]:
        """Return the number of bits, 0 to 512, in which each sketch differs from `query`."""
        distances = np.zeros(len(self.owners), np.uint16)
        for begin in range(0, len(distances), _COLUMNS):
            part = slice(begin, begin + _COLUMNS)
            for row, word in zip(self.bits, query, strict=True):
                distances[part] += np.bitwise_count(row[part] ^ word)
        return distances

    def nearest(self, queries: UInt64[np.ndarray, "views 8"], count: int) -> list[int]:
        """Return at most `count` works, ordered by the least distance of any of their views to any query."""
        if not len(self.owners):
            return []
        least = np.minimum.reduce([self.distances(query) for query in queries])
        wanted = min(count * _MOST_WINDOWS, len(least) - 1)
        # no work has more than _MOST_WINDOWS views, so this many views hold enough works
        near = np.flatnonzero(least <= np.partition(least, wanted)[wanted])
        ordered = near[np.argsort(least[near], kind="stable")]
        return list(dict.fromkeys(self.owners[ordered].tolist()))[:count]


def sketch(vectors: Vectors) -> UInt64[np.ndarray, "views 8"]:
    """Return a 512-bit sketch of each descriptor."""
    numbers = vectors.shape[1]
    if numbers != BITS:
        vectors = vectors @ np.random.default_rng(numbers).standard_normal((numbers, BITS)).astype(np.float32)
    return np.packbits(vectors > 0, axis=1).view("<u8").astype(np.uint64)


def to_sketches(data: bytes) -> UInt64[np.ndarray, "views 8"]:
    """Read sketches as they are stored; raises RegistryError when they are cut."""
    if len(data) % (BITS // 8):
        raise RegistryError("A stored sketch is damaged: check the registry with `audit db verify`.")
    return np.frombuffer(data, "<u8").astype(np.uint64).reshape(-1, _WORDS)


def gather(works: Iterable[tuple[int, UInt64[np.ndarray, "views 8"]]]) -> Sketches:
    """Join the sketches of all works, given as (work, sketches)."""
    named = list(works)
    owners = [np.empty(0, np.int32), *(np.full(len(bits), work, np.int32) for work, bits in named)]
    bits = np.concatenate([np.empty((0, _WORDS), np.uint64), *(bits for _, bits in named)])
    return Sketches(np.concatenate(owners), np.ascontiguousarray(bits.T))


def ranked(queries: Vectors, works: Iterable[int], stored: Callable[[int], Vectors]) -> list[tuple[int, float, int]]:
    """Return (work, cosine of its nearest view, index of the nearest query), ordered by cosine, highest first."""
    nearest = []
    for work in works:
        cosines = queries @ stored(work).T
        place = int(cosines.max(axis=1).argmax())
        nearest.append((work, float(cosines[place].max()), place))
    return sorted(nearest, key=lambda entry: -entry[1])


def to_bytes(vectors: Vectors) -> bytes:
    """Return views and numbers per view (two bytes each), then the float16 descriptors, all little-endian."""
    return np.array(vectors.shape, "<u2").tobytes() + vectors.astype("<f2").tobytes()


def from_bytes(data: bytes) -> Vectors:
    """Read what `to_bytes` wrote; raises RegistryError for anything else."""
    views, numbers = np.frombuffer(data[:4], "<u2").tolist() if len(data) >= 4 else (0, 0)  # noqa: PLR2004 - two sizes
    if not (0 < views <= _MOST_WINDOWS and 0 < numbers <= _MOST_NUMBERS) or len(data) != 4 + 2 * views * numbers:
        raise RegistryError("A stored descriptor is damaged: check the registry with `audit db verify`.")
    stored: Float16[np.ndarray, " values"] = np.frombuffer(data, "<f2", offset=4)
    if not np.isfinite(stored).all():
        raise RegistryError("A stored descriptor is no descriptor: check the registry with `audit db verify`.")
    return stored.astype(np.float32).reshape(views, numbers)
