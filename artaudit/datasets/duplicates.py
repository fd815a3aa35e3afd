"""Pictures that a data set holds twice where it should not: in two splits, or under two labels.

Near copies by PDQ, Davis and Rosen 2019, https://github.com/facebook/ThreatExchange/tree/main/pdq.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pdqhash
from jaxtyping import UInt8, UInt64

from artaudit.datasets.manifest import Row

NEAR = 31
"""Hashes that differ in at most this many of 256 bits belong to copies (the threshold the authors recommend)."""

_LEAST_QUALITY = 50
_SMALLEST, _LARGEST = 64, 512
_CELLS = 2**21


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A picture and an earlier one that it copies; `distance` in bits of 256, None for equal bytes."""

    path: str
    earlier: str
    distance: int | None
    conflict: str
    """What they disagree about: split or label."""

    def __str__(self) -> str:
        likeness = "is byte for byte" if self.distance is None else f"looks ({self.distance} of 256 bits differ) like"
        return f"{self.path} {likeness} {self.earlier}, of another {self.conflict}"


def exact(rows: Sequence[Row]) -> list[Duplicate]:
    """Return the pictures whose very bytes an earlier one of another split or label has."""
    kinds: dict[str, dict[tuple[str, str], Row]] = defaultdict(dict)
    found = []
    for row in rows:
        earlier = kinds[row.sha256] if row.sha256 else {}
        other = next((before for before in earlier.values() if _conflict(row, before)), None)
        if other:
            found.append(Duplicate(row.path, other.path, None, _conflict(row, other)))
        earlier.setdefault((row.split, row.label), row)
    return found


class NearCopies:
    """Collects hashes and finds near copies; nearly flat pictures are left out, as their hashes say little."""

    def __init__(self, near: int = NEAR) -> None:
        self.near = near
        self._rows: list[Row] = []
        self._bits: list[bytes] = []

    def add(self, row: Row, rgb8: UInt8[np.ndarray, "height width 3"]) -> None:
        """Take in a picture."""
        vector, quality = pdqhash.compute(_resized(rgb8))
        if quality >= _LEAST_QUALITY:
            self._rows.append(row)
            self._bits.append(np.packbits(vector.astype(np.uint8)).tobytes())

    def found(self) -> list[Duplicate]:
        """Return each near copy of an earlier picture of another split or label; pairs and equal bytes do not count."""
        if not self._rows:
            return []
        bits = np.frombuffer(b"".join(self._bits), np.uint64).reshape(-1, 4)
        step = max(1, _CELLS // len(bits))
        return [copy for start in range(0, len(bits), step) for copy in self._among(bits, start, start + step)]

    def _among(self, bits: UInt64[np.ndarray, "pictures 4"], start: int, stop: int) -> Iterator[Duplicate]:
        later = bits[start:stop]
        distances = np.zeros((len(later), len(bits)), np.uint16)
        for word in range(4):
            distances += np.bitwise_count(later[:, word, None] ^ bits[None, :, word])
        candidates: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for late, early in np.argwhere(distances <= self.near):
            if early < start + late:
                candidates[int(late)].append((int(distances[late, early]), int(early)))
        for late, others in candidates.items():
            row = self._rows[start + late]
            for distance, early in sorted(others):
                other = self._rows[early]
                conflict = "" if row.pair and row.pair == other.pair else _conflict(row, other)
                if conflict and row.sha256 != other.sha256:
                    yield Duplicate(row.path, other.path, distance, conflict)
                    break


def _conflict(row: Row, other: Row) -> str:
    if row.label != other.label:
        return "label"
    return "split" if row.split and other.split and row.split != other.split else ""


def _resized(rgb8: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "rows columns 3"]:
    """Scale each side to at least `_SMALLEST` and at most `_LARGEST` pixels, the range that the hash works on."""
    height, width = rgb8.shape[:2]
    size = min(max(width, _SMALLEST), _LARGEST), min(max(height, _SMALLEST), _LARGEST)
    return np.ascontiguousarray(cv2.resize(rgb8, size, interpolation=cv2.INTER_AREA))
