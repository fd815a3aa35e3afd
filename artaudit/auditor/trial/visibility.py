"""Tier 1: what people see of a change."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it

from artaudit import distances
from artaudit.auditor.trial.pairs import Picture
from artaudit.image import Image
from artaudit.tensors import to_array, to_batch

TILE = 64
_SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_SMALLEST = 16


def visibility(clean: Image, changed: Image) -> dict[str, float | None]:
    """Measure the whole picture as people see it: PSNR in dB (None where nothing changed), SSIM, MS-SSIM, CIEDE2000.

    `worst_tile_psnr_db` is the PSNR of the 64 x 64 tile that changed most; `flat_noise_levels` the root mean square
    change of flat areas in levels of 255, None where there are none; `file_growth` a factor.
    """
    one, other = clean.pixels, changed.pixels
    colour = distances.delta_e(one, other)
    return {
        "linf": round(distances.linf(one, other), 6),
        "psnr_db": finite(distances.psnr(one, other)),
        "ssim": round(distances.ssim(one, other), 5),
        "ms_ssim": round(ms_ssim(one, other), 5),
        "delta_e_mean": round(float(colour.mean()), 4),
        "delta_e_p95": round(float(np.percentile(colour, 95)), 4),
        "worst_tile_psnr_db": finite(worst_tile(one, other)),
        "flat_noise_levels": finite(255 * distances.flat_rms(one, other)),
        "file_growth": round(len(changed.data) / len(clean.data), 4),
    }


def ms_ssim(one: Picture, other: Picture) -> float:
    """Return the multi-scale structural similarity, 1 for equal pictures in [0, 1]; small ones have fewer scales.

    Wang, Simoncelli and Bovik 2003, https://doi.org/10.1109/ACSSC.2003.1292216, here with the whole similarity at
    every scale, floored at 0.
    """
    product_of_scales, total = 1.0, 0.0
    for weight in _SCALES:
        if min(one.shape[:2]) < _SMALLEST:
            break
        product_of_scales *= max(0.0, distances.ssim(one, other)) ** weight
        total += weight
        one, other = (to_array(F.avg_pool2d(to_batch(picture), 2)) for picture in (one, other))
    return product_of_scales ** (1 / total)


def worst_tile(one: Picture, other: Picture) -> float:
    """Return the lowest PSNR of any 64 x 64 tile in dB, infinite for equal pictures."""
    corners = product(range(0, one.shape[0], TILE), range(0, one.shape[1], TILE))
    windows = [(slice(top, top + TILE), slice(left, left + TILE)) for top, left in corners]
    return min(distances.psnr(one[window], other[window]) for window in windows)


def finite(value: float) -> float | None:
    """Return a value for JSON: None for what is no finite number."""
    return round(value, 3) if math.isfinite(value) else None
