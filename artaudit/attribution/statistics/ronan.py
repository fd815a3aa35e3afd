"""Whether a generator drew a picture, without its encoder: search its input, then test the error for an outlier.

Wang et al., "Where Did I Come From? Origin Attribution of AI-Generated Images", NeurIPS 2023,
https://arxiv.org/abs/2306.08577. The test is Grubbs' (1950, https://doi.org/10.1214/aoms/1177729885), one-sided.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures, log_bands
from artaudit.attribution.statistics.ddim import Ddim
from artaudit.attribution.statistics.levenberg import EXACT, PRIOR, Generate, polish
from artaudit.protocols import Autoencoder, Generator

SMALL = 128
"""Largest input, in numbers, that is searched by Gauss-Newton steps too."""

TRIED = 1000
"""Random inputs, of which the best are the starts for small inputs."""

_FAINT = 1e-8
_FEWEST = 7
_OCTAVES = 3
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Inversion:
    """The input found for each picture, and its mean squared error; or those of all starts, best first."""

    codes: Float[Tensor, " batch *code"]
    errors: Float[Tensor, " batch *starts"]


@dataclass(frozen=True, slots=True)
class Ronan:
    """Adam on the generator's input from `starts` starts, with a cosine schedule; the lowest error counts.

    Starts are random. For small inputs, as GANs have them, they are the nearest of a thousand random inputs, and the
    best `polished` results are refined by Gauss-Newton steps (see `levenberg`), which recovers the exact input of most
    of the generator's own pictures. As a statistic, the input is the latents of a plain autoencoder, or the initial
    noise of a model with a denoiser, sampled in `strides` steps without a prompt.
    """

    steps: int = 100
    rate: float = 0.1
    starts: int = 6
    polished: int = 1
    strides: int = 4
    seed: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers, in their order; the picture's own power says how hard it is to draw."""
        places = [*(f"octave {number + 1}" for number in range(_OCTAVES)), "the rest"]
        return ("log error inverted", *(f"log power of picture, {place}" for place in places))

    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch numbers"]:
        """Search the input of every picture; the model's encoder is used for the shape of inputs alone."""
        with torch.no_grad():
            shape = model.encode(pixels[:1]).shape[1:]
        errors = self.invert(_generate(model, self.strides), shape, pixels).errors
        return torch.cat([errors.clamp_min(_FAINT).log10()[:, None], log_bands(pixels, _OCTAVES)], dim=1)

    def invert(
        self, generate: Generate, shape: Sequence[int], pixels: Float[Tensor, "batch channels height width"]
    ) -> Inversion:
        """Search the inputs of this `shape` that draw `pixels`; each result is independent of the rest of the batch."""
        small = math.prod(shape) <= SMALL
        starts = self._nearest(generate, shape, pixels) if small else self._random(self.starts, shape, pixels)
        descended = self._descend(generate, starts.expand(len(pixels), self.starts, *shape), pixels)
        if not small:
            return Inversion(descended.codes[:, 0], descended.errors[:, 0])
        results = zip(descended.codes, descended.errors, pixels, strict=True)
        ends = [self._polished(generate, codes, errors, picture) for codes, errors, picture in results]
        return Inversion(torch.stack([code for code, _ in ends]), torch.tensor([error for _, error in ends]))

    def _random(self, count: int, shape: Sequence[int], pixels: Tensor) -> Float[Tensor, " count *code"]:
        return torch.randn((count, *shape), generator=torch.Generator().manual_seed(self.seed)).to(pixels.device)

    @torch.no_grad()
    def _nearest(
        self, generate: Generate, shape: Sequence[int], pixels: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch starts *code"]:
        """Return the best of `TRIED` random inputs for every picture."""
        codes = self._random(TRIED, shape, pixels)
        drawn = torch.cat([generate(part).flatten(1) for part in torch.split(codes, _AT_ONCE)])
        return codes[torch.cdist(pixels.flatten(1), drawn).topk(self.starts, largest=False).indices]

    def _descend(self, generate: Generate, first: Float[Tensor, "batch starts *code"], pixels: Tensor) -> Inversion:
        """Return the results of all descents, batch x starts, the best of each picture first."""
        codes = first.flatten(0, 1).clone().requires_grad_()
        targets = pixels.repeat_interleave(self.starts, dim=0)
        optimiser = torch.optim.Adam([codes], lr=self.rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, self.steps)
        best, lowest = codes.detach().clone(), torch.full((len(codes),), torch.inf, device=pixels.device)
        for _ in range(self.steps):
            errors = (generate(codes) - targets).square().mean((1, 2, 3))
            better = errors.detach() < lowest
            best[better], lowest[better] = codes.detach()[better], errors.detach()[better]
            prior = PRIOR / pixels[0].numel() * errors.detach() * codes.flatten(1).square().sum(1)
            (codes.grad,) = torch.autograd.grad((errors + prior).sum(), codes)
            optimiser.step()
            schedule.step()
        order = lowest.view(len(pixels), self.starts).sort(dim=1)
        return Inversion(best.view_as(first)[torch.arange(len(pixels))[:, None], order.indices], order.values)

    def _polished(
        self,
        generate: Generate,
        codes: Float[Tensor, " starts *code"],
        errors: Float[Tensor, " starts"],
        picture: Float[Tensor, "channels height width"],
    ) -> tuple[Float[Tensor, "*code"], float]:
        """Return the best refinement of one picture's best descents; an exact one ends the search."""
        code, error = codes[0], float(errors[0])
        for start in codes[: self.polished]:
            if error >= EXACT:
                code, error = min((polish(generate, start, picture), (code, error)), key=lambda end: end[1])
        return code, error


def _generate(model: Autoencoder, strides: int) -> Generate:
    """Return the function from a model's input to pixels."""
    if not isinstance(model, Generator):
        return model.decode
    path = Ddim(strides, depth=1.0).path
    return lambda noise: model.decode(path(model, noise, returning=True)[-1])


def belongs(error: float, known: Sequence[float], level: float = 0.05) -> bool:
    """Tell whether an error is no high outlier among those of `known` belonging pictures, by Grubbs' test at `level`.

    Logarithms of errors are compared, as they are nearer to a normal distribution. Known errors that are outliers
    themselves, because their search failed, are left out first. Raises ValueError for fewer than seven known errors,
    too few for the test.
    """
    if len(known) < _FEWEST:
        raise ValueError(f"Grubbs' test needs at least {_FEWEST} known errors, not {len(known)}.")
    *logs, tested = np.log(np.maximum([*sorted(known), error], 1e-12)).tolist()
    while len(logs) > _FEWEST and _is_outlier(logs, level):
        logs.pop()
    return not _is_outlier([*logs, tested], level)


def _is_outlier(values: Sequence[float], level: float) -> bool:
    spread = float(np.std(values, ddof=1))
    return spread > 0 and (values[-1] - float(np.mean(values))) / spread > grubbs_bound(len(values), level)


def grubbs_bound(count: int, level: float) -> float:
    """Return the critical value of Grubbs' one-sided test for `count` values, in standard deviations above the mean."""
    from scipy.stats import t  # noqa: PLC0415 - heavy

    quantile = float(t.ppf(1 - level / count, count - 2))
    return (count - 1) / math.sqrt(count) * math.sqrt(quantile**2 / (count - 2 + quantile**2))
