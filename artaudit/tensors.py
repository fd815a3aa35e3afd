"""Tensors as pictures: padding, tiling and the way between arrays and batches."""

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
