"""How much the redrawing error grows half a latent off the grid: most for a decoder's own pictures.

A JPEG's blocks show its grid in a similar way (Bianchi and Piva 2012, https://doi.org/10.1109/TIFS.2011.2170836).
The search for the grid itself is in `grid`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures, detailed, log_power, redraw
from artaudit.protocols import Autoencoder


@dataclass(frozen=True, slots=True)
class Phase:
    """The ratio of redrawing errors half a latent off the grid, down and across, and on it.

    It is measured in a window of at most `side` pixels along each side, where the picture has the most detail. It is
    meaningless for decoders without a grid; calibration shows which those are.
    """

    side: int = 192

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers, in their order."""
        return ("log error off over on the grid",)

    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch 1"]:
        """Redraw every picture on and off the grid; both sides at least twice the model's factor."""
        factor, half = model.factor, model.factor // 2
        height, width = (min(self.side, length - factor) for length in pixels.shape[-2:])
        places = detailed(pixels[..., :-factor, :-factor], height, width, factor)
        on, off = (
            torch.stack(
                [
                    picture[:, y + shift :, x + shift :][:, :height, :width]
                    for picture, (y, x) in zip(pixels, places, strict=True)
                ]
            )
            for shift in (0, half)
        )
        return (log_power(redraw(model, off) - off) - log_power(redraw(model, on) - on))[:, None]
