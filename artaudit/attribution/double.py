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

from artaudit.protocols import Autoencoder
from artaudit.tensors import to_batch

SHADES = 32
_TINY = 1e-12


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
    """Redraw a picture twice; pixels in [0, 1], sides cut to whole latents so that the grid stays aligned."""
    height, width = (side - side % model.factor for side in pixels.shape[:2])
    picture = to_batch(pixels[:height, :width])
    with torch.no_grad():
        once = model.decode(model.encode(picture))
        twice = model.decode(model.encode(once))
    first, second = float((once - picture).square().mean()), float((twice - once).square().mean())
    return Reconstruction(model.name, first, second, homogeneity(pixels))


def homogeneity(pixels: Float[np.ndarray, "height width 3"]) -> float:
    """Return the mean of 1 / (1 + difference) between neighbouring grey values in 32 shades; 1 for a flat picture."""
    shades = np.minimum((pixels.mean(axis=2) * SHADES).astype(int), SHADES - 1)
    return float((1 / (1 + np.abs(np.diff(shades, axis=1)))).mean())
