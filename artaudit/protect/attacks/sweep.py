"""An attack at several strengths, and what it needs beside the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.tensors import to_array, to_batch
from artaudit.transforms import Transform

Pixels = Float[Tensor, "batch 3 height width"]
Picture = Float[np.ndarray, "height width 3"]


class Need(Enum):
    """What an attacker must have."""

    NOTHING = "nothing"
    AUTOENCODER = "an autoencoder"
    GENERATOR = "a model with a denoiser"
    CLOAK = "the very tool that made the cloak"


@dataclass(frozen=True, slots=True)
class AttackSweep:
    """One attack from weak to strong.

    `setting` says what the numbers in `strengths` are. `make` takes one of them, then the model or network that the
    attack `needs`, and returns the attack itself. An `everyday` attack happens to any published picture. A `slow` one
    takes minutes on a CPU and runs only when asked for.
    """

    setting: str
    strengths: tuple[float, ...]
    make: Callable[..., Transform]
    needs: Need = Need.NOTHING
    everyday: bool = False
    slow: bool = False

    def attack(self, strength: float, tool: object | None = None) -> Transform:
        """Return the attack at a strength, carried out with `tool` where it needs one."""
        return self.make(strength) if self.needs is Need.NOTHING else self.make(strength, tool)


def per_picture(
    pixels: Pixels, change: Callable[[Picture], Float[np.ndarray, "rows columns 3"]]
) -> Float[Tensor, "batch 3 rows columns"]:
    """Change every picture of a batch, perhaps its size, as float32 samples in [0, 1]; results are clipped to that."""
    changed = [to_batch(change(to_array(picture[None])).clip(0, 1)) for picture in pixels]
    return torch.cat(changed).to(pixels)
