"""How near a decoder can come to a picture: gradient descent on the latents, from those of the encoder.

Wang et al., "How to Trace Latent Generative Model Generated Images without Artificial Watermark?", ICML 2024,
https://arxiv.org/abs/2405.13360
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures, log_power, redraw
from artaudit.protocols import Autoencoder

_HALVED_EVERY = 50


@dataclass(frozen=True, slots=True)
class Traced:
    """The nearest pictures found, their mean squared errors, and how the search went."""

    pictures: Float[Tensor, "batch 3 height width"]
    errors: Float[Tensor, " batch"]
    iterations: int
    iterations_per_second: float
    settled: bool


@dataclass(frozen=True, slots=True)
class LatentTracer:
    """Minimises the mean squared error of pixels with Adam on the latents and keeps the lowest.

    `rate` is halved before every fiftieth step from the second on, as published. The search ends early when the
    lowest error of every picture fell by less than the share `settled` over `patience` steps.
    """

    steps: int = 100
    rate: float = 0.05
    patience: int = 15
    settled: float = 0.01

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers, in their order."""
        return ("log error inverted", "log first error over inverted", "log error inverted over redrawn again")

    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch 3"]:
        """Invert every picture; errors are decimal logarithms of mean squares."""
        traced = self.trace(model, pixels)
        first, inverted = log_power(redraw(model, pixels) - pixels), log_power(traced.pictures - pixels)
        again = log_power(redraw(model, traced.pictures) - traced.pictures)
        return torch.stack([inverted, first - inverted, inverted - again], dim=1)

    def trace(self, model: Autoencoder, pixels: Pictures) -> Traced:
        """Search from the encoder's latents; pixels in [0, 1], both sides multiples of the model's factor."""
        with torch.no_grad():
            latents = model.encode(pixels)
        latents = latents.detach().clone().requires_grad_()
        optimiser = torch.optim.Adam([latents], lr=self.rate)
        best, lowest = pixels, torch.full((len(pixels),), torch.inf, device=pixels.device)
        history: list[Tensor] = []
        begin = time.perf_counter()
        while len(history) <= self.steps and not self._has_settled(history):
            drawn = model.decode(latents)
            errors = (drawn - pixels).square().mean((1, 2, 3))
            better = errors.detach() < lowest
            best = torch.where(better[:, None, None, None], drawn.detach(), best)
            lowest = torch.where(better, errors.detach(), lowest)
            optimiser.param_groups[0]["lr"] = self.rate / 2 ** ((len(history) + _HALVED_EVERY - 1) // _HALVED_EVERY)
            history.append(lowest)
            (latents.grad,) = torch.autograd.grad(errors.sum(), latents)
            optimiser.step()
        spent = max(time.perf_counter() - begin, 1e-9)
        return Traced(best, lowest, len(history), len(history) / spent, self._has_settled(history))

    def _has_settled(self, history: list[Tensor]) -> bool:
        if len(history) <= self.patience:
            return False
        return bool((history[-1] > (1 - self.settled) * history[-1 - self.patience]).all())
