"""Numbers that describe the noise of a crop: co-occurrences, spectra, cosines, grid, wavelet, colour.

Co-occurrences after Fridrich and Kodovsky 2012, https://doi.org/10.1109/TIFS.2012.2190402; spectra after Durall et al.
2020, https://arxiv.org/abs/2003.01826; traces of upsampling after Zhang et al. 2019, https://arxiv.org/abs/1907.06515.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from jaxtyping import Float, Int
from scipy.fft import dctn

from artaudit.detect.crops import Picture
from artaudit.detect.residuals import KINDS, Part, Plane, gaussian_residual, haar, residuals

Numbers = Float[np.ndarray, " count"]
Power = Float[np.ndarray, "down across"]

REACH = 2
RINGS = 24
SECTORS = 12
SIDES = 2 * REACH + 1
BROAD = ("second", "square 3", "gaussian")
"""Residuals that are also counted at half resolution, and in coarse steps."""

COARSE = 0.33
_SMALL = 1e-3


def crop_features(crop: Picture) -> dict[str, Numbers]:
    """Return the features of one crop with samples in [0, 1], by group; crops of one size give the same counts.

    Only the grid's features depend on where the crop was cut, and not on the phase: a shifted copy gives the same.
    """
    levels = np.ascontiguousarray(crop * 255, dtype=np.float32)
    planes = cv2.split(cv2.cvtColor(np.ascontiguousarray(crop, dtype=np.float32), cv2.COLOR_RGB2YCrCb))
    luma, *chroma = (np.asarray(plane, dtype=np.float32) * 255 for plane in planes)
    fine = gaussian_residual(luma)
    return {
        "spectrum": _spectrum(fine),
        "cosines": _cosines(luma),
        "grid": _grid(fine),
        "colours": _colours(levels),
        "bands": np.concatenate([_bands(plane) for plane in (luma, *chroma)]),
        "chroma": np.concatenate([_rings(_power(gaussian_residual(plane))) for plane in chroma]),
        "runs": np.concatenate([_joint(luma), _joint(_halved(luma), BROAD), _joint(luma * np.float32(COARSE), BROAD)]),
    }


def _halved(plane: Plane) -> Part:
    return np.asarray(cv2.resize(plane, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.float32)


def _joint(luma: Plane, kinds: Sequence[str] = KINDS) -> Numbers:
    """Return shares of runs of three quantised residuals, kinds kept apart, directions put together."""
    counts: dict[str, Numbers] = {}
    for kind, residual in residuals(luma, kinds):
        counts[kind] = counts.get(kind, 0) + _cooccurrences(residual)
    return np.concatenate([_shares(found) for found in counts.values()])


def _shares(counts: Numbers) -> Numbers:
    """Return square roots of shares, so that small and large ones vary alike."""
    return np.sqrt(counts / counts.sum())


def _cooccurrences(residual: Plane) -> Numbers:
    """Count runs of three across and down, a run, its mirror image and its negative as one."""
    levels = (np.rint(residual).clip(-REACH, REACH) + REACH).astype(np.intp)
    across = (levels[:, :-2] * SIDES + levels[:, 1:-1]) * SIDES + levels[:, 2:]
    down = (levels[:-2] * SIDES + levels[1:-1]) * SIDES + levels[2:]
    runs = np.bincount(across.ravel(), minlength=SIDES**3) + np.bincount(down.ravel(), minlength=SIDES**3)
    return np.bincount(_alike(), runs)


@cache
def _alike() -> Int[np.ndarray, " runs"]:
    """Return the class of every run: runs that are mirror images or negatives of each other share one."""
    runs = np.stack(np.unravel_index(np.arange(SIDES**3), (SIDES,) * 3), axis=1)
    kin = [runs, runs[:, ::-1], 2 * REACH - runs, 2 * REACH - runs[:, ::-1]]
    first = np.min([np.ravel_multi_index(tuple(versions.T), (SIDES,) * 3) for versions in kin], axis=0)
    return np.unique(first, return_inverse=True)[1]


def _power(residual: Plane) -> Power:
    window = np.hanning(residual.shape[0])[:, None] * np.hanning(residual.shape[1])[None]
    return np.abs(np.fft.rfft2(residual * window)) ** 2 / (window**2).sum()


def _spectrum(residual: Plane) -> Numbers:
    """Return rings, sectors and the peaks at the frequencies that upsampling by 2, 4 and 8 leaves."""
    power = _power(residual)
    return np.concatenate([_rings(power), _sectors(power), _peaks(power)])


def _polar(shape: tuple[int, ...]) -> tuple[Power, Power]:
    down, across = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(2 * (shape[1] - 1))[None]
    return np.hypot(down, across) * 2, np.arctan2(down, across)


def _rings(power: Power) -> Numbers:
    """Return the log power of rings of equal frequency, and their slope to the next as the shape."""
    radius, _ = _polar(power.shape)
    ring = np.minimum((radius * RINGS).astype(int), RINGS - 1).ravel()
    total = np.bincount(ring, power.ravel(), RINGS) / np.maximum(np.bincount(ring, minlength=RINGS), 1)
    return np.log(total + _SMALL)


def _sectors(power: Power) -> Numbers:
    """Return the log share of each direction in the upper half of the frequencies."""
    radius, angle = _polar(power.shape)
    high = (radius > 0.5) & (radius <= 1)  # noqa: PLR2004 - the upper half
    sector = np.minimum(((angle / np.pi + 0.5) * SECTORS).astype(int), SECTORS - 1)[high]
    total = np.bincount(sector, power[high], SECTORS) / np.maximum(np.bincount(sector, minlength=SECTORS), 1)
    return np.log((total + _SMALL) / (total.mean() + _SMALL))


def _peaks(power: Power) -> Numbers:
    """Return how far each multiple of 1/8 of the sampling frequency stands out of its neighbourhood, in logs."""
    rows, columns = power.shape[0], 2 * (power.shape[1] - 1)
    local = cv2.blur(power.astype(np.float32), (9, 9), borderType=cv2.BORDER_REFLECT_101)
    ratio = np.log((power + _SMALL) / (local + _SMALL))
    down, across = np.arange(8) * rows // 8, np.arange(5) * columns // 8
    grid = ratio[np.ix_(down, across)]
    grid = (grid + grid[(-np.arange(8)) % 8]) / 2
    return grid[:5].ravel()[1:]


def _cosines(luma: Plane) -> Numbers:
    """Return log mean sizes of cosine coefficients of 8 x 8 blocks that lie at all phases of any grid."""
    blocks = np.lib.stride_tricks.sliding_window_view(luma, (8, 8))[::5, ::5]
    sizes = np.abs(dctn(blocks, axes=(2, 3), norm="ortho")).mean(axis=(0, 1))
    return np.log(sizes.ravel()[1:] + 10 * _SMALL)


def _grid(residual: Plane) -> Numbers:
    """Return how unevenly the residual lies within cells of 8 x 8: log sizes of the map's Fourier terms."""
    rows, columns = residual.shape[0] // 8 * 8, residual.shape[1] // 8 * 8
    cells = np.abs(residual[:rows, :columns]).reshape(rows // 8, 8, columns // 8, 8).mean(axis=(0, 2))
    terms = np.abs(np.fft.rfft2(cells / (cells.mean() + _SMALL))) / 64
    return np.log(terms.ravel()[1:] + _SMALL)


def _colours(levels: Picture) -> Numbers:
    """Return how the residuals of red, green and blue go together, and how strong each is."""
    planes = np.stack([gaussian_residual(np.ascontiguousarray(levels[..., colour])).ravel() for colour in range(3)])
    spread = planes.std(axis=1) + _SMALL
    shared = planes @ planes.T / planes.shape[1]
    ties = [shared[a, b] / (spread[a] * spread[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
    return np.concatenate([np.arctanh(np.clip(ties, -0.999, 0.999)), np.log(spread)])


def _bands(plane: Plane) -> Numbers:
    """Return, for three levels of a wavelet, the log size of each band and how peaked it is."""
    numbers = []
    for _ in range(3):
        plane, bands = haar(plane)
        for band in bands:
            mean, square = np.abs(band).mean(), np.sqrt((band**2).mean())
            numbers += [np.log(mean + 10 * _SMALL), np.log((square + _SMALL) / (mean + _SMALL))]
    return np.array(numbers)
