"""Descriptors of whole pictures and windows as 512-bit sketches, every one of which is read for every query.

A sketch keeps the signs of a descriptor's numbers, or of 512 random projections where it has another length
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
    """The sketches of all views of all works, one per column, and the work that each is of."""

    owners: Int32[np.ndarray, " views"] = field(repr=False)
    bits: UInt64[np.ndarray, "8 views"] = field(repr=False)

    def distances(self, query: UInt64[np.ndarray, " 8"]) -> UInt16[np.ndarray, " views"]:
        """Return the number of bits, 0 to 512, in which each sketch differs from `query`."""
        found = np.zeros(len(self.owners), np.uint16)
        for begin in range(0, len(found), _COLUMNS):
            part = slice(begin, begin + _COLUMNS)
            for row, word in zip(self.bits, query, strict=True):
                found[part] += np.bitwise_count(row[part] ^ word)
        return found

    def nearest(self, queries: UInt64[np.ndarray, "views 8"], count: int) -> list[int]:
        """Return the at most `count` works that have a view nearest to any of the queries, best first."""
        if not len(self.owners):
            return []
        least = np.minimum.reduce([self.distances(query) for query in queries])
        wanted = min(count * _MOST_WINDOWS, len(least) - 1)
        # no work has more views than that, so these hold all that are wanted
        among = np.flatnonzero(least <= np.partition(least, wanted)[wanted])
        ordered = among[np.argsort(least[among], kind="stable")]
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
    """Put the sketches of all works together."""
    named = list(works)
    owners = [np.empty(0, np.int32), *(np.full(len(bits), work, np.int32) for work, bits in named)]
    bits = np.concatenate([np.empty((0, _WORDS), np.uint64), *(bits for _, bits in named)])
    return Sketches(np.concatenate(owners), np.ascontiguousarray(bits.T))


def ranked(queries: Vectors, works: Iterable[int], stored: Callable[[int], Vectors]) -> list[tuple[int, float, int]]:
    """Return (work, cosine of its nearest view, place of the nearest query), the highest cosine first."""
    found = []
    for work in works:
        cosines = queries @ stored(work).T
        place = int(cosines.max(axis=1).argmax())
        found.append((work, float(cosines[place].max()), place))
    return sorted(found, key=lambda one: -one[1])


def to_bytes(vectors: Vectors) -> bytes:
    """Return the number of views and of numbers, two bytes each, and the float16 descriptors, little-endian."""
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
