"""AdverseCleaner, the "fifteen lines" against Glaze and Mist: many bilateral filters, then guided ones.

lllyasviel, https://github.com/lllyasviel/AdverseCleaner; the guided filter is He, Sun and Tang, "Guided Image
Filtering", ECCV 2010, https://doi.org/10.1007/978-3-642-15549-9_1
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float

from artaudit.protect.attacks.filters import LEVELS
from artaudit.protect.attacks.sweep import AttackSweep, Picture, Pixels, per_picture

Stack = Float[np.ndarray, "height width 3 3"]


@dataclass(frozen=True, slots=True)
class AdverseCleaner:
    """64 bilateral filters (5 pixels, 8, 8), then 4 guided filters (radius 4, eps 16), truncated to 8 bits.

    The guide is the picture that came in, cloak and all, as its author has it; without `noisy_guide` it is the
    result of the bilateral filters.
    """

    bilateral: int = 64
    guided: int = 4
    noisy_guide: bool = True

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:  # noqa: ARG002 - nothing random here
        """Return cleaned pixels, whole levels of 255."""
        return per_picture(pixels, self._clean)

    def _clean(self, picture: Picture) -> Picture:
        levels = picture * np.float32(LEVELS)
        kept = levels
        for _ in range(self.bilateral):
            kept = cv2.bilateralFilter(kept, 5, 8, 8)
        guide = Guide(levels if self.noisy_guide else kept, radius=4, eps=16.0)
        for _ in range(self.guided):
            kept = guide.filtered(kept)
        return np.floor(kept.clip(0, LEVELS)).astype(np.float32) / LEVELS


class Guide:
    """The guided filter of one guide, whose own statistics are taken once.

    Guide and sources have the same units; `eps`, in their square, is the variance from which on an edge is kept.
    """

    def __init__(self, picture: Picture, *, radius: int, eps: float) -> None:
        """Take the means and the covariances of the guide's colours in every window."""
        self._colours, self._radius = picture.astype(np.float64), radius
        self._mean = _means(self._colours, radius)
        spread = _means(_products(self._colours, self._colours), radius) - _products(self._mean, self._mean)
        self._inverse: Stack = np.linalg.inv(spread + eps * np.eye(3))

    def filtered(self, source: Picture) -> Picture:
        """Return `source` as the best linear function of the guide's colours in every window."""
        colours = source.astype(np.float64)
        target = _means(colours, self._radius)
        shared = _means(_products(self._colours, colours), self._radius) - _products(self._mean, target)
        slope: Stack = self._inverse @ shared
        offset = target - np.einsum("hwi,hwij->hwj", self._mean, slope)
        moved = np.einsum("hwi,hwij->hwj", self._colours, _means(slope, self._radius)) + _means(offset, self._radius)
        return moved.astype(np.float32)


def _products(first: Float[np.ndarray, "height width 3"], second: Float[np.ndarray, "height width 3"]) -> Stack:
    return first[..., :, None] * second[..., None, :]


def _means(values: Float[np.ndarray, "height width *rest"], radius: int) -> Float[np.ndarray, "height width *rest"]:
    """Return the mean of every square window, in float64, borders reflected."""
    planes = values.reshape(*values.shape[:2], -1)
    return cv2.blur(planes, (2 * radius + 1, 2 * radius + 1)).reshape(values.shape)


ADVERSE_CLEANER = AttackSweep("bilateral filters", (64.0,), lambda times: AdverseCleaner(int(times)))
ADVERSE_CLEANER_CLEAN_GUIDE = AttackSweep(
    "bilateral filters", (64.0,), lambda times: AdverseCleaner(int(times), noisy_guide=False)
)
