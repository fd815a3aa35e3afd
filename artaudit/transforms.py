"""What happens to a picture on its way into a training set, differentiable, size kept.

The expectation over such transforms follows Athalye et al. 2018, https://arxiv.org/abs/1707.07397; what has no slope,
such as rounding, passes gradients straight through (Bengio et al. 2013, https://arxiv.org/abs/1308.3432).
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from PIL import Image as Pillow
from torch import Tensor

from artaudit.tensors import pad_to_multiple, to_array, to_batch, to_linear, to_srgb

Pixels = Float[Tensor, "batch channels height width"]
Plane = Float[Tensor, "batch 1 height width"]

_RGB = 3
_HALF = 0.5 + 1e-4
"""Halves are rounded away from zero, as encoders do, also when float32 misses them by a little."""


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


@dataclass(frozen=True, slots=True)
class Crop:
    """Cuts a window of `share` of each side at a random place and grows it to the picture's size, bilinear."""

    share: float = 0.8

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:
        """Return the window that `seed` draws, in the size of the picture."""
        sides = pixels.shape[-2:]
        kept = [max(1, round(side * self.share)) for side in sides]
        rng = np.random.default_rng(seed)
        top, left = (int(rng.integers(side - part + 1)) for side, part in zip(sides, kept, strict=True))
        window = pixels[..., top : top + kept[0], left : left + kept[1]]
        return F.interpolate(window, size=sides, mode="bilinear", align_corners=False)


@dataclass(frozen=True, slots=True)
class Jpeg:
    """A baseline JPEG's loss at `quality` 1 to 100, as the IJG's library makes it; gradients pass its rounding.

    ITU-T T.81, https://www.w3.org/Graphics/JPEG/itu-t81.pdf.
    """

    quality: int = 75
    subsampling: Literal["4:4:4", "4:2:0"] = "4:2:0"

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:  # noqa: ARG002 - nothing random here
        """Return what a decoder makes of the file; 1 channel is grey, 3 are RGB."""
        height, width = pixels.shape[-2:]
        subsampled = pixels.shape[1] == _RGB and self.subsampling == "4:2:0"
        padded = rounded(255 * pad_to_multiple(pixels.clamp(0, 1), 16 if subsampled else 8))
        if pixels.shape[1] != _RGB:
            return self._coded(padded, _LUMINANCE)[..., :height, :width] / 255
        planes = rounded(to_ycbcr(padded))
        chroma = _halved(planes[:, 1:]) if subsampled else planes[:, 1:]
        chroma = self._coded(chroma + 128, _CHROMINANCE) - 128
        if subsampled:
            kept = chroma[..., : -(-height // 2), : -(-width // 2)]
            chroma = rounded(F.interpolate(kept, scale_factor=2.0, mode="bilinear", align_corners=False))
        luma = self._coded(planes[:, :1], _LUMINANCE)
        shown = to_rgb(torch.cat([luma[..., :height, :width], chroma[..., :height, :width]], dim=1))
        return rounded(shown.clamp(0, 255)) / 255

    def _coded(self, planes: Pixels, table: tuple[int, ...]) -> Pixels:
        """Quantise the cosine transform of every 8 x 8 block; samples in [0, 255]."""
        steps = self._steps(table).to(planes)
        exact = block_frequencies(planes - 128) / steps
        frequencies = straight_through(exact, exact.sign() * torch.floor(exact.abs() + _HALF)) * steps
        levels = from_block_frequencies(frequencies) + 128
        return rounded(levels.clamp(0, 255))

    def _steps(self, table: tuple[int, ...]) -> Float[Tensor, "8 8"]:
        percent = 5000 // self.quality if self.quality < 50 else 200 - 2 * self.quality  # noqa: PLR2004 - IJG's rule
        base = torch.tensor(table).view(8, 8)
        return ((base * percent + 50) // 100).clamp(1, 255).to(torch.float32)


@dataclass(frozen=True, slots=True)
class Encoded:
    """What Pillow's own encoder leaves of a picture; gradients pass as if it were not there."""

    format: Literal["JPEG", "WEBP", "AVIF"]
    quality: int

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:  # noqa: ARG002 - nothing random here
        """Return every picture of the batch, written in memory and read back."""
        read = torch.cat([to_batch(self._read_back(to_array(picture[None]))) for picture in pixels])
        return straight_through(pixels, read.to(pixels))

    def _read_back(
        self, picture: Float[np.ndarray, "rows columns channels"]
    ) -> Float[np.ndarray, "rows columns channels"]:
        levels = np.rint(picture.clip(0, 1) * 255).astype(np.uint8)
        buffer = io.BytesIO()
        Pillow.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels).save(
            buffer, self.format, quality=self.quality
        )
        with Pillow.open(buffer) as opened:
            shown = np.asarray(opened.convert("L" if levels.shape[2] == 1 else "RGB"), dtype=np.float32) / 255
        return shown.reshape(picture.shape)


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A picture shown at a fractional `scale`, captured a pixel or two off, shrunk back and saved as JPEG 90.

    The display resamples light, not sample values, and holds 8 bits.
    """

    scale: float = 1.25
    quality: int = 90

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:
        """Return the capture in the picture's size; `seed` draws the offset."""
        sides = pixels.shape[-2:]
        screen = [math.ceil(side * self.scale) for side in sides]
        light = F.interpolate(to_linear(pixels.clamp(0, 1)), size=screen, mode="bilinear", align_corners=False)
        shown = rounded(255 * to_srgb(light)) / 255
        down, right = np.random.default_rng(seed).choice([-2, -1, 1, 2], 2).tolist()
        framed = F.pad(shown, (2, 2, 2, 2), mode="replicate")
        captured = framed[..., 2 + down : 2 + down + screen[0], 2 + right : 2 + right + screen[1]]
        shrunk = F.interpolate(captured, size=sides, mode="bilinear", antialias=True, align_corners=False)
        return Jpeg(self.quality)(shrunk, seed)


def rounded(values: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Round to whole numbers; gradients pass as if it were not there."""
    return straight_through(values, torch.round(values))


def straight_through(values: Float[Tensor, "*shape"], shown: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return `shown` with the gradient of `values`."""
    return values + (shown - values).detach()


def to_luma(pixels: Pixels) -> Plane:
    """Return the luma of RGB (ITU-R BT.601), or one channel as it is; the range is kept."""
    return to_ycbcr(pixels)[:, :1] if pixels.shape[1] == _RGB else pixels


def to_ycbcr(pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
    """Return luma and both chromas around 0 (JFIF); the range is kept."""
    return torch.einsum("ij,bjhw->bihw", pixels.new_tensor(_TO_YCBCR), pixels)


def to_rgb(planes: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 3 height width"]:
    """Undo `to_ycbcr`."""
    return torch.einsum("ij,bjhw->bihw", torch.linalg.inv(planes.new_tensor(_TO_YCBCR)), planes)


def _halved(planes: Pixels) -> Float[Tensor, "batch channels rows columns"]:
    """Average 2 x 2 samples to whole levels; halves are rounded down and up in turn."""
    exact = F.avg_pool2d(planes, 2)
    lift = torch.tensor([0.25, 0.5]).to(exact).repeat(-(-exact.shape[-1] // 2))[: exact.shape[-1]]
    return straight_through(exact, torch.floor(exact + lift))


def block_frequencies(
    planes: Float[Tensor, "batch channels height width"],
) -> Float[Tensor, "batch channels rows columns 8 8"]:
    """Return the orthonormal cosine transform of every 8 x 8 block; both sides are multiples of 8."""
    batch, count, height, width = planes.shape
    waves = _cosines().to(planes)
    blocks = planes.reshape(batch, count, height // 8, 8, width // 8, 8).transpose(3, 4)
    return waves @ blocks @ waves.T


def from_block_frequencies(
    frequencies: Float[Tensor, "batch channels rows columns 8 8"],
) -> Float[Tensor, "batch channels height width"]:
    """Undo `block_frequencies`."""
    batch, count, rows, columns = frequencies.shape[:4]
    waves = _cosines().to(frequencies)
    return (waves.T @ frequencies @ waves).transpose(3, 4).reshape(batch, count, 8 * rows, 8 * columns)


def _cosines() -> Float[Tensor, "8 8"]:
    """Return the matrix of the orthonormal cosine transform, one row per frequency."""
    frequency, place = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    waves = torch.cos(math.pi * frequency * (2 * place + 1) / 16) / 2
    waves[0] /= math.sqrt(2)
    return waves


_TO_YCBCR = (
    (0.299, 0.587, 0.114),
    (-0.168735892, -0.331264108, 0.5),
    (0.5, -0.418687589, -0.081312411),
)
_LUMINANCE = (
    *(16, 11, 10, 16, 24, 40, 51, 61),
    *(12, 12, 14, 19, 26, 58, 60, 55),
    *(14, 13, 16, 24, 40, 57, 69, 56),
    *(14, 17, 22, 29, 51, 87, 80, 62),
    *(18, 22, 37, 56, 68, 109, 103, 77),
    *(24, 35, 55, 64, 81, 104, 113, 92),
    *(49, 64, 78, 87, 103, 121, 120, 101),
    *(72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMINANCE = (
    *(17, 18, 24, 47, 99, 99, 99, 99),
    *(18, 21, 26, 66, 99, 99, 99, 99),
    *(24, 26, 56, 99, 99, 99, 99, 99),
    *(47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 32),
)
