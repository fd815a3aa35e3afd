"""What a change does to latents, beside its controls: noise that is as visible as the change.

At equal PSNR a smooth coloured pattern shows far more than grain, so noise of equal PSNR flatters it; noise of one
score by SSIMULACRA2 or FLIP does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import torch
from jaxtyping import Float
from scipy.ndimage import gaussian_filter
from torch import Tensor

from artaudit.distances import flip, ssimulacra2
from artaudit.protocols import Encoder
from artaudit.tensors import to_array, to_batch
from artaudit.transforms import to_rgb, to_ycbcr

Picture = Float[np.ndarray, "height width 3"]
Noise = Float[np.ndarray, "height width 3"]
Measure = Callable[[Picture, Picture], float]
"""How far a changed picture is seen from its original, upwards or downwards, both in [0, 1]."""

WHITE, LOW_PASS, FINE_COLOUR, ALIKE = "white noise", "low-pass noise", "fine-colour noise", "noise like the change"
PLAIN = (WHITE, LOW_PASS, FINE_COLOUR)

LOUDEST = 0.25
"""Root mean square beyond which no noise goes, in units of the full range, so that a measure which is blind to a kind
of noise does not make it unbounded."""

_FAINTEST = 0.1 / 255
_CLOSE = 0.01
_ROUNDS = 12
_SLOPES = (0.3, 6.0)
_TINY = 1e-9
_SIGMA = 1.0
"""Pixels that low-pass noise is blurred by, and that fine colour lacks."""
_NEIGHBOURHOOD = 8.0
"""Pixels over which the strength of a change is taken, as a Gaussian's deviation."""
_TRACE = 1e-6


def mean_flip(one: Picture, other: Picture) -> float:
    """Return the mean of FLIP's map of two pictures in [0, 1], 0 for equal ones."""
    return float(flip(one, other).mean())


MEASURES: Mapping[str, Measure] = MappingProxyType({"SSIMULACRA2": ssimulacra2, "FLIP": mean_flip})


@dataclass(frozen=True, slots=True)
class Effect:
    """Root-mean-square latent displacements of a change and of noise; `encoder` names the encoder.

    `noises` are those of noise as visible as the change, by kind; `equal_psnr_noise` is that of the stronger of white
    and low-pass noise of equal PSNR.
    """

    encoder: str
    displacement: float
    noises: Mapping[str, float] = field(repr=False)
    equal_psnr_noise: float

    @property
    def gain(self) -> float:
        """How many times further the change goes than the strongest noise; about 1 is no better than noise."""
        return self.displacement / max(*self.noises.values(), _TINY)

    @property
    def gain_at_equal_psnr(self) -> float:
        """The gain that papers give, beside noise of equal PSNR, however much more than it the change shows."""
        return self.displacement / max(self.equal_psnr_noise, _TINY)


def effect(
    encoder: Encoder, clean: Picture, changed: Picture, *, seed: int = 0, measures: Mapping[str, Measure] = MEASURES
) -> Effect:
    """Measure a change beside the plain noises as visible as it and of equal PSNR, all in 8 bits."""
    return effects((encoder,), clean, changed, seed=seed, measures=measures)[0]


def effects(
    encoders: Sequence[Encoder],
    clean: Picture,
    changed: Picture,
    *,
    seed: int = 0,
    measures: Mapping[str, Measure] = MEASURES,
) -> list[Effect]:
    """Measure a change on several encoders, with the same noises for all."""
    noises = as_visible(clean, changed, seed=seed, measures=measures)
    equal = of_equal_psnr(clean, changed, seed=seed)
    found = []
    for encoder in encoders:
        far = displacements(encoder, clean, [changed, *noises.values(), *equal])
        by_kind = dict(zip(noises, far[1:], strict=False))
        found.append(Effect(encoder.name, far[0], by_kind, max(far[1 + len(noises) :])))
    return found


def displacements(encoder: Encoder, clean: Picture, pictures: Sequence[Picture]) -> list[float]:
    """Return how far the latents of every picture lie from those of the clean one, as root mean squares."""
    with torch.no_grad():
        origin = encoder.encode(to_batch(clean))
        return [float((encoder.encode(to_batch(one)) - origin).square().mean().sqrt()) for one in pictures]


def as_visible(
    clean: Picture,
    changed: Picture,
    *,
    seed: int,
    kinds: Sequence[str] = PLAIN,
    measures: Mapping[str, Measure] = MEASURES,
) -> dict[str, Picture]:
    """Return the clean picture with noise of every kind that is as visible as the change, in 8 bits.

    By each measure there is one amplitude at which noise shows as much. The control is the loudest of them: what a
    noise does to latents grows with its amplitude, so it is the strongest control, too.
    """
    found = amplitudes(clean, changed, seed=seed, kinds=kinds, measures=measures)
    return {kind: with_noise(clean, changed, kind, amplitude, seed=seed) for kind, amplitude in found.items()}


def amplitudes(
    clean: Picture,
    changed: Picture,
    *,
    seed: int,
    kinds: Sequence[str] = PLAIN,
    measures: Mapping[str, Measure] = MEASURES,
) -> dict[str, float]:
    """Return the root mean square of as visible noise before rounding, by kind: 0 for no change, `LOUDEST` at most."""
    if not (clean != changed).any():
        return dict.fromkeys(kinds, 0.0)
    start = float(np.sqrt(np.mean((changed.astype(np.float64) - clean) ** 2)))
    judged = [_excess(measure, clean, changed) for measure in measures.values()]
    found = {}
    for kind in kinds:
        noise = _noise(kind, clean, changed, seed)
        loudest = 0.0
        for excess in judged:
            loudest = max(loudest, _as_visible(excess, clean, noise, loudest or start, louder_than=loudest))
        found[kind] = loudest
    return found


def with_noise(clean: Picture, changed: Picture, kind: str, amplitude: float, *, seed: int) -> Picture:
    """Return a clean picture with noise of one kind and root mean square, rounded to 8 bits.

    `changed` gives its place, grain and colours to noise like the change, and nothing to the other kinds.
    """
    return _rounded(clean + amplitude * _noise(kind, clean, changed, seed)) if amplitude else _rounded(clean)


def of_equal_psnr(clean: Picture, changed: Picture, *, seed: int) -> tuple[Picture, Picture]:
    """Return the clean picture with white and with low-pass noise of the change's mean square, in 8 bits."""
    power = float(np.mean((changed.astype(np.float64) - clean) ** 2))
    return noisy(clean, power, sigma=0.0, seed=seed), noisy(clean, power, sigma=_SIGMA, seed=seed)


def noisy(clean: Picture, power: float, *, sigma: float, seed: int) -> Picture:
    """Return `clean` with Gaussian noise, blurred by `sigma` pixels, of mean square `power` once in 8 bits."""
    noise = np.random.default_rng(seed).standard_normal(clean.shape)
    return with_power(clean, gaussian_filter(noise, sigma=(sigma, sigma, 0)) if sigma else noise, power)


def with_power(clean: Picture, noise: Noise, power: float) -> Picture:
    """Return `clean` with so much of `noise` that the mean square after 8-bit rounding is `power`.

    Clipping and rounding change the power, so the amplitude is found by iteration.
    """
    noise = noise / noise.std()
    amplitude = power**0.5
    for _ in range(_ROUNDS):
        picture = _rounded(clean + amplitude * noise)
        reached = float(np.mean((picture.astype(np.float64) - clean) ** 2))
        amplitude *= (power / max(reached, 1e-12)) ** 0.5
    return picture


def _rounded(samples: Float[np.ndarray, "height width 3"]) -> Picture:
    return np.rint(samples.clip(0, 1) * 255).astype(np.float32) / 255


def _excess(measure: Measure, clean: Picture, changed: Picture) -> Callable[[Picture], float]:
    """Return what says by how much more than the change a picture shows, as a logarithm: 0 as much, below 0 less."""
    equal = measure(clean, clean)
    change = measure(clean, changed) - equal

    def excess(picture: Picture) -> float:
        shows = (measure(clean, picture) - equal) / change if change else math.inf
        return math.log(max(shows, _TINY))

    return excess


def _as_visible(
    excess: Callable[[Picture], float], clean: Picture, noise: Noise, start: float, *, louder_than: float
) -> float:
    """Return the amplitude at which noise shows as much as the change, or 0 where that is below `louder_than`.

    A secant on logarithms, on which measures are nearly straight, kept inside a bracket.
    """
    low, high = math.log(_FAINTEST), math.log(LOUDEST)
    place = min(max(math.log(start), low), high)
    last: tuple[float, float] | None = None
    slope = 1.0
    for _ in range(_ROUNDS):
        over = excess(_rounded(clean + math.exp(place) * noise))
        if louder_than and last is None and over >= 0:
            return 0.0
        if abs(over) < _CLOSE or (over < 0 and place >= math.log(LOUDEST)):
            break
        low, high = (low, place) if over > 0 else (place, high)
        if high - low < _CLOSE:
            break
        if last is not None:
            slope = min(max((over - last[1]) / (place - last[0]), _SLOPES[0]), _SLOPES[1])
        last = (place, over)
        aimed = min(place - over / slope, math.log(LOUDEST))
        place = aimed if low < aimed < high or aimed == math.log(LOUDEST) == high else (low + high) / 2
    return math.exp(place)


def _noise(kind: str, clean: Picture, changed: Picture, seed: int) -> Noise:
    """Return noise of one kind with a mean square of 1."""
    if kind == ALIKE:
        made = _scrambled(changed.astype(np.float64) - clean, seed)
    else:
        made = np.random.default_rng(seed).standard_normal(clean.shape)
        if kind == LOW_PASS:
            made = _smooth(made)
        if kind == FINE_COLOUR:
            made = _without_luma(made - _smooth(made))
    return made / np.sqrt(np.mean(made**2))


def _smooth(noise: Noise) -> Noise:
    return gaussian_filter(noise, sigma=(_SIGMA, _SIGMA, 0))


def _without_luma(noise: Noise) -> Noise:
    planes: Tensor = to_ycbcr(to_batch(noise))
    planes[:, 0] = 0
    return to_array(to_rgb(planes)).astype(np.float64)


def _scrambled(change: Noise, seed: int) -> Noise:
    """Return noise that is like a change in all but its design: its place, its grain and its colours.

    The change is divided by its local strength, its phases are drawn anew, the same for all channels, and the
    strength is put back (Theiler et al., "Testing for nonlinearity in time series: the method of surrogate data",
    1992, https://doi.org/10.1016/0167-2789(92)90102-S).
    """
    strength = np.sqrt(gaussian_filter((change**2).mean(axis=2), _NEIGHBOURHOOD))[..., None] + _TRACE
    waves = np.fft.rfft2(change / strength, axes=(0, 1))
    turns = np.fft.rfft2(np.random.default_rng(seed).standard_normal(change.shape[:2]))[..., None]
    return np.fft.irfft2(waves * turns / np.abs(turns), s=change.shape[:2], axes=(0, 1)) * strength
