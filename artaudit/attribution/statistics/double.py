"""How much better a picture survives a second redrawing than a first one: low for pictures an autoencoder made.

Wang et al., "AEDR: Training-Free AI-Generated Image Attribution via Autoencoder Double-Reconstruction", AAAI 2026,
https://arxiv.org/abs/2507.18988. The homogeneity factor follows Haralick 1973,
https://doi.org/10.1109/TSMC.1973.4309314.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures, log_power, redraw, whole
from artaudit.protocols import Autoencoder
from artaudit.tensors import to_batch

SHADES = 32
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Double:
    """The published statistic: logarithms of the first error, of first over second, and the homogeneity."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers, in their order."""
        return ("log first error", "log first/second error", "homogeneity")

    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch 3"]:
        """Redraw every picture twice; errors are decimal logarithms of mean squares."""
        once = redraw(model, pixels)
        first, second = log_power(once - pixels), log_power(redraw(model, once) - once)
        return torch.stack([first, first - second, homogeneities(pixels)], dim=1)


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """Mean squared errors of the first and second redrawing, and the picture's homogeneity in (0, 1]."""

    model: str
    first: float
    second: float
    homogeneity: float

    @property
    def ratio(self) -> float:
        """The first error over the second, times the homogeneity: near 1 or below for the model's own pictures."""
        return self.first / max(self.second, _TINY) * self.homogeneity


def double_reconstruction(model: Autoencoder, pixels: Float[np.ndarray, "height width 3"]) -> Reconstruction:
    """Redraw one picture twice; pixels in [0, 1], sides cut to whole latents so that the grid stays aligned."""
    picture = whole(to_batch(pixels), model.factor)
    once = redraw(model, picture)
    twice = redraw(model, once)
    first, second = float((once - picture).square().mean()), float((twice - once).square().mean())
    return Reconstruction(model.name, first, second, homogeneity(pixels))


def homogeneity(pixels: Float[np.ndarray, "height width 3"]) -> float:
    """Return the mean of 1 / (1 + difference) between neighbouring grey values in 32 shades; 1 for a flat picture."""
    return float(homogeneities(to_batch(pixels))[0])


def homogeneities(pixels: Pictures) -> Float[Tensor, " batch"]:
    """Return the homogeneity of every picture, in (0, 1]."""
    shades = (pixels.mean(1) * SHADES).floor().clamp_max(SHADES - 1)
    return (1 / (1 + shades.diff(dim=-1).abs())).mean((1, 2))
