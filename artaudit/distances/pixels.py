"""How far one picture lies from another by its samples, its structure, and the colour of single pixels."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from jaxtyping import Float

Picture = Float[np.ndarray, "height width colours"]

_SSIM_WINDOW = 7
_SSIM_BAND = 512
_BAND = 256
"""Rows compared at once, so that memory does not grow with the picture."""


def linf(original: Picture, changed: Picture) -> float:
    """Return the largest difference of any sample; pictures in [0, 1]."""
    return float(np.abs(original - changed).max())


def psnr(original: Picture, changed: Picture) -> float:
    """Return the peak signal-to-noise ratio in dB, infinite for equal pictures in [0, 1]."""
    error = float(np.mean((original.astype(np.float64) - changed) ** 2))
    return math.inf if error == 0 else -10 * math.log10(error)


def ssim(original: Picture, changed: Picture) -> float:
    """Return the structural similarity, 1 for equal pictures in [0, 1] (Wang et al. 2004).

    https://doi.org/10.1109/TIP.2003.819861
    """
    from skimage.metrics import structural_similarity  # noqa: PLC0415 - heavy

    window = min(_SSIM_WINDOW, *(side - 1 + side % 2 for side in original.shape[:2]))
    rows = len(original) - window + 1
    weighted = []
    for top in range(0, rows, _SSIM_BAND):
        band = slice(top, min(top + _SSIM_BAND, rows) + window - 1)
        mean = structural_similarity(original[band], changed[band], channel_axis=2, data_range=1.0, win_size=window)
        weighted.append((band.stop - window + 1 - top) * float(mean))
    return sum(weighted) / rows


def delta_e(original: Picture, changed: Picture) -> Float[np.ndarray, "height width"]:
    """Return the CIEDE2000 colour difference of every pixel; sRGB pictures in [0, 1].

    About 1 is just noticeable (Sharma, Wu and Dalal 2005, https://doi.org/10.1002/col.20070).
    """
    from skimage.color import deltaE_ciede2000, rgb2lab  # noqa: PLC0415 - heavy

    def compared(top: int) -> Float[np.ndarray, "band width"]:
        band = slice(top, top + _BAND)
        difference: Float[np.ndarray, "band width"] = deltaE_ciede2000(rgb2lab(original[band]), rgb2lab(changed[band]))
        return difference

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return np.concatenate(list(threads.map(compared, range(0, len(original), _BAND))))
