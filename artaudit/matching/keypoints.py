"""Local features of a picture, RootSIFT: they survive crops, collages, screenshots, scaling and compression.

Lowe, "Distinctive Image Features from Scale-Invariant Keypoints", 2004, https://doi.org/10.1023/B:VISI.0000029664.99615.94;
Arandjelović and Zisserman, "Three things everyone should know to improve object retrieval", 2012,
https://doi.org/10.1109/CVPR.2012.6248018
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from artaudit.errors import RegistryError

SIDE, COUNT = 800, 2000
"""Largest long side in pixels and number of keypoints, of registered works and of suspects in a first pass."""

LARGE_SIDE, LARGE_COUNT = 1600, 5000
"""The same for a second pass over large suspects, where a copy may be a small part of a page."""

_HEADER = struct.Struct("<4sIII")
_MAGIC = b"AKP1"
_MOST, _LARGEST_SIDE = 20_000, 1_000_000
_DIMENSIONS = 128
_ROW = 2 * 4 + _DIMENSIONS
_SCALE = 512
_CELLS = 8
_LOOKED_AT = 4

# OpenCV lays a descriptor out as 4 rows x 4 columns x 8 gradient directions in the frame of the keypoint's own
# direction. Mirroring a picture swaps the rows and reverses the directions; inverting its colours turns that
# frame by half a turn. So the descriptors of both follow from those of the picture as it is.
_PLACES = np.arange(_DIMENSIONS).reshape(4, 4, 8)
_MIRRORED = _PLACES[::-1, :, (-np.arange(8)) % 8].ravel()
_INVERTED = _PLACES[::-1, ::-1].ravel()


@dataclass(frozen=True, slots=True)
class Keypoints:
    """Distinctive points of a picture, the strongest of each part first.

    `points` are (x, y) in pixels of the upright picture in its full size, `descriptors` their RootSIFT vectors
    (unit length, times 512), `size` is the picture's (width, height).
    """

    points: Float32[np.ndarray, "count 2"] = field(repr=False)
    descriptors: UInt8[np.ndarray, "count 128"] = field(repr=False)
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.points)

    def mirrored(self) -> Keypoints:
        """Return the same points with the descriptors that they have in the mirrored picture."""
        return Keypoints(self.points, np.ascontiguousarray(self.descriptors[:, _MIRRORED]), self.size)

    def inverted(self) -> Keypoints:
        """Return the same points with the descriptors that they have in the picture with inverted colours."""
        return Keypoints(self.points, np.ascontiguousarray(self.descriptors[:, _INVERTED]), self.size)

    def spread(self, count: int) -> Keypoints:
        """Return `count` keypoints, the strongest of each cell of an 8 x 8 grid in turn.

        So every part of the picture is represented, and a small copy in a page of text keeps some keypoints.
        """
        cells = np.minimum((self.points * _CELLS / np.array(self.size, np.float32)).astype(np.int64), _CELLS - 1)
        cell = cells[:, 0] * _CELLS + cells[:, 1]
        grouped = np.argsort(cell, kind="stable")
        _, starts, sizes = np.unique(cell[grouped], return_index=True, return_counts=True)
        rank = np.empty(len(cell), np.int64)
        rank[grouped] = np.arange(len(cell)) - np.repeat(starts, sizes)
        chosen = np.argsort(rank, kind="stable")[:count]
        return Keypoints(self.points[chosen], self.descriptors[chosen], self.size)

    def to_bytes(self) -> bytes:
        """Return a 16-byte header and the raw arrays, little-endian."""
        head = _HEADER.pack(_MAGIC, len(self), *self.size)
        return head + self.points.astype("<f4").tobytes() + self.descriptors.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Keypoints:
        """Read what `to_bytes` wrote; raises RegistryError for anything else."""
        if len(data) < _HEADER.size:
            raise _damaged("too short")
        magic, count, width, height = _HEADER.unpack_from(data)
        if magic != _MAGIC:
            raise _damaged("of an unknown kind")
        if count > _MOST or not (0 < width <= _LARGEST_SIDE and 0 < height <= _LARGEST_SIDE):
            raise _damaged("larger than any artaudit writes")
        if len(data) != _HEADER.size + count * _ROW:
            raise _damaged("cut or too long")
        points = np.frombuffer(data, "<f4", count * 2, _HEADER.size).reshape(count, 2).astype(np.float32)
        descriptors = np.frombuffer(data, np.uint8, count * _DIMENSIONS, _HEADER.size + count * 8)
        if not ((points >= 0) & (points <= (width, height))).all():
            raise _damaged("with points outside their picture")
        return cls(points, descriptors.reshape(count, _DIMENSIONS), (width, height))


def extract(rgb8: UInt8[np.ndarray, "height width 3"], *, side: int = SIDE, count: int = COUNT) -> Keypoints:
    """Find at most `count` keypoints, spread over an sRGB picture that is scaled to at most `side` pixels."""
    height, width = rgb8.shape[:2]
    grey = cv2.cvtColor(_shrunk(rgb8, side), cv2.COLOR_RGB2GRAY)
    detected, vectors = cv2.SIFT.create(nfeatures=_LOOKED_AT * count).detectAndCompute(grey, None)
    if not detected:
        return Keypoints(np.empty((0, 2), np.float32), np.empty((0, _DIMENSIONS), np.uint8), (width, height))
    places = np.array([(*point.pt, point.response, point.angle) for point in detected], np.float64)
    order = np.lexsort((places[:, 3], places[:, 1], places[:, 0], -places[:, 2]))
    scale = np.array((width / grey.shape[1], height / grey.shape[0]))
    # a pixel's centre is at .5 in a picture of any size
    points = np.clip((places[order, :2] + 0.5) * scale - 0.5, 0, (width, height))
    return Keypoints(points.astype(np.float32), _root(vectors[order]), (width, height)).spread(count)


def extract_suspect(rgb8: UInt8[np.ndarray, "height width 3"]) -> Keypoints:
    """Find the keypoints of a picture that may hold a copy anywhere; in large pictures at a finer scale too."""
    coarse = extract(rgb8)
    if max(coarse.size) <= SIDE:
        return coarse
    fine = extract(rgb8, side=LARGE_SIDE, count=LARGE_COUNT)
    points = np.concatenate([coarse.points, fine.points])
    return Keypoints(points, np.concatenate([coarse.descriptors, fine.descriptors]), coarse.size)


def _shrunk(rgb8: UInt8[np.ndarray, "height width 3"], side: int) -> UInt8[np.ndarray, "rows columns 3"]:
    height, width = rgb8.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(rgb8, size, interpolation=cv2.INTER_AREA)


def _root(vectors: Float32[np.ndarray, "count 128"]) -> UInt8[np.ndarray, "count 128"]:
    share = vectors / np.maximum(vectors.sum(axis=1, keepdims=True), 1e-12)
    return np.minimum(np.rint(np.sqrt(share) * _SCALE), 255).astype(np.uint8)


def _damaged(how: str) -> RegistryError:
    return RegistryError(f"A stored keypoint fingerprint is {how}: check the registry with `audit db verify`.")
