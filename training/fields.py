"""Draws fields of noise: what a generator leaves when a run fails and nothing is in the picture but shading and grain.

No generator's failures were copied: size, grain, tails, shading and ties of colour are drawn from wide ranges.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float, UInt8

Rng = np.random.Generator
Field = Float[np.ndarray, "side side channels"]

SIDE = 256
_REACH = 40
"""Pixels around a field that are blurred into it, then cut off."""

LARGEST = 2.5, 12.0
"""Pixels that grain is blurred by at most, and the patches in which it is stronger or weaker."""

LEVELS = 3.0, 40.0
"""Spread of the noise."""

SHADING, TINT, TAILS = 25.0, 15.0, 0.8
"""Levels that shading spreads by at most, those by which a ground leaves grey, and how unlike patches are at most."""

HALF = 0.5


def field(rng: Rng) -> UInt8[np.ndarray, "side side 3"]:
    """Return one field of `SIDE` pixels."""
    noise = np.zeros((SIDE, SIDE, 3))
    for _ in range(rng.integers(1, 4)):
        noise += rng.exponential() * _grain(rng, rng.uniform(0.4, LARGEST[0]) if rng.random() < HALF else 0.0)
    patches = _grain(rng, rng.uniform(0.5, LARGEST[1]))[..., :1]
    noise = _tied(noise, rng.random()) * np.exp(rng.uniform(0, TAILS) * patches)
    ground = rng.uniform(60, 200) + rng.normal(0, TINT, 3) + rng.uniform(0, SHADING) * _shading(rng)
    levels = ground + np.exp(rng.uniform(*np.log(LEVELS))) * noise / noise.std()
    return np.rint(levels).clip(0, 255).astype(np.uint8)


def _grain(rng: Rng, blur: float) -> Field:
    """Return white noise that is blurred by so many pixels, of spread 1."""
    noise = rng.standard_normal((SIDE + 2 * _REACH, SIDE + 2 * _REACH, 3))
    if blur:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), blur))
    inside = noise[_REACH:-_REACH, _REACH:-_REACH]
    return inside / inside.std()


def _shading(rng: Rng) -> Field:
    """Return slow changes of light and, less, of colour."""
    coarse = rng.standard_normal((*rng.integers(2, 7, 2), 3))
    smooth = cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return _tied(np.asarray(smooth), rng.uniform(0.3, 1.0))


def _tied(noise: Field, tie: float) -> Field:
    """Return noise of which the share `tie` of the power is common to all three colours."""
    return np.sqrt(tie) * noise[..., :1] + np.sqrt(1 - tie) * noise
