"""Whether a generator drew a picture, its encoder unasked: search its input, then test the error for an outlier.

Wang et al., "Where Did I Come From? Origin Attribution of AI-Generated Images", NeurIPS 2023,
https://arxiv.org/abs/2306.08577. The test is Grubbs' (1950, https://doi.org/10.1214/aoms/1177729885), one-sided.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.ddim import Ddim
from artaudit.attribution.statistic import Pictures, log_bands
from artaudit.protocols import Autoencoder, Generator

Generate = Callable[[Tensor], Float[Tensor, "batch channels height width"]]
"""From inputs of the generator to pixels in [0, 1], differentiable."""

_FAINT = 1e-8
_FEWEST = 7
_OCTAVES = 3


@dataclass(frozen=True, slots=True)
class Inversion:
    """The input that came nearest to each picture, and the mean squared error that is left."""

    codes: Float[Tensor, " batch *code"]
    errors: Float[Tensor, " batch"]


@dataclass(frozen=True, slots=True)
class Ronan:
    """Adam on the generator's input, from `starts` random ones at once; the lowest error of any step counts.

    As a statistic, the input is the latents of a plain autoencoder, and of a model with a denoiser the noise that it
    begins with, drawn in `strides` strides without words.
    """

    steps: int = 500
    rate: float = 0.05
    starts: int = 4
    strides: int = 4
    seed: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """One name a number, in order; what the picture holds says how hard it is to draw."""
        places = [*(f"octave {number + 1}" for number in range(_OCTAVES)), "the rest"]
        return ("log error inverted", *(f"log power of picture, {place}" for place in places))

    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch numbers"]:
        """Search the input of every picture; the model's encoder says no more than how large one is."""
        with torch.no_grad():
            shape = model.encode(pixels[:1]).shape[1:]
        errors = self.invert(_generate(model, self.strides), shape, pixels).errors
        return torch.cat([errors.clamp_min(_FAINT).log10()[:, None], log_bands(pixels, _OCTAVES)], dim=1)

    def invert(
        self, generate: Generate, shape: Sequence[int], pixels: Float[Tensor, "batch channels height width"]
    ) -> Inversion:
        """Search the inputs, each of `shape` and standard normal, that draw `pixels`; the same in any company."""
        count, chance = len(pixels), torch.Generator().manual_seed(self.seed)
        first = torch.randn((self.starts, *shape), generator=chance).to(pixels.device)
        codes = first.repeat(count, *(1 for _ in shape)).requires_grad_()
        wanted = pixels.repeat_interleave(self.starts, dim=0)
        optimiser = torch.optim.Adam([codes], lr=self.rate)
        best, lowest = codes.detach().clone(), torch.full((len(codes),), torch.inf, device=pixels.device)
        for _ in range(self.steps):
            errors = (generate(codes) - wanted).square().mean((1, 2, 3))
            better = errors.detach() < lowest
            best[better], lowest[better] = codes.detach()[better], errors.detach()[better]
            (codes.grad,) = torch.autograd.grad(errors.sum(), codes)
            optimiser.step()
        found, places = lowest.view(count, self.starts).min(1)
        return Inversion(best.view(count, self.starts, *shape)[torch.arange(count), places], found)


def _generate(model: Autoencoder, strides: int) -> Generate:
    """Return what the model makes of its input."""
    if not isinstance(model, Generator):
        return model.decode
    path = Ddim(strides, depth=1.0).path
    return lambda noise: model.decode(path(model, noise, returning=True)[-1])


def belongs(error: float, known: Sequence[float], level: float = 0.05) -> bool:
    """Say whether an error is no outlier above those of `known` belonging pictures, by Grubbs' test at `level`.

    Errors are compared as logarithms, which lie nearer to a normal distribution. Raises ValueError for fewer than
    seven known errors, with which the test means nothing.
    """
    if len(known) < _FEWEST:
        raise ValueError(f"Grubbs' test needs at least {_FEWEST} known errors, not {len(known)}.")
    logs = np.log(np.maximum([*known, error], 1e-12))
    spread = float(logs.std(ddof=1))
    return spread == 0 or float(logs[-1] - logs.mean()) / spread <= grubbs_bound(len(logs), level)


def grubbs_bound(count: int, level: float) -> float:
    """Return how many standard deviations above the mean the largest of `count` normal values may lie."""
    from scipy.stats import t  # noqa: PLC0415 - heavy

    quantile = float(t.ppf(1 - level / count, count - 2))
    return (count - 1) / math.sqrt(count) * math.sqrt(quantile**2 / (count - 2 + quantile**2))
