"""Where a picture's grid of latents begins, and at which size it was drawn: bounded searches over both.

A decoder's own picture loses what makes it easy to redraw when it is moved off the grid it was drawn on, as blocks
give away a JPEG's grid (Bianchi and Piva 2012, https://doi.org/10.1109/TIFS.2011.2170836).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures, log_power, redraw
from artaudit.protocols import Autoencoder

SIDE = 64
"""Pixels along the window that is redrawn at every offset, a multiple of all factors."""

SCALES = (1.0, 0.5, 0.75, 4 / 3, 1.5, 2.0)
"""By how much a picture may have been resized after it was drawn; tried in this order."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows and columns to cut off at the top and left, and how far that offset stands out.

    `contrast` is the median over all offsets minus the lowest, in decimal logarithms of the redrawing error;
    `errors` are these logarithms, offset by offset.
    """

    top: int
    left: int
    contrast: float
    errors: Float[Tensor, "factor factor"]


def find_grid(model: Autoencoder, pixels: Float[Tensor, "1 3 height width"]) -> Grid:
    """Redraw a window in the middle at each of the factor x factor offsets; the lowest error names the grid.

    Pixels in [0, 1]. A picture too small to be moved keeps its grid.
    """
    factor = model.factor
    height, width = pixels.shape[-2:]
    side = min(SIDE, *((length - factor + 1) // factor * factor for length in (height, width)))
    if side < factor:
        return Grid(0, 0, 0.0, torch.zeros(factor, factor))
    top, left = ((length - side - factor + 1) // 2 // factor * factor for length in (height, width))
    places = [(down, across) for down in range(factor) for across in range(factor)]
    moved = [pixels[..., top + down :, left + across :][..., :side, :side] for down, across in places]
    windows = torch.cat(moved)
    errors = log_power(redraw(model, windows) - windows)
    best = int(errors.argmin())
    return Grid(*places[best], float(errors.median() - errors[best]), errors.view(factor, factor))


def rescaled(pixels: Pictures, scale: float) -> Pictures:
    """Undo a resize by `scale`: return the pictures at 1 / scale of their size."""
    if scale == 1:
        return pixels
    size = [max(1, round(side / scale)) for side in pixels.shape[-2:]]
    return F.interpolate(pixels, size=size, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)


def find_scale(
    model: Autoencoder, pixels: Float[Tensor, "1 3 height width"], scales: Sequence[float] = SCALES
) -> float:
    """Return the scale whose undoing shows the clearest grid; 1 for a picture that shows none better."""
    found = {scale: find_grid(model, rescaled(pixels, scale)).contrast for scale in scales}
    return max(found, key=lambda scale: found[scale])
