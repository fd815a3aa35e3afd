"""Tensors as pictures: padding, halving, light, and the way between arrays and batches."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor


def pad_to_multiple(
    pixels: Float[Tensor, "batch channels height width"], multiple: int
) -> Float[Tensor, "batch channels padded_height padded_width"]:
    """Repeat the last row and column until both sides are multiples of `multiple`."""
    height, width = pixels.shape[-2:]
    bottom, right = -height % multiple, -width % multiple
    return F.pad(pixels, (0, right, 0, bottom), mode="replicate") if bottom or right else pixels


def to_batch(pixels: Float[np.ndarray, "height width channels"]) -> Float[Tensor, "1 channels height width"]:
    """Turn one picture, values in [0, 1], into a float32 batch of one."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], dtype=np.float32))


def to_array(batch: Float[Tensor, "1 channels height width"]) -> Float[np.ndarray, "height width channels"]:
    """Turn a batch of one back into a picture."""
    return np.ascontiguousarray(batch.detach()[0].permute(1, 2, 0).cpu().numpy())


def mirrored(
    pixels: Float[Tensor, "batch channels height width"], smallest: int
) -> Float[Tensor, "batch channels long_height long_width"]:
    """Continue a picture by its mirror image until no side is shorter than `smallest` pixels."""
    for axis in (-2, -1):
        length = pixels.shape[axis]
        if length < smallest:
            place = torch.arange(smallest, device=pixels.device) % (2 * length)
            pixels = pixels.index_select(axis, torch.where(place < length, place, 2 * length - 1 - place))
    return pixels


def halved(
    pixels: Float[Tensor, "batch channels height width"],
) -> Float[Tensor, "batch channels half_height half_width"]:
    """Average 2 x 2 pixels; an odd last row or column is taken twice."""
    return F.avg_pool2d(pad_to_multiple(pixels, 2), 2)


def to_linear(samples: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return light for sRGB samples, both in [0, 1] (IEC 61966-2-1)."""
    return torch.where(samples <= 0.04045, samples / 12.92, ((samples.clamp(min=0.04) + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 - the standard's


def to_srgb(light: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Undo `to_linear`."""
    return torch.where(light <= 0.0031308, 12.92 * light, 1.055 * light.clamp(min=0.003) ** (1 / 2.4) - 0.055)  # noqa: PLR2004 - the standard's
