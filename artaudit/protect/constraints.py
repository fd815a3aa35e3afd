"""Constraints on a cloak's change, as terms of the descent, each with a multiplier that follows its violation.

Augmented-Lagrangian attacks under perceptual distances: Rony et al., "Augmented Lagrangian Adversarial Attacks",
ICCV 2021, https://arxiv.org/abs/2011.11857.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.distances import Flip, Ssimulacra2
from artaudit.distances.flip import PIXELS_A_DEGREE
from artaudit.protocols import TILE_SLACK

Pixels = Float[Tensor, "1 3 height width"]

LEVELS = 255
_NEGLIGIBLE = 0.01
"""Error maps of SSIMULACRA2 with lower weights are left out while a cloak is made; scores differ by less than 0.1."""
_TOLERANCE = 4.0
"""Points of SSIMULACRA2 that count as one unit of excess."""
_TILE, _STRIDE, _POWER = 32, 16, 8
"""Side and stride in pixels of the tiles that FLIP is averaged over, and the power of the mean over these tiles."""
_ROUNDS, _PRECISION = 16, 0.01
_LOUDEST = 0.25
_BLACK = 0.01
"""Added to samples before a power below 1 is taken, since its slope at 0 has no bound."""
_TEXTURED, _FLAT_COUNTS = 0.018, 2.0
"""Standard deviation of grey from which on ground is textured, and the largest weight of a change on flat ground."""
_NEAR, _AROUND, _SPECK = 8, 24, 0.002
_AMBITION = 0.3
"""Points of score that the descent stays above the bound, so that rounding to levels does not cross it."""


@runtime_checkable
class Constraint(Protocol):
    """A bound on the look of a window, evaluated every `every` steps; `gain` is how fast its multiplier changes."""

    every: int
    gain: float

    def excess(self, moved: Pixels, step: int = 0) -> Float[Tensor, ""]:
        """Return how far pixels in [0, 1] go beyond the bound, differentiable: 0 at it, negative inside."""
        ...


class ScoreFloor:
    """SSIMULACRA2 of a window and of its worst tile are kept above a score."""

    def __init__(self, clean: Pixels, score: float, *, every: int = 3, gain: float = 0.05) -> None:
        """Prepare the clean window; `score` is the bound of the whole window, tiles may have `TILE_SLACK` less."""
        self.score, self.every, self.gain = score, every, gain
        self._measure = Ssimulacra2(clean, cutoff=_NEGLIGIBLE)

    def excess(self, moved: Pixels, step: int = 0) -> Float[Tensor, ""]:  # noqa: ARG002 - the same at every step
        """Return by how much the score falls short of the bound, in units of four points."""
        whole, worst = self._measure.whole_and_worst(moved)
        return (self.score + _AMBITION - torch.minimum(whole, worst + TILE_SLACK)) / _TOLERANCE


@dataclass(frozen=True, slots=True)
class View:
    """A viewing condition: `magnified` so many times, and samples raised to a `power` below 1, which lifts shadows."""

    magnified: float = 1.0
    power: float = 1.0

    def of(self, pixels: Pixels) -> Pixels:
        """Return pixels in [0, 1] as they look in this view, before magnification."""
        return pixels if self.power == 1 else (pixels.clamp(0, 1) + _BLACK) ** self.power / (1 + _BLACK) ** self.power


VIEWS = (View(), View(magnified=2.0, power=0.75))
"""Views in which no more than noise may show. Fine colour is invisible in the first and visible in the second, and so
are changes in shadows, which a bright screen or an editor lifts."""


class FlickerCeiling:
    """The worst tiles of FLIP are kept below those of noise, in every view, and well below them on flat ground."""

    def __init__(
        self,
        clean: Pixels,
        noised: Pixels,
        *,
        views: Sequence[View] = VIEWS,
        every: int = 4,
        gain: float = 0.1,
    ) -> None:
        """Prepare the clean window; `noised` is the same window with noise, such as `noise_of` a score."""
        self.every, self.gain, self._bareness = every, gain, bareness(clean)
        self._measures = [(view, Flip(view.of(clean), PIXELS_A_DEGREE / view.magnified)) for view in views]
        with torch.no_grad():
            self._ceilings = [_pooled(measure(view.of(noised))) for view, measure in self._measures]

    def excess(self, moved: Pixels, step: int = 0) -> Float[Tensor, ""]:  # noqa: ARG002 - the same at every step
        """Return the relative excess over the FLIP of noise, in the view where it is largest."""
        pairs = zip(self._measures, self._ceilings, strict=True)
        parts = [_pooled(measure(view.of(moved)) * self._bareness) / ceiling - 1 for (view, measure), ceiling in pairs]
        return torch.stack(parts).max()


def bareness(clean: Pixels) -> Float[Tensor, "height width"]:
    """Return the weight of a change by the texture around it: from 1, where texture hides it, to 2 on flat ground.

    A pattern is visible on flat ground, although measures that see a few pixels at a time rate it like grain
    (contrast masking: Legge and Foley 1980, https://doi.org/10.1364/JOSA.70.001458). Texture is the standard
    deviation of grey within 8 pixels, its geometric mean within 24, so that a lone edge is no texture.
    """
    grey = clean.mean(dim=1, keepdim=True)
    spread = (_mean_around(grey.square(), _NEAR) - _mean_around(grey, _NEAR).square()).clamp_min(0).sqrt()
    texture = _mean_around((spread + _SPECK).log(), _AROUND).exp()
    return (_TEXTURED / texture).clamp(1, _FLAT_COUNTS)[0, 0]


def _mean_around(plane: Float[Tensor, "1 1 height width"], side: int) -> Float[Tensor, "1 1 height width"]:
    before = side // 2
    return F.avg_pool2d(F.pad(plane, (before, side - 1 - before) * 2, mode="reflect"), side, 1)


def _pooled(errors: Float[Tensor, "height width"]) -> Float[Tensor, ""]:
    """Return a power mean over tiles, which the worst tiles dominate."""
    side = min(_TILE, *errors.shape)
    return (F.avg_pool2d(errors[None], side, _STRIDE) + 1e-6).pow(_POWER).mean().pow(1 / _POWER)


@dataclass(slots=True)
class Held:
    """A constraint of a running descent, its multiplier, and its slope at the last evaluation."""

    constraint: Constraint
    multiplier: float = 0.5
    slope: Tensor | None = field(default=None, repr=False)

    def follow(self, excess: float) -> None:
        """Raise the multiplier while the bound is broken, lower it while there is room."""
        bent = self.constraint.gain * self.constraint.every * max(-2.0, min(2.0, excess))
        self.multiplier = min(5.0, max(0.02, self.multiplier * math.exp(bent)))


def noise_of(clean: Pixels, score: float) -> Pixels:
    """Return the clean pixels with white noise of a fixed seed and of this SSIMULACRA2 score, in 8-bit levels."""
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0)).to(clean)
    measure = Ssimulacra2(clean, cutoff=_NEGLIGIBLE)
    size = largest_share(lambda part: (score - float(measure(levelled(clean + part * noise)))) / _TOLERANCE, _LOUDEST)
    return levelled(clean + size * noise)


def largest_share(excess: Callable[[float], float], largest: float) -> float:
    """Return the largest factor up to `largest` whose excess is at most 0, to a precision of about one percent.

    The excess of the factor 0 counts as -1. False position with Illinois' correction (Dowell and Jarratt 1971,
    https://doi.org/10.1007/BF01934364).
    """
    over = excess(largest)
    if over <= 0:
        return largest
    kept, under, broken, side = 0.0, -1.0, largest, 0
    for _ in range(_ROUNDS):
        middle = kept + (broken - kept) * min(0.9, max(0.1, -under / (over - under)))
        value = excess(middle)
        if value <= 0:
            kept, under, over, side = middle, value, over / 2 if side < 0 else over, -1
        else:
            broken, over, under, side = middle, value, under / 2 if side > 0 else under, 1
        if broken - kept < _PRECISION * kept:
            break
    return kept


def levelled(pixels: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return pixels as a file of 8 bits holds them."""
    return torch.round(pixels.clamp(0, 1) * LEVELS) / LEVELS
