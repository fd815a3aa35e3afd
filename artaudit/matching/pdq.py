"""PDQ, the perceptual hash that platforms exchange: finds whole copies, turned and mirrored ones too.

Davis and Rosen, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", 2019,
https://github.com/facebook/ThreatExchange/tree/main/pdq
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pdqhash
from jaxtyping import UInt8

from artaudit.errors import RegistryError

THRESHOLD = 31
"""Hashes that differ in at most this many of 256 bits belong to copies (the threshold the authors recommend)."""

MIN_QUALITY = 50
"""A hash of lower quality (0 to 100) comes from a nearly flat picture and cannot show a copy."""

ORIENTATIONS = (
    "as registered",
    "rotated by 90° clockwise",
    "rotated by 180°",
    "rotated by 90° counterclockwise",
    "mirrored upside down",
    "mirrored",
    "mirrored, then rotated by 90° counterclockwise",
    "mirrored, then rotated by 90° clockwise",
)
"""The orientation of a picture whose hash at this index of `pdq_orientations` equals the work's."""

_BYTES = 32
_SMALLEST, _LARGEST = 64, 512


@dataclass(frozen=True, slots=True)
class PdqHash:
    """256 bits, the most significant first as in the published hexadecimal form, and their quality, 0 to 100."""

    bits: bytes
    quality: int

    @property
    def decides(self) -> bool:
        """Whether the picture has enough structure for its hash to mean anything."""
        return self.quality >= MIN_QUALITY

    def to_bytes(self) -> bytes:
        """Return 33 bytes: the bits, then the quality."""
        return self.bits + bytes([self.quality])

    @classmethod
    def from_bytes(cls, data: bytes) -> PdqHash:
        """Read what `to_bytes` wrote; raises RegistryError for anything else."""
        if len(data) != _BYTES + 1 or data[-1] > 100:  # noqa: PLR2004 - quality goes to 100
            raise RegistryError(
                f"A stored PDQ hash of {len(data)} bytes is damaged: check the registry with `audit db verify`."
            )
        return cls(data[:_BYTES], data[_BYTES])

    def distance(self, other: PdqHash) -> int:
        """Return the number of bits that differ, 0 to 256."""
        return (int.from_bytes(self.bits) ^ int.from_bytes(other.bits)).bit_count()


def pdq(rgb8: UInt8[np.ndarray, "height width 3"]) -> PdqHash:
    """Hash an sRGB picture."""
    vector, quality = pdqhash.compute(_resized(rgb8))
    return _hash(vector, quality)


def pdq_orientations(rgb8: UInt8[np.ndarray, "height width 3"]) -> tuple[PdqHash, ...]:
    """Hash an sRGB picture in its eight orientations, in the order of `ORIENTATIONS`."""
    vectors, quality = pdqhash.compute_dihedral(_resized(rgb8))
    return tuple(_hash(vector, quality) for vector in vectors)


def nearest(suspect: Sequence[PdqHash], works: Sequence[PdqHash]) -> list[tuple[int, int]]:
    """Return for each work the smallest distance to any of the suspect's hashes and the index of that hash."""
    ours = np.frombuffer(b"".join(work.bits for work in works), np.uint8).reshape(-1, 1, _BYTES)
    theirs = np.frombuffer(b"".join(orientation.bits for orientation in suspect), np.uint8).reshape(1, -1, _BYTES)
    distances = np.bitwise_count(ours ^ theirs).sum(axis=2, dtype=np.int64)
    places = distances.argmin(axis=1)
    return [(int(row[place]), int(place)) for row, place in zip(distances, places, strict=True)]


def _hash(vector: np.ndarray, quality: int) -> PdqHash:
    return PdqHash(np.packbits(vector.astype(np.uint8)).tobytes(), min(int(quality), 100))


def _resized(rgb8: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "rows columns 3"]:
    """Resize each side to between 64 and 512 pixels; the hash itself samples 64 x 64."""
    height, width = rgb8.shape[:2]
    size = min(max(width, _SMALLEST), _LARGEST), min(max(height, _SMALLEST), _LARGEST)
    return np.ascontiguousarray(cv2.resize(rgb8, size, interpolation=cv2.INTER_AREA))
