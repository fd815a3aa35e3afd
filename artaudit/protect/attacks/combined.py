"""Attacks combined, one after the other.

Noise followed by a classical denoiser is a substitute, without a GPU, for the noisy upscaling of Hönig et al.,
"Adversarial Perturbations Cannot Reliably Protect Artists From Generative AI", ICLR 2025,
https://arxiv.org/abs/2406.12027
"""

from __future__ import annotations

from dataclasses import dataclass

from artaudit.protect.attacks.filters import NonLocalMeans, TotalVariation
from artaudit.protect.attacks.handling import Resize
from artaudit.protect.attacks.sweep import AttackSweep, Pixels
from artaudit.transforms import Blur, Jpeg, Noise, Transform


@dataclass(frozen=True, slots=True)
class Then:
    """Several attacks in turn."""

    attacks: tuple[Transform, ...]

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:
        """Return the result of the last attack; each attack has a seed of its own."""
        for number, attack in enumerate(self.attacks):
            pixels = attack(pixels, seed + number)
        return pixels


NOISE_DENOISE = AttackSweep("sigma", (0.05, 0.1), lambda sigma: Then((Noise(sigma), NonLocalMeans(200 * sigma))))
NOISE_SMOOTH = AttackSweep("sigma", (0.05, 0.1), lambda sigma: Then((Noise(sigma), TotalVariation(2 * sigma))))
JPEG_BLUR = AttackSweep("quality", (75.0, 50.0), lambda quality: Then((Jpeg(int(quality)), Blur(1.0))))
RESIZE_DENOISE = AttackSweep("factor", (0.75, 0.5), lambda factor: Then((Resize(factor), NonLocalMeans(10.0))))
