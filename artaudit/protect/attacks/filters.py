"""Classical filters: noise, blur, and the denoisers that a paint program or a line of OpenCV offers.

Buades et al., "A non-local algorithm for image denoising", CVPR 2005, https://doi.org/10.1109/CVPR.2005.38;
Chambolle, "An algorithm for total variation minimization", 2004, https://doi.org/10.1023/B:JMIV.0000011325.36760.1e
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from artaudit.protect.attacks.sweep import AttackSweep, Picture, Pixels, per_picture
from artaudit.transforms import Blur, Noise

LEVELS = 255


@dataclass(frozen=True, slots=True)
class Median:
    """The median of every `side` x `side` window, channel by channel; `side` is 3 or 5."""

    side: int = 3

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:  # noqa: ARG002 - nothing random here
        """Return filtered pixels."""
        return per_picture(pixels, lambda picture: cv2.medianBlur(picture, self.side))


@dataclass(frozen=True, slots=True)
class NonLocalMeans:
    """OpenCV's non-local means on 8-bit CIELAB, luminance and colour with strength `h` levels, windows 7 and 21."""

    h: float = 10.0

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:  # noqa: ARG002 - nothing random here
        """Return filtered pixels."""

        def change(picture: Picture) -> Picture:
            levels = np.rint(picture.clip(0, 1) * LEVELS).astype(np.uint8)[..., ::-1]
            kept = cv2.fastNlMeansDenoisingColored(np.ascontiguousarray(levels), None, self.h, self.h, 7, 21)
            return kept[..., ::-1].astype(np.float32) / LEVELS

        return per_picture(pixels, change)


@dataclass(frozen=True, slots=True)
class Bilateral:
    """A bilateral filter of `diameter` pixels, applied `times`; `colour` in levels of 255, `space` in pixels."""

    times: int = 64
    diameter: int = 5
    colour: float = 8.0
    space: float = 8.0

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:  # noqa: ARG002 - nothing random here
        """Return filtered pixels."""

        def change(picture: Picture) -> Picture:
            levels = picture * np.float32(LEVELS)
            for _ in range(self.times):
                levels = cv2.bilateralFilter(levels, self.diameter, self.colour, self.space)
            return levels / np.float32(LEVELS)

        return per_picture(pixels, change)


@dataclass(frozen=True, slots=True)
class TotalVariation:
    """Chambolle's projection; the higher `weight`, the flatter the picture."""

    weight: float = 0.1

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:  # noqa: ARG002 - nothing random here
        """Return filtered pixels."""
        from skimage.restoration import denoise_tv_chambolle  # noqa: PLC0415 - heavy

        def change(picture: Picture) -> Picture:
            return denoise_tv_chambolle(picture, weight=self.weight, channel_axis=2).astype(np.float32)

        return per_picture(pixels, change)


NOISE = AttackSweep("sigma", (0.05, 0.1), Noise)
BLUR = AttackSweep("sigma in pixels", (0.5, 1.0, 2.0, 3.0), Blur)
MEDIAN = AttackSweep("window", (3.0, 5.0), lambda side: Median(int(side)))
NON_LOCAL_MEANS = AttackSweep("h in levels", (10.0, 20.0), NonLocalMeans)
BILATERAL = AttackSweep("times", (16.0, 64.0), lambda times: Bilateral(int(times)))
TOTAL_VARIATION = AttackSweep("weight", (0.05, 0.1, 0.2), TotalVariation)
