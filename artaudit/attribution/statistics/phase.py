"""How much harder a picture is to redraw half a latent off its grid: a decoder's own picture loses most.

The search for the grid itself is in `grid`; blocks give away a JPEG's grid alike (Bianchi and Piva 2012,
https://doi.org/10.1109/TIFS.2011.2170836).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures, detailed, log_power, redraw
from artaudit.protocols import Autoencoder

SIDE = 192
"""Pixels along each side of the window that is redrawn, at most; it lies where the picture has the most detail."""


@dataclass(frozen=True, slots=True)
class Phase:
    """The contrast between the aligned grid and one moved by half a latent both ways.

    It means nothing for decoders without a grid; calibration shows which these are.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers, in their order."""
        return ("log error off over on the grid",)

    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch 1"]:
        """Redraw every picture on and off the grid; both sides at least twice the model's factor."""
        factor, half = model.factor, model.factor // 2
        height, width = (min(SIDE, side - factor) for side in pixels.shape[-2:])
        places = detailed(pixels[..., :-factor, :-factor], height, width, factor)
        on, off = (
            torch.stack(
                [one[:, y + by :, x + by :][:, :height, :width] for one, (y, x) in zip(pixels, places, strict=True)]
            )
            for by in (0, half)
        )
        return (log_power(redraw(model, off) - off) - log_power(redraw(model, on) - on))[:, None]
