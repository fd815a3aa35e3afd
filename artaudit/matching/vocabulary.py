"""Local features as words of a fixed vocabulary, with signatures of 128 bits, for an inverted file.

A word is a pair of nearest centres, one for each half of a descriptor (Babenko and Lempitsky, "The inverted
multi-index", 2012, https://doi.org/10.1109/CVPR.2012.6248038); a signature says of each of its numbers whether it
exceeds the median of the training set (Jégou et al., "Hamming embedding and weak geometric consistency for large scale
image search", 2008, https://doi.org/10.1007/978-3-540-88682-2_24). `training/vocabulary.py` learned the vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int64, UInt8, UInt64
from safetensors.numpy import load_file

VOCABULARY = Path(__file__).parent / "vocabulary.safetensors"
CENTRES = 256
WORDS = CENTRES**2

_HALF = 64
_ROWS = 512


@dataclass(frozen=True)
class Vocabulary:
    """The `centres` of both halves of RootSIFT descriptors, and the medians (`middles`) of their numbers."""

    centres: Float32[np.ndarray, "2 256 64"] = field(repr=False)
    middles: UInt8[np.ndarray, " 128"] = field(repr=False)

    def words(self, descriptors: UInt8[np.ndarray, "count 128"], near: int = 1) -> Int64[np.ndarray, "count words"]:
        """Return each descriptor's words (0 to 65,535) of the `near` nearest centres of each half, nearest first."""
        halves = descriptors.reshape(-1, 2, _HALF).astype(np.float32)
        nearest = [self._nearest(halves[:, half], half, near) for half in range(2)]
        return (nearest[0][:, :, None] * CENTRES + nearest[1][:, None, :]).reshape(len(descriptors), near * near)

    def signatures(self, descriptors: UInt8[np.ndarray, "count 128"]) -> UInt64[np.ndarray, "count 2"]:
        """Return 128 bits per descriptor; similar features differ in few of them."""
        return np.packbits(descriptors > self.middles, axis=1).view("<u8").astype(np.uint64)

    def _nearest(self, part: Float32[np.ndarray, "count 64"], half: int, near: int) -> Int64[np.ndarray, "count near"]:
        centres = self.centres[half]
        nearest = [np.empty((0, near), np.int64)]
        for begin in range(0, len(part), _ROWS):
            distances = (centres * centres).sum(axis=1) - 2 * part[begin : begin + _ROWS] @ centres.T
            if near > 1:
                nearest.append(np.argpartition(distances, (0, near - 1), axis=1)[:, :near])
            else:
                nearest.append(distances.argmin(1)[:, None])
        return np.concatenate(nearest)


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary that comes with artaudit."""
    arrays = load_file(VOCABULARY)
    return Vocabulary(arrays["centres"].astype(np.float32), arrays["middles"])
