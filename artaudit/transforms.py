"""What happens to a picture on its way into a training set, differentiable, size kept.

The expectation over such transforms follows Athalye et al. 2018, https://arxiv.org/abs/1707.07397.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

Pixels = Float[Tensor, "batch channels height width"]


@runtime_checkable
class Transform(Protocol):
    """Pixels in [0, 1] to pixels of the same size; `seed` makes a random transform repeatable."""

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:
        """Return the transformed pixels; gradients pass through."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Leaves the picture as it is."""

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:  # noqa: ARG002 - nothing random here
        """Return `pixels` themselves."""
        return pixels


@dataclass(frozen=True, slots=True)
class Blur:
    """Gaussian blur; `sigma` in pixels."""

    sigma: float

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:  # noqa: ARG002 - nothing random here
        """Blur with replicated borders."""
        radius = max(1, round(3 * self.sigma))
        steps = torch.arange(-radius, radius + 1, dtype=pixels.dtype, device=pixels.device)
        kernel = torch.exp(-0.5 * (steps / self.sigma) ** 2)
        kernel = kernel / kernel.sum()
        channels = pixels.shape[1]
        across = kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
        down = kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
        padded = F.pad(pixels, (radius, radius, radius, radius), mode="replicate")
        return F.conv2d(F.conv2d(padded, across, groups=channels), down, groups=channels)


@dataclass(frozen=True, slots=True)
class Noise:
    """White Gaussian noise of standard deviation `sigma`, in units of the full range."""

    sigma: float

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:
        """Add the noise that `seed` draws and clip to [0, 1]."""
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(pixels.shape, generator=generator, dtype=pixels.dtype).to(pixels.device)
        return (pixels + self.sigma * noise).clamp(0, 1)


@dataclass(frozen=True, slots=True)
class Rescale:
    """Shrinks by `factor` (below 1) with antialiasing and grows back, both bilinear."""

    factor: float

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:  # noqa: ARG002 - nothing random here
        """Return pixels of the original size."""
        height, width = pixels.shape[-2:]
        small = (max(1, round(height * self.factor)), max(1, round(width * self.factor)))
        shrunk = F.interpolate(pixels, size=small, mode="bilinear", antialias=True, align_corners=False)
        return F.interpolate(shrunk, size=(height, width), mode="bilinear", align_corners=False)
