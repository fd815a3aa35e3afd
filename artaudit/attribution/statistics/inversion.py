"""Redrawing errors by octave and place, before and after steps that invert the decoder without gradients.

Hong et al., "Gradient-free Decoder Inversion in Latent Diffusion Models", NeurIPS 2024, https://arxiv.org/abs/2409.18442:
the latents are moved by what the encoder misses between the picture and its redrawing. Of a decoder's own pictures the
error all but vanishes, of others it stays. Octaves and places are those of `octaves`. Of JPEG files the last error is
also measured in the steps of their quantisation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.quantisation import Steps
from artaudit.attribution.statistic import Pictures
from artaudit.attribution.statistics.in_steps import NAMES, in_steps
from artaudit.attribution.statistics.octaves import GREY, by_block, names_of
from artaudit.protocols import Autoencoder


@dataclass(frozen=True, slots=True)
class Inversion:
    """Logarithms of the power in `count` octaves and the rest: of the picture, and of the errors after 0 to `steps`.

    They are those of blocks, as with `octaves`. JPEG files are measured by the last error in steps of their own.
    """

    count: int = 3
    steps: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers of a block, in their order."""
        return names_of(("picture", *(f"error after {step} steps" for step in range(self.steps + 1))), self.count)

    @property
    def names_of_files(self) -> tuple[str, ...]:
        """Names of the numbers of a block of a file, in their order."""
        return self.names[:1] + NAMES

    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch places numbers"]:
        """Redraw every picture 1 + `steps` times; both sides at least 16 pixels."""
        return self._numbers(pixels, self._redrawn(model, pixels))

    def measure_files(
        self, model: Autoencoder, pixels: Pictures, steps: Steps
    ) -> tuple[Float[Tensor, "batch places numbers"], Float[Tensor, "batch places numbers_of_files"]]:
        """Redraw as often; files are measured by the last redrawing."""
        redrawn = self._redrawn(model, pixels)
        numbers = self._numbers(pixels, redrawn)
        return numbers, torch.cat([numbers[..., :1], in_steps(pixels, redrawn[-1], steps)], dim=2)

    def _numbers(self, pixels: Pictures, redrawn: Sequence[Pictures]) -> Float[Tensor, "batch places numbers"]:
        errors = (drawn - pixels for drawn in redrawn)
        return torch.cat([by_block(values, self.count) for values in (pixels - GREY, *errors)], dim=2)

    @torch.no_grad()
    def _redrawn(self, model: Autoencoder, pixels: Pictures) -> list[Pictures]:
        height, width = pixels.shape[-2:]
        pixels = pixels.contiguous(memory_format=torch.channels_last)  # faster convolutions
        aim = latents = model.encode(pixels)
        redrawn = [model.decode(latents)[..., :height, :width]]
        for _ in range(self.steps):
            latents = latents + aim - model.encode(redrawn[-1].clamp(0, 1))
            redrawn.append(model.decode(latents)[..., :height, :width])
        return redrawn
