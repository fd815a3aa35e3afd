"""Whether a generator without an encoder drew a picture: search its input, then test the error for an outlier.

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

Generate = Callable[[Tensor], Float[Tensor, "batch channels height width"]]
"""From an input of the generator to pixels in [0, 1], differentiable."""

_FEWEST = 7


@dataclass(frozen=True, slots=True)
class Inversion:
    """The input that came nearest to a picture, and the mean squared error that is left."""

    code: Float[Tensor, 1 * code]
    error: float


@dataclass(frozen=True, slots=True)
class Ronan:
    """Adam on the generator's input, from `starts` random ones at once; the lowest error of any step counts."""

    steps: int = 500
    rate: float = 0.05
    starts: int = 4
    seed: int = 0

    def invert(
        self, generate: Generate, shape: Sequence[int], pixels: Float[Tensor, "1 channels height width"]
    ) -> Inversion:
        """Search the input, of `shape` and standard normal, that draws `pixels`."""
        chance = torch.Generator().manual_seed(self.seed)
        codes = torch.randn((self.starts, *shape), generator=chance).to(pixels.device).requires_grad_()
        optimiser = torch.optim.Adam([codes], lr=self.rate)
        best, lowest = codes[:1].detach().clone(), math.inf
        for _ in range(self.steps):
            errors = (generate(codes) - pixels).square().mean((1, 2, 3))
            error, place = errors.detach().min(0)
            if float(error) < lowest:
                best, lowest = codes[int(place)][None].detach().clone(), float(error)
            (codes.grad,) = torch.autograd.grad(errors.sum(), codes)
            optimiser.step()
        return Inversion(best, lowest)


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
