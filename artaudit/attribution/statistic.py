"""The protocol of statistics for attribution, and the measurements that they share; no gradients are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.quantisation import Steps
from artaudit.protocols import Autoencoder

Pictures = Float[Tensor, "batch 3 height width"]

_AT_ONCE = 1 << 18
"""Pixels redrawn at once, so that memory does not grow with the batch."""

FAINT = 1e-8
"""A mean square far below that of rounding to 8 bits, so that logarithms stay finite."""


@runtime_checkable
class Statistic(Protocol):
    """Measures pictures with one model, whole or place by place; `names` are the names of its numbers."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers, in their order."""
        ...

    def measure(
        self, model: Autoencoder, pixels: Pictures
    ) -> Float[Tensor, "batch numbers"] | Float[Tensor, "batch places numbers"]:
        """Return the numbers for every picture, or for every place in it, as many places in pictures of one size.

        Pixels in [0, 1], both sides multiples of the model's factor.
        """
        ...


@runtime_checkable
class OfFiles(Protocol):
    """A statistic that also measures pictures as JPEG files, whose quantisation is known, place by place."""

    @property
    def names_of_files(self) -> tuple[str, ...]:
        """Names of the numbers of files, in their order."""
        ...

    def measure_files(
        self, model: Autoencoder, pixels: Pictures, steps: Steps
    ) -> tuple[Float[Tensor, "batch places numbers"], Float[Tensor, "batch places numbers_of_files"]]:
        """Return the numbers that `measure` returns, and those of files; the pixels begin where blocks of files do."""
        ...


def names_of_files(asked: Statistic) -> tuple[str, ...]:
    """Return the names of the numbers of files, of a statistic that does not measure these apart none."""
    return asked.names_of_files if isinstance(asked, OfFiles) else ()


def in_parts(act: Callable[..., Tensor], pixels: Pictures, *further: Tensor) -> Tensor:
    """Return `act` of the batch, and of what else there is for every picture, computed a few pictures at a time."""
    count = max(1, _AT_ONCE // (pixels.shape[-2] * pixels.shape[-1]))
    parts = zip(*(torch.split(values, count) for values in (pixels, *further)), strict=True)
    return torch.cat([act(*part) for part in parts])


@torch.no_grad()
def redraw(model: Autoencoder, pixels: Pictures) -> Pictures:
    """Return the pictures encoded and decoded once, at the same size."""
    height, width = pixels.shape[-2:]
    pixels = pixels.contiguous(memory_format=torch.channels_last)  # faster convolutions
    return in_parts(lambda part: model.decode(model.encode(part))[..., :height, :width], pixels)


def detailed(pixels: Pictures, height: int, width: int, step: int) -> list[tuple[int, int]]:
    """Return the top and left of each picture's window of this size with the most detail, among multiples of `step`.

    The window's sides are multiples of `step` too.
    """
    grey = pixels.mean(1, keepdim=True)
    fine = grey - F.avg_pool2d(grey, 3, stride=1, padding=1, count_include_pad=False)
    cells = F.avg_pool2d(fine.square(), step)
    power = F.avg_pool2d(cells, (height // step, width // step), stride=1)
    down, across = power.shape[-2:]
    places = power.view(len(pixels), down * across).argmax(1).tolist()
    return [(step * (place // across), step * (place % across)) for place in places]


def log_power(values: Float[Tensor, "batch channels height width"]) -> Float[Tensor, " batch"]:
    """Return the decimal logarithm of each picture's mean square, at least -8."""
    return values.square().mean((1, 2, 3)).clamp_min(FAINT).log10()


def log_bands(values: Float[Tensor, "batch channels height width"], count: int) -> Float[Tensor, "batch bands"]:
    """Return the logarithms of the power in `count` octaves, finest first, and of the coarse rest."""
    return torch.stack([log_power(band) for band in octaves(values, count)], dim=1)


def octaves(values: Float[Tensor, "batch channels height width"], count: int) -> list[Tensor]:
    """Return `count` octaves, finest first, and the coarse rest, each half as large as the one before.

    They are the levels of a Laplacian pyramid (Burt and Adelson 1983, https://doi.org/10.1109/TCOM.1983.1095851).
    """
    bands = []
    for _ in range(count):
        coarse = F.avg_pool2d(values, 2, ceil_mode=True)
        bands.append(values - F.interpolate(coarse, size=values.shape[-2:], mode="bilinear", align_corners=False))
        values = coarse
    return [*bands, values]


def whole(pixels: Pictures, factor: int) -> Float[Tensor, "batch 3 whole_height whole_width"]:
    """Crop at the right and lower edge so that both sides are multiples of the factor."""
    height, width = (side - side % factor for side in pixels.shape[-2:])
    return pixels[..., :height, :width]
