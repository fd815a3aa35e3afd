"""The error of one redrawing, by a distance of choice: the autoencoder with the lowest error is the likeliest maker.

Ricker et al., "AEROBLADE: Training-Free Detection of Latent Diffusion Images Using Autoencoder Reconstruction Error",
CVPR 2024, https://arxiv.org/abs/2401.17879
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures, redraw
from artaudit.protocols import Autoencoder

_FAINT = 1e-8

Distance = Callable[[Pictures, Pictures], Float[Tensor, " batch"]]


def pixel_distance(redrawn: Pictures, pixels: Pictures) -> Float[Tensor, " batch"]:
    """Return the mean squared difference of every pair."""
    return (redrawn - pixels).square().mean((1, 2, 3))


@dataclass(frozen=True, slots=True)
class Aeroblade:
    """The published statistic; its authors use the second layer of LPIPS on VGG as the `distance`."""

    distance: Distance = pixel_distance

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers, in their order."""
        return ("log redrawing distance",)

    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch 1"]:
        """Redraw every picture once, rounded to 8 bits like a file; the model's own pictures score lower."""
        once = (redraw(model, pixels).clamp(0, 1) * 255).round() / 255
        with torch.no_grad():
            return self.distance(once, pixels).clamp_min(_FAINT).log10()[:, None]
