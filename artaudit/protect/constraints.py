"""What a cloak's change has to keep, as terms of one descent, each with a multiplier that follows its own violation.

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
"""Error maps of SSIMULACRA2 that count less are left out while a cloak is made; scores differ by less than .1."""
_TOLERANCE = 4.0
"""Points of SSIMULACRA2 that count as one unit of excess."""
_TILE, _STRIDE, _POWER = 32, 16, 8
"""FLIP is averaged over tiles of so many pixels, and these by a power mean in which the worst counts most."""
_ROUNDS, _PRECISION = 16, 0.01
_LOUDEST = 0.25
_BLACK = 0.01
"""Added to samples before a power is taken, whose slope at 0 has no bound."""
_TEXTURED, _FLAT_COUNTS = 0.018, 2.0
"""Standard deviation of grey from which ground is textured, and how much a change counts at most where it is not."""
_NEAR, _AROUND, _SPECK = 8, 24, 0.002
_AMBITION = 0.3
"""Points of score that the descent aims above the bound, so that rounding to levels does not cross it."""


@runtime_checkable
class Constraint(Protocol):
    """A bound on what a window may look like; looked at every so many steps, with a gain for its multiplier."""

    every: int
    gain: float

    def excess(self, moved: Pixels, step: int = 0) -> Float[Tensor, ""]:
        """Return how far pixels in [0, 1] go beyond the bound, differentiable: 0 at it, negative inside."""
        ...


class ScoreFloor:
    """SSIMULACRA2 of a window and of its worst tile are kept above a score."""

    def __init__(self, clean: Pixels, score: float, *, every: int = 3, gain: float = 0.05) -> None:
        """Look at the clean window; `score` is the bound of the whole window, tiles may have `TILE_SLACK` less."""
        self.score, self.every, self.gain = score, every, gain
        self._measure = Ssimulacra2(clean, cutoff=_NEGLIGIBLE)

    def excess(self, moved: Pixels, step: int = 0) -> Float[Tensor, ""]:  # noqa: ARG002 - the same at every step
        """Return what is missing to the score, in units of four points."""
        whole, worst = self._measure.whole_and_worst(moved)
        return (self.score + _AMBITION - torch.minimum(whole, worst + TILE_SLACK)) / _TOLERANCE


@dataclass(frozen=True, slots=True)
class View:
    """A way to look at pictures: `magnified` so many times, with shadows lifted by a power of light below 1."""

    magnified: float = 1.0
    power: float = 1.0

    def of(self, pixels: Pixels) -> Pixels:
        """Return pixels in [0, 1] as they look."""
        return pixels if self.power == 1 else (pixels.clamp(0, 1) + _BLACK) ** self.power / (1 + _BLACK) ** self.power


VIEWS = (View(), View(magnified=2.0, power=0.75))
"""In which no more may show than noise: fine colour is invisible in one and shows in the other, like what is done to
shadows, which a bright screen or an editor lifts."""


class FlickerCeiling:
    """The worst tiles of FLIP are kept below what noise shows there, in every view, and well below on flat ground."""

    def __init__(
        self,
        clean: Pixels,
        noised: Pixels,
        *,
        views: Sequence[View] = VIEWS,
        every: int = 4,
        gain: float = 0.1,
    ) -> None:
        """Look at the clean window, and at the same with noise, such as `noise_of` a score."""
        self.every, self.gain, self._bareness = every, gain, bareness(clean)
        self._measures = [(view, Flip(view.of(clean), PIXELS_A_DEGREE / view.magnified)) for view in views]
        with torch.no_grad():
            self._ceilings = [_pooled(measure(view.of(noised))) for view, measure in self._measures]

    def excess(self, moved: Pixels, step: int = 0) -> Float[Tensor, ""]:  # noqa: ARG002 - the same at every step
        """Return by what part more shows than noise shows, in the view where it is most."""
        pairs = zip(self._measures, self._ceilings, strict=True)
        parts = [_pooled(measure(view.of(moved)) * self._bareness) / ceiling - 1 for (view, measure), ceiling in pairs]
        return torch.stack(parts).max()


def bareness(clean: Pixels) -> Float[Tensor, "height width"]:
    """Return how much a change counts by the texture around it: 1 where there is some to hide it, 2 on flat ground.

    A pattern shows where there was none, although measures that see a few pixels at a time call it as quiet as
    grain (contrast masking: Legge and Foley 1980, https://doi.org/10.1364/JOSA.70.001458). Texture is the standard
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
    """Return a power mean over tiles, in which the worst count most."""
    side = min(_TILE, *errors.shape)
    return (F.avg_pool2d(errors[None], side, _STRIDE) + 1e-6).pow(_POWER).mean().pow(1 / _POWER)


@dataclass(slots=True)
class Held:
    """A constraint in force: its multiplier, and the slope when it was looked at last."""

    constraint: Constraint
    multiplier: float = 0.5
    slope: Tensor | None = field(default=None, repr=False)

    def follow(self, excess: float) -> None:
        """Raise the multiplier while the bound is broken, lower it while there is room."""
        bent = self.constraint.gain * self.constraint.every * max(-2.0, min(2.0, excess))
        self.multiplier = min(5.0, max(0.02, self.multiplier * math.exp(bent)))


def noise_of(clean: Pixels, score: float) -> Pixels:
    """Return pixels with white noise that has this SSIMULACRA2 score, always the same, in whole levels of 8 bits."""
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0)).to(clean)
    measure = Ssimulacra2(clean, cutoff=_NEGLIGIBLE)
    size = largest_share(lambda part: (score - float(measure(levelled(clean + part * noise)))) / _TOLERANCE, _LOUDEST)
    return levelled(clean + size * noise)


def largest_share(excess: Callable[[float], float], largest: float) -> float:
    """Return the largest factor up to `largest`, to about a hundredth of itself, whose excess is not above 0.

    The excess of the factor 0 counts as -1. False position with Illinois' correction (Dowell and Jarratt 1971,
    https://doi.org/10.1007/BF01934364).
    """
    over = excess(largest)
    if over <= 0:
        return largest
    kept, under, broken, side = 0.0, -1.0, largest, 0
    for _ in range(_ROUNDS):
        middle = kept + (broken - kept) * min(0.9, max(0.1, -under / (over - under)))
        found = excess(middle)
        if found <= 0:
            kept, under, over, side = middle, found, over / 2 if side < 0 else over, -1
        else:
            broken, over, under, side = middle, found, under / 2 if side > 0 else under, 1
        if broken - kept < _PRECISION * kept:
            break
    return kept


def levelled(pixels: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return pixels as a file of 8 bits holds them."""
    return torch.round(pixels.clamp(0, 1) * LEVELS) / LEVELS
