"""Reads the codes that invisible-watermark's "dwtDct" hides in the chroma of a picture, in crops and JPEGs too.

The encoder (https://github.com/ShieldMnt/invisible-watermark) moves, in the low band of a Haar transform of U, the
largest value of each 4x4 block to 1/4 (a zero) or 3/4 (a one) of the step it lies on. Blocks run along the rows and
take the code's bits in turn. Its own reader lets blocks vote; this one sums how far each block leans to
a zero or a one, and compares the sum with that of random codes on the same picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from jaxtyping import Complex, Float, UInt
from numpy.fft import irfft, rfft

STEP = 36.0
"""The width of a step of the quantiser, in levels of the low band (twice the mean of four samples)."""

BLOCK = 8
_BAND = 512
"""A block's side in pixels: four values of the low band, two pixels each."""

WINDOW = 1024
"""The side, in pixels, of the middle of a picture that is searched for a code whose offset is unknown."""

WORTH = 8.0
"""The agreement from which random codes are searched too; random ones reach more than 4 on average, and a code is told
from 4 above that."""

Leanings = tuple[Float[np.ndarray, "_ _"], ...]


@dataclass(frozen=True, slots=True)
class Payload:
    """A code that a generator hides; `bits` are "0" and "1" in the order of the blocks."""

    name: str
    bits: str

    @property
    def code(self) -> Float[np.ndarray, " bits"]:
        """The bits as numbers, zero on average and 1 in their standard deviation."""
        return _standardised(np.array([[int(bit) for bit in self.bits]], float))[0]


@dataclass(frozen=True, slots=True)
class DecodedCode:
    """How well a picture agrees with a code.

    `agreement` is the sum over all blocks, in standard deviations of the sum of unmarked blocks; `chance` and `scatter`
    are mean and standard deviation of the agreement of random codes with the same picture, searched the same way.
    """

    payload: Payload
    agreement: float
    chance: float
    scatter: float

    @property
    def score(self) -> float:
        """How far the code stands out from chance, in standard deviations (the larger of `scatter` and 1)."""
        return (self.agreement - self.chance) / max(self.scatter, 1.0)


def colour_plane(rgb: UInt[np.ndarray, "rows columns 3"]) -> Float[np.ndarray, "rows columns"]:
    """Return U as the encoder sees it, 0 to 255."""
    plane = np.empty(rgb.shape[:2], np.float32)
    for top in range(0, len(rgb), _BAND):  # the other planes of a large picture would fill the memory
        plane[top : top + _BAND] = cv2.cvtColor(np.ascontiguousarray(rgb[top : top + _BAND]), cv2.COLOR_RGB2YUV)[..., 1]
    return plane


def leanings(plane: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "blockrows blockcolumns"]:
    """Return how far each block leans to a one, with mean zero; a block exactly on a mark leans by 1 or -1."""
    rows, columns = (side // BLOCK for side in plane.shape)
    if not rows or not columns:
        return np.zeros((rows, columns))
    whole = plane[: rows * BLOCK, : columns * BLOCK]
    low = (whole[::2, ::2] + whole[1::2, ::2] + whole[::2, 1::2] + whole[1::2, 1::2]) / 2
    blocks = low.reshape(rows, 4, columns, 4).swapaxes(1, 2).reshape(rows, columns, 16)
    lean = -np.sin(2 * np.pi / STEP * blocks[..., 1:].max(-1))
    return lean - lean.mean()


def read_aligned(plane: Float[np.ndarray, "rows columns"], payload: Payload, codes: int = 2000) -> DecodedCode:
    """Read a picture that was not cropped; `codes` is the number of random codes to compare with."""
    lean, bits = leanings(plane), len(payload.bits)
    sums = _folded(lean, _turns(lean.shape[0], bits, (lean.shape[1],)), bits)[0] / _spread(lean)
    agreements = irfft(sums, bits) @ np.vstack([payload.code, random_codes(bits, codes)]).T
    return _reading(payload, agreements)


def places(plane: Float[np.ndarray, "rows columns"]) -> Leanings:
    """Return the leanings in the picture's middle for each of the 64 offsets that the grid of blocks may have."""
    top, left = (max(0, side - WINDOW) // 2 for side in plane.shape)
    middle = plane[top : top + WINDOW, left : left + WINDOW]
    return tuple(leanings(middle[down:, right:]) for down, right in product(range(BLOCK), repeat=2))


def read_anywhere(leanings_by_offset: Leanings, payload: Payload, codes: int = 100) -> DecodedCode:
    """Read a crop: search all offsets of its blocks (`places`), all widths of the original and all shifts of the code.

    Random codes are searched only if the payload's agreement reaches `WORTH`; else the score is 0.
    """
    best = _searched(leanings_by_offset, payload.code[None])
    if best[0] < WORTH:
        return DecodedCode(payload, float(best[0]), chance=float(best[0]), scatter=0.0)
    return _reading(payload, np.append(best, _searched(leanings_by_offset, random_codes(len(payload.bits), codes))))


def _searched(leanings_by_offset: Leanings, codes: Float[np.ndarray, "codes bits"]) -> Float[np.ndarray, " codes"]:
    """Return each code's best agreement over all offsets of the blocks, widths and shifts of the code."""
    bits, rows = codes.shape[1], leanings_by_offset[0].shape[0]
    turns = _turns(rows, bits, tuple(range(bits)))
    spectra = np.zeros((len(leanings_by_offset), rows, turns.shape[2]), complex)
    for spectrum, lean in zip(spectra, leanings_by_offset, strict=True):
        spectrum[: len(lean)] = _row_spectra(lean, bits) / _spread(lean)
    # One product of matrices for each frequency: (offsets, rows) by (rows, widths).
    sums = np.conj(spectra.transpose(2, 0, 1) @ turns.transpose(2, 1, 0)).transpose(1, 2, 0).copy()
    return np.array([irfft(sums * spectrum, bits).max() for spectrum in rfft(codes)])


def random_codes(bits: int, number: int) -> Float[np.ndarray, "number bits"]:
    """Return `number` random codes of `bits` bits, the same at every call, standardised like a payload."""
    drawn = np.random.default_rng(bits).integers(0, 2, (number, bits))
    drawn[:, 0] = 1 - drawn[:, 1]
    return _standardised(drawn.astype(float))


def _turns(rows: int, bits: int, widths: tuple[int, ...]) -> Complex[np.ndarray, "widths rows frequencies"]:
    """Return the phases that shift the spectrum of each row of blocks to its place in the code, for each width."""
    shifts = np.outer(widths, np.arange(rows))[..., None] * np.arange(bits // 2 + 1) % bits
    return np.exp(-2j * np.pi / bits * shifts)


def _folded(
    lean: Float[np.ndarray, "blockrows blockcolumns"],
    turns: Complex[np.ndarray, "widths rows frequencies"],
    bits: int,
) -> Complex[np.ndarray, "widths frequencies"]:
    """Return, for each width, the spectrum of the sums over all blocks that carry the same bit."""
    return np.einsum("rf,wrf->wf", _row_spectra(lean, bits), turns[:, : len(lean)])


def _row_spectra(lean: Float[np.ndarray, "rows blockcolumns"], bits: int) -> Complex[np.ndarray, "rows frequencies"]:
    """Return the spectrum of the sums over the blocks of each row that carry the same bit."""
    rows, columns = lean.shape
    padded = np.pad(lean, ((0, 0), (0, -columns % bits)))
    return rfft(padded.reshape(rows, padded.shape[1] // bits, bits).sum(1))


def _reading(payload: Payload, agreements: Float[np.ndarray, " codes"]) -> DecodedCode:
    others = agreements[1:]
    return DecodedCode(payload, float(agreements[0]), float(others.mean()), float(others.std()))


def _spread(lean: Float[np.ndarray, "blockrows blockcolumns"]) -> float:
    return float(np.sqrt(np.square(lean).sum())) or 1.0


def _standardised(codes: Float[np.ndarray, "number bits"]) -> Float[np.ndarray, "number bits"]:
    centred = codes - codes.mean(1, keepdims=True)
    return centred / centred.std(1, keepdims=True)
