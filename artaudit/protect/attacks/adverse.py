"""AdverseCleaner, the "fifteen lines" against Glaze and Mist: many bilateral filters, then guided ones.

lllyasviel, https://github.com/lllyasviel/AdverseCleaner; the guided filter is He, Sun and Tang, "Guided Image
Filtering", ECCV 2010, https://doi.org/10.1007/978-3-642-15549-9_1
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float

from artaudit.protect.attacks.axis import Axis, Picture, Pixels, per_picture
from artaudit.protect.attacks.filters import LEVELS

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
        guide = levels if self.noisy_guide else kept
        for _ in range(self.guided):
            kept = guided_filter(guide, kept, radius=4, eps=16.0)
        return np.floor(kept.clip(0, LEVELS)).astype(np.float32) / LEVELS


def guided_filter(guide: Picture, source: Picture, *, radius: int, eps: float) -> Picture:
    """Return `source` as the best linear function of the colours of `guide` in every window.

    Both in the same units; `eps`, in their square, is the variance from which on an edge of the guide is kept.
    """
    mean = _means(guide, radius)
    spread = _means(guide[..., :, None] * guide[..., None, :], radius) - mean[..., :, None] * mean[..., None, :]
    target = _means(source, radius)
    shared = _means(guide[..., :, None] * source[..., None, :], radius) - mean[..., :, None] * target[..., None, :]
    slope: Stack = np.linalg.solve(spread + eps * np.eye(3, dtype=spread.dtype), shared)
    offset = target - np.einsum("hwi,hwij->hwj", mean, slope)
    moved = np.einsum("hwi,hwij->hwj", guide.astype(np.float64), _means(slope, radius)) + _means(offset, radius)
    return moved.astype(np.float32)


def _means(values: Float[np.ndarray, "height width *rest"], radius: int) -> Float[np.ndarray, "height width *rest"]:
    """Return the mean of every square window, in float64, borders reflected."""
    planes = values.reshape(*values.shape[:2], -1).astype(np.float64)
    side = (2 * radius + 1, 2 * radius + 1)
    filtered = [cv2.blur(np.ascontiguousarray(planes[..., number]), side) for number in range(planes.shape[2])]
    return np.stack(filtered, axis=2).reshape(values.shape)


ADVERSE_CLEANER = Axis("bilateral filters", (64.0,), lambda times: AdverseCleaner(int(times)))
ADVERSE_CLEANER_CLEAN_GUIDE = Axis(
    "bilateral filters", (64.0,), lambda times: AdverseCleaner(int(times), noisy_guide=False)
)
