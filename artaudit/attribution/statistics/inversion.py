"""Redrawing errors by octave, before and after steps that invert the decoder without gradients.

Hong et al., "Gradient-free Decoder Inversion in Latent Diffusion Models", NeurIPS 2024, https://arxiv.org/abs/2409.18442:
the latents are moved by what the encoder misses between the picture and its redrawing. Of a decoder's own pictures the
error all but vanishes, of others it stays. Octaves are those of `octaves`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures
from artaudit.attribution.statistics.octaves import bands_inside
from artaudit.protocols import Autoencoder


@dataclass(frozen=True, slots=True)
class Inversion:
    """Logarithms of the power in `count` octaves and the rest: of the picture, and of the errors after 0 to `steps`.

    A margin of `inset` pixels is redrawn but not measured, as pixels beyond a crop may have influenced it. Pictures
    with a side below four times that are measured whole.
    """

    count: int = 3
    inset: int = 16
    steps: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers, in their order."""
        places = [*(f"octave {number + 1}" for number in range(self.count)), "the rest"]
        margin = f", {self.inset} pixels in" if self.inset else ""
        kinds = ("picture", *(f"error after {step} steps" for step in range(self.steps + 1)))
        planes = ("light", "colour")
        return tuple(
            f"log power of {kind} in {plane}{margin}, {place}" for kind in kinds for plane in planes for place in places
        )

    @torch.no_grad()
    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch numbers"]:
        """Redraw every picture 1 + `steps` times; both sides at least 2 to the power of `count`."""
        height, width = pixels.shape[-2:]
        pixels = pixels.contiguous(memory_format=torch.channels_last)  # faster convolutions
        aim = model.encode(pixels)
        latents, numbers = aim, [bands_inside(pixels, self.count, self.inset)]
        for step in range(self.steps + 1):
            redrawn = model.decode(latents)[..., :height, :width]
            numbers.append(bands_inside(redrawn - pixels, self.count, self.inset))
            if step < self.steps:
                latents = latents + aim - model.encode(redrawn.clamp(0, 1))
        return torch.cat(numbers, dim=1)
