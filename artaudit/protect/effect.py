"""How far a change moves latents, beside its controls: noise that is as visible as the change.

At equal PSNR a smooth coloured pattern is far more visible than grain, so noise of equal PSNR is too weak a control;
noise of equal SSIMULACRA2 or FLIP is not.
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
"""A measure of how visible the change from an original to a changed picture is, both in [0, 1]; it may fall or rise."""

WHITE, LOW_PASS, FINE_COLOUR, ALIKE = "white noise", "low-pass noise", "fine-colour noise", "noise like the change"
PLAIN = (WHITE, LOW_PASS, FINE_COLOUR)

LOUDEST = 0.25
"""Largest root mean square of noise, in units of the full range: a measure that is blind to a kind of noise sets no
limit of its own."""

_FAINTEST = 0.1 / 255
_CLOSE = 0.01
_ROUNDS = 12
_SLOPES = (0.3, 6.0)
_TINY = 1e-9
_SIGMA = 1.0
"""Sigma in pixels of the blur that makes low-pass noise, and that is subtracted in fine-colour noise."""
_NEIGHBOURHOOD = 8.0
"""Sigma in pixels of the Gaussian over which the local strength of a change is taken."""
_TRACE = 1e-6


def mean_flip(original: Picture, changed: Picture) -> float:
    """Return the mean of FLIP's map of two pictures in [0, 1], 0 for equal ones."""
    return float(flip(original, changed).mean())


MEASURES: Mapping[str, Measure] = MappingProxyType({"SSIMULACRA2": ssimulacra2, "FLIP": mean_flip})


@dataclass(frozen=True, slots=True)
class Effect:
    """Root-mean-square latent displacements of a change and of noise; `encoder` names the encoder.

    `noises` are those of noise as visible as the change, by kind; `equal_psnr_noise` is the larger of those of white
    and low-pass noise of equal PSNR.
    """

    encoder: str
    displacement: float
    noises: Mapping[str, float] = field(repr=False)
    equal_psnr_noise: float

    @property
    def gain(self) -> float:
        """The change's displacement as a multiple of the strongest noise's; 1 is no better than noise."""
        return self.displacement / max(*self.noises.values(), _TINY)

    @property
    def gain_at_equal_psnr(self) -> float:
        """The gain as papers report it: beside noise of equal PSNR, which may be less visible than the change."""
        return self.displacement / max(self.equal_psnr_noise, _TINY)


def effect(
    encoder: Encoder, clean: Picture, changed: Picture, *, seed: int = 0, measures: Mapping[str, Measure] = MEASURES
) -> Effect:
    """Measure a change beside `PLAIN` noises as visible as it and beside noise of equal PSNR, all in 8 bits."""
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
    measured = []
    for encoder in encoders:
        far = displacements(encoder, clean, [changed, *noises.values(), *equal])
        by_kind = dict(zip(noises, far[1:], strict=False))
        measured.append(Effect(encoder.name, far[0], by_kind, max(far[1 + len(noises) :])))
    return measured


def displacements(encoder: Encoder, clean: Picture, pictures: Sequence[Picture]) -> list[float]:
    """Return how far the latents of every picture lie from those of the clean one, as root mean squares."""
    with torch.no_grad():
        origin = encoder.encode(to_batch(clean))
        return [float((encoder.encode(to_batch(picture)) - origin).square().mean().sqrt()) for picture in pictures]


def as_visible(
    clean: Picture,
    changed: Picture,
    *,
    seed: int,
    kinds: Sequence[str] = PLAIN,
    measures: Mapping[str, Measure] = MEASURES,
) -> dict[str, Picture]:
    """Return the clean picture with noise of every kind that is as visible as the change, in 8 bits.

    Each measure gives one amplitude at which noise is as visible. The largest of them is used: displacements grow with
    the amplitude, so this is also the strongest control.
    """
    levels = amplitudes(clean, changed, seed=seed, kinds=kinds, measures=measures)
    return {kind: with_noise(clean, changed, kind, amplitude, seed=seed) for kind, amplitude in levels.items()}


def amplitudes(
    clean: Picture,
    changed: Picture,
    *,
    seed: int,
    kinds: Sequence[str] = PLAIN,
    measures: Mapping[str, Measure] = MEASURES,
) -> dict[str, float]:
    """Return the root mean square of noise as visible as the change, before rounding, by kind; `LOUDEST` at most.

    It is 0 where nothing was changed.
    """
    if not (clean != changed).any():
        return dict.fromkeys(kinds, 0.0)
    start = float(np.sqrt(np.mean((changed.astype(np.float64) - clean) ** 2)))
    excesses = [_excess(measure, clean, changed) for measure in measures.values()]
    by_kind = {}
    for kind in kinds:
        noise = _noise(kind, clean, changed, seed)
        loudest = 0.0
        for excess in excesses:
            loudest = max(loudest, _as_visible(excess, clean, noise, loudest or start, louder_than=loudest))
        by_kind[kind] = loudest
    return by_kind


def with_noise(clean: Picture, changed: Picture, kind: str, amplitude: float, *, seed: int) -> Picture:
    """Return a clean picture with noise of one kind and root mean square, rounded to 8 bits.

    Place, grain and colours of noise like the change come from `changed`; the other kinds do not depend on it.
    """
    return _rounded(clean + amplitude * _noise(kind, clean, changed, seed)) if amplitude else _rounded(clean)


def noise_beside(clean: Picture, changed: Picture, middle: tuple[Picture, Picture], *, seed: int) -> Picture:
    """Return a whole clean picture with white noise that is as visible as its change.

    How strong that is is measured on the `middle` of both, as large pictures take too long.
    """
    amplitude = amplitudes(*middle, seed=seed, kinds=(WHITE,))[WHITE]
    return with_noise(clean, changed, WHITE, amplitude, seed=seed)


def of_equal_psnr(clean: Picture, changed: Picture, *, seed: int) -> tuple[Picture, Picture]:
    """Return the clean picture with white and with low-pass noise of the change's mean square, in 8 bits."""
    power = float(np.mean((changed.astype(np.float64) - clean) ** 2))
    return noisy(clean, power, sigma=0.0, seed=seed), noisy(clean, power, sigma=_SIGMA, seed=seed)


def noisy(clean: Picture, power: float, *, sigma: float, seed: int) -> Picture:
    """Return `clean` with Gaussian noise, blurred by `sigma` pixels, of mean square `power` after 8-bit rounding."""
    noise = np.random.default_rng(seed).standard_normal(clean.shape)
    return with_power(clean, gaussian_filter(noise, sigma=(sigma, sigma, 0)) if sigma else noise, power)


def with_power(clean: Picture, noise: Noise, power: float) -> Picture:
    """Return `clean` with `noise` scaled so that its mean square after 8-bit rounding is `power`.

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
    """Return a function from a picture to the log of its visible change over that of `changed`: 0 if equal."""
    equal = measure(clean, clean)
    change = measure(clean, changed) - equal

    def excess(picture: Picture) -> float:
        shows = (measure(clean, picture) - equal) / change if change else math.inf
        return math.log(max(shows, _TINY))

    return excess


def _as_visible(
    excess: Callable[[Picture], float], clean: Picture, noise: Noise, start: float, *, louder_than: float
) -> float:
    """Return the amplitude at which noise is as visible as the change, or 0 where that is below `louder_than`.

    The secant method on logarithms, in which measures are nearly linear, kept inside a bracket.
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
        noise = _scrambled(changed.astype(np.float64) - clean, seed)
    else:
        noise = np.random.default_rng(seed).standard_normal(clean.shape)
        if kind == LOW_PASS:
            noise = _smooth(noise)
        if kind == FINE_COLOUR:
            noise = _without_luma(noise - _smooth(noise))
    return noise / np.sqrt(np.mean(noise**2))


def _smooth(noise: Noise) -> Noise:
    return gaussian_filter(noise, sigma=(_SIGMA, _SIGMA, 0))


def _without_luma(noise: Noise) -> Noise:
    planes: Tensor = to_ycbcr(to_batch(noise))
    planes[:, 0] = 0
    return to_array(to_rgb(planes)).astype(np.float64)


def _scrambled(change: Noise, seed: int) -> Noise:
    """Return noise with the place, the grain and the colours of a change, but without its structure.

    The change is divided by its local strength, its phases are drawn anew, the same for all channels, and the
    strength is put back (Theiler et al., "Testing for nonlinearity in time series: the method of surrogate data",
    1992, https://doi.org/10.1016/0167-2789(92)90102-S).
    """
    strength = np.sqrt(gaussian_filter((change**2).mean(axis=2), _NEIGHBOURHOOD))[..., None] + _TRACE
    waves = np.fft.rfft2(change / strength, axes=(0, 1))
    turns = np.fft.rfft2(np.random.default_rng(seed).standard_normal(change.shape[:2]))[..., None]
    return np.fft.irfft2(waves * turns / np.abs(turns), s=change.shape[:2], axes=(0, 1)) * strength
