"""Redrawing errors by octave and place, before and after steps that invert the decoder without gradients.

Hong et al., "Gradient-free Decoder Inversion in Latent Diffusion Models", NeurIPS 2024, https://arxiv.org/abs/2409.18442:
the latents are moved by what the encoder misses between the picture and its redrawing. Of a decoder's own pictures the
error all but vanishes, of others it stays. Octaves and places are those of `octaves`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures
from artaudit.attribution.statistics.octaves import GREY, by_block, names_of
from artaudit.protocols import Autoencoder


@dataclass(frozen=True, slots=True)
class Inversion:
    """Logarithms of the power in `count` octaves and the rest: of the picture, and of the errors after 0 to `steps`.

    They are those of blocks, as with `octaves`.
    """

    count: int = 3
    steps: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers of a block, in their order."""
        return names_of(("picture", *(f"error after {step} steps" for step in range(self.steps + 1))), self.count)

    @torch.no_grad()
    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch places numbers"]:
        """Redraw every picture 1 + `steps` times; both sides at least 16 pixels."""
        height, width = pixels.shape[-2:]
        pixels = pixels.contiguous(memory_format=torch.channels_last)  # faster convolutions
        aim = model.encode(pixels)
        latents, numbers = aim, [by_block(pixels - GREY, self.count)]
        for step in range(self.steps + 1):
            redrawn = model.decode(latents)[..., :height, :width]
            numbers.append(by_block(redrawn - pixels, self.count))
            if step < self.steps:
                latents = latents + aim - model.encode(redrawn.clamp(0, 1))
        return torch.cat(numbers, dim=2)
