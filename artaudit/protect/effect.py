"""What a change does to latents, beside its control: noise of the same peak signal-to-noise ratio."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.ndimage import gaussian_filter

from artaudit.protocols import Encoder
from artaudit.tensors import to_batch

Picture = Float[np.ndarray, "height width 3"]

_ROUNDS = 12
_NEIGHBOURHOOD = 8.0
"""Pixels over which the strength of a change is taken, as a Gaussian's deviation."""
_TRACE = 1e-6


@dataclass(frozen=True, slots=True)
class Effect:
    """Root-mean-square latent displacements of a change and of its noise controls; `encoder` names the encoder."""

    encoder: str
    displacement: float
    white_noise: float
    low_pass_noise: float

    @property
    def gain(self) -> float:
        """How many times further the change goes than the stronger noise; about 1 is no better than noise."""
        return self.displacement / max(self.white_noise, self.low_pass_noise)


def effect(encoder: Encoder, clean: Picture, changed: Picture, *, seed: int = 0) -> Effect:
    """Measure a change against white and low-pass (sigma 1 pixel) Gaussian noise of equal PSNR, all in 8 bits."""
    power = float(np.mean((changed.astype(np.float64) - clean) ** 2))
    white, low_pass = (noisy(clean, power, sigma=sigma, seed=seed) for sigma in (0.0, 1.0))
    with torch.no_grad():
        origin = encoder.encode(to_batch(clean))
        moves = [
            float((encoder.encode(to_batch(picture)) - origin).square().mean().sqrt())
            for picture in (changed, white, low_pass)
        ]
    return Effect(encoder.name, *moves)


def noisy(clean: Picture, power: float, *, sigma: float, seed: int) -> Picture:
    """Return `clean` with Gaussian noise, blurred by `sigma` pixels, of mean square `power` once in 8 bits."""
    noise = np.random.default_rng(seed).standard_normal(clean.shape)
    if sigma:
        noise = gaussian_filter(noise, sigma=(sigma, sigma, 0))
    return with_power(clean, noise, power)


def scrambled(clean: Picture, changed: Picture, *, seed: int) -> Picture:
    """Return `clean` with noise that is like the change in all but its design: its place, its grain and its colours.

    The change is divided by its local strength, its phases are drawn anew, the same for all channels, and the
    strength is put back (Theiler et al., "Testing for nonlinearity in time series: the method of surrogate data",
    1992, https://doi.org/10.1016/0167-2789(92)90102-S). It has the change's mean square after 8-bit rounding.
    """
    change = changed.astype(np.float64) - clean
    strength = np.sqrt(gaussian_filter((change**2).mean(axis=2), _NEIGHBOURHOOD))[..., None] + _TRACE
    waves = np.fft.rfft2(change / strength, axes=(0, 1))
    turns = np.fft.rfft2(np.random.default_rng(seed).standard_normal(change.shape[:2]))[..., None]
    noise = np.fft.irfft2(waves * turns / np.abs(turns), s=change.shape[:2], axes=(0, 1)) * strength
    return with_power(clean, noise, float(np.mean(change**2)))


def with_power(clean: Picture, noise: Float[np.ndarray, "height width 3"], power: float) -> Picture:
    """Return `clean` with so much of `noise` that the mean square after 8-bit rounding is `power`.

    Clipping and rounding change the power, so the amplitude is found by iteration.
    """
    noise = noise / noise.std()
    amplitude = power**0.5
    for _ in range(_ROUNDS):
        picture = np.rint((clean + amplitude * noise).clip(0, 1) * 255).astype(np.float32) / 255
        reached = float(np.mean((picture.astype(np.float64) - clean) ** 2))
        amplitude *= (power / max(reached, 1e-12)) ** 0.5
    return picture
