"""The map an artist paints: white takes the whole budget, black none of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.errors import UsageError
from artaudit.image import Image
from artaudit.tensors import to_batch
from artaudit.transforms import to_luma


@dataclass(frozen=True)
class Mask:
    """Shares of a budget in [0, 1], of any size; `digest` is the sha256 of the map."""

    values: Float[np.ndarray, "rows columns"] = field(repr=False, compare=False)
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        """Refuse values outside [0, 1], and compute the digest."""
        if not (self.values.size and self.values.min() >= 0 and self.values.max() <= 1):
            raise UsageError("A mask holds values outside 0 (nothing) to 1 (whole budget): scale them first.")
        digest = hashlib.sha256(f"{self.values.shape}".encode())
        digest.update(self.values.astype(">f4").tobytes())
        object.__setattr__(self, "digest", digest.hexdigest())

    @classmethod
    def painted(cls, image: Image) -> Mask:
        """Read the map from a picture's luma."""
        return cls(to_luma(to_batch(image.pixels))[0, 0].clamp(0, 1).numpy())

    def over(self, height: int, width: int) -> Float[Tensor, "1 1 {height} {width}"]:
        """Return the map stretched over a picture; what lies wholly under black is 0."""
        values = torch.from_numpy(self.values.astype(np.float32))[None, None]
        if values.shape[-2:] == (height, width):
            return values
        return F.interpolate(values, (height, width), mode="bilinear", antialias=True, align_corners=False).clamp(0, 1)
