"""Autoencoders against cloaks: redrawing the picture, and IMPRESS, which searches for a picture that redraws well.

Cao et al., "IMPRESS: Evaluating the Resilience of Imperceptible Perturbations Against Unauthorized Data Usage in
Diffusion-Based Generative AI", NeurIPS 2023, https://arxiv.org/abs/2310.19248
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.protect.attacks.sweep import AttackSweep, Need, Pixels
from artaudit.protocols import Autoencoder
from artaudit.transforms import Blur, Noise

_TILE_WINDOW = 1.5
"""Sigma in pixels of the Gaussian window of the structural similarity."""


@dataclass(frozen=True, slots=True)
class AutoencoderLoop:
    """Encodes and decodes a picture, `times` over."""

    times: int
    model: Autoencoder = field(repr=False)

    @torch.no_grad()
    def __call__(self, pixels: Pixels, seed: int) -> Pixels:  # noqa: ARG002 - nothing random here
        """Return the picture that the model draws."""
        for _ in range(self.times):
            pixels = redrawn(self.model, pixels)
        return pixels


@dataclass(frozen=True, slots=True)
class Impress:
    """Moves a noisy copy so that the model redraws it well, while it stays within `bound` of the picture.

    Adam from `rate` down to 1e-5 along a cosine for `steps`; `noise` is the copy's standard deviation and `weight`
    that of the bound. The authors bound LPIPS; here it is 1 minus the structural similarity.
    """

    steps: int
    model: Autoencoder = field(repr=False)
    rate: float = 0.01
    bound: float = 0.1
    weight: float = 0.1
    noise: float = 0.1

    def __call__(self, pixels: Pixels, seed: int) -> Pixels:
        """Return the purified picture."""
        purified = Noise(self.noise)(pixels, seed).clone().requires_grad_()
        optimizer = torch.optim.Adam([purified], lr=self.rate, eps=1e-5)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.steps, eta_min=1e-5)
        with torch.enable_grad():
            for _ in range(self.steps):
                loss = (redrawn(self.model, purified) - purified).square().mean()
                loss = loss + self.weight * (dissimilarity(purified, pixels) - self.bound).clamp(min=0)
                optimizer.zero_grad()
                torch.autograd.backward(loss, inputs=[purified])
                optimizer.step()
                schedule.step()
                with torch.no_grad():
                    purified.clamp_(0, 1)
        return purified.detach()


def redrawn(model: Autoencoder, pixels: Pixels) -> Pixels:
    """Return the decoded latents of pixels, cut to their size."""
    height, width = pixels.shape[-2:]
    return model.decode(model.encode(pixels))[..., :height, :width]


def dissimilarity(first: Pixels, second: Pixels) -> Float[Tensor, ""]:
    """Return 1 minus the mean structural similarity in Gaussian windows, differentiable (Wang et al. 2004)."""
    window = Blur(_TILE_WINDOW)
    first_mean, second_mean = window(first, 0), window(second, 0)
    first_variance = window(first * first, 0) - first_mean.square()
    second_variance = window(second * second, 0) - second_mean.square()
    covariance = window(first * second, 0) - first_mean * second_mean
    likeness = (2 * first_mean * second_mean + 0.01**2) * (2 * covariance + 0.03**2)
    likeness = likeness / (
        (first_mean.square() + second_mean.square() + 0.01**2) * (first_variance + second_variance + 0.03**2)
    )
    return 1 - likeness.mean()


AUTOENCODER_LOOP = AttackSweep(
    "times", (1.0, 2.0), lambda times, model: AutoencoderLoop(int(times), model), needs=Need.AUTOENCODER
)
IMPRESS = AttackSweep(
    "steps", (3000.0,), lambda steps, model: Impress(int(steps), model), needs=Need.AUTOENCODER, slow=True
)
