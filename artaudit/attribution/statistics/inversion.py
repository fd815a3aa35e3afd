"""Redrawing errors by octave and place, before and after a step that inverts the decoder without gradients.

Hong et al., "Gradient-free Decoder Inversion in Latent Diffusion Models", NeurIPS 2024, https://arxiv.org/abs/2409.18442:
the latents are moved by what the encoder misses between the picture and its redrawing. Of a decoder's own pictures the
error all but vanishes, of others it stays. Octaves and places are those of `octaves`.

Of a JPEG file the picture that was drawn is not known, but how far it can lie from the file is. The step goes towards
the nearest picture to the redrawing that the file allows, and the error left is measured in the steps of its
quantisation.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.quantisation import Steps
from artaudit.attribution.statistic import Pictures
from artaudit.attribution.statistics.in_steps import NAMES, in_steps, nearest
from artaudit.attribution.statistics.octaves import GREY, by_block, names_of
from artaudit.protocols import Autoencoder

_ALLOWED = "after a step towards what the file allows"


@dataclass(frozen=True, slots=True)
class Inversion:
    """Logarithms of the power in `count` octaves and the rest: of the picture, of its error before and after a step.

    They are those of blocks, as with `octaves`. JPEG files are measured by the error after a step of their own, in the
    steps of their quantisation.
    """

    count: int = 3

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers of a block, in their order."""
        return names_of(("picture", "error after 0 steps", "error after 1 steps"), self.count)

    @property
    def names_of_files(self) -> tuple[str, ...]:
        """Names of the numbers of a block of a file, in their order."""
        return self.names[:1] + tuple(f"{name}, {_ALLOWED}" for name in NAMES)

    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch places numbers"]:
        """Redraw every picture twice; both sides at least 16 pixels."""
        return self._numbers(pixels, _Redrawing.of(model, pixels))

    def measure_files(
        self, model: Autoencoder, pixels: Pictures, steps: Steps
    ) -> tuple[Float[Tensor, "batch places numbers"], Float[Tensor, "batch places numbers_of_files"]]:
        """Redraw every picture three times; both sides at least 16 pixels."""
        drawn = _Redrawing.of(model, pixels)
        numbers = self._numbers(pixels, drawn)
        allowed = nearest(pixels, drawn.first, steps)
        return numbers, torch.cat([numbers[..., :1], in_steps(pixels, drawn.towards(allowed), steps)], dim=2)

    def _numbers(self, pixels: Pictures, drawn: _Redrawing) -> Float[Tensor, "batch places numbers"]:
        errors = (redrawn - pixels for redrawn in (drawn.first, drawn.after_step(drawn.latents)))
        return torch.cat([by_block(values, self.count) for values in (pixels - GREY, *errors)], dim=2)


@dataclass(frozen=True, slots=True)
class _Redrawing:
    """Pictures redrawn once from their latents, and the latents of these redrawings."""

    model: Autoencoder
    latents: Tensor
    first: Pictures
    again: Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, model: Autoencoder, pixels: Pictures) -> _Redrawing:
        """Redraw pictures."""
        height, width = pixels.shape[-2:]
        latents = model.encode(pixels.contiguous(memory_format=torch.channels_last))  # faster convolutions
        first = model.decode(latents)[..., :height, :width]
        return cls(model, latents, first, model.encode(first.clamp(0, 1)))

    @torch.no_grad()
    def towards(self, aim: Pictures) -> Pictures:
        """Return the pictures redrawn from latents that were moved by what the redrawings miss of others."""
        return self.after_step(self.model.encode(aim))

    @torch.no_grad()
    def after_step(self, aim: Tensor) -> Pictures:
        """Do so, given the latents of the others."""
        height, width = self.first.shape[-2:]
        return self.model.decode(self.latents + aim - self.again)[..., :height, :width]
