"""The error of a first redrawing over that of a second: low for pictures that the autoencoder drew.

Wang et al., "AEDR: Training-Free AI-Generated Image Attribution via Autoencoder Double-Reconstruction", AAAI 2026,
https://arxiv.org/abs/2507.18988. The homogeneity factor follows Haralick 1973,
https://doi.org/10.1109/TSMC.1973.4309314.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures, log_power, redraw
from artaudit.protocols import Autoencoder

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


def homogeneities(pixels: Pictures) -> Float[Tensor, " batch"]:
    """Return the homogeneity of every picture, in (0, 1]."""
    shades = (pixels.mean(1) * SHADES).floor().clamp_max(SHADES - 1)
    return (1 / (1 + shades.diff(dim=-1).abs())).mean((1, 2))
