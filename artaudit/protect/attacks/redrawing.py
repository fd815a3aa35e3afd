"""Autoencoders against cloaks: drawing the picture again, and IMPRESS, which searches for one that redraws well.

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
"""Pixels of the window of the structural similarity, as a Gaussian's deviation."""


@dataclass(frozen=True, slots=True)
class AutoencoderLoop:
    """Encodes and decodes a picture, `times` over."""

    times: int
    model: Autoencoder = field(repr=False)

    @torch.no_grad()
    def __call__(self, pixels: Pixels, seed: int) -> Pixels:  # noqa: ARG002 - nothing random here
        """Return what the model draws."""
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
        """Return the picture that was found."""
        found = Noise(self.noise)(pixels, seed).clone().requires_grad_()
        optimizer = torch.optim.Adam([found], lr=self.rate, eps=1e-5)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.steps, eta_min=1e-5)
        with torch.enable_grad():
            for _ in range(self.steps):
                loss = (redrawn(self.model, found) - found).square().mean()
                loss = loss + self.weight * (dissimilarity(found, pixels) - self.bound).clamp(min=0)
                optimizer.zero_grad()
                torch.autograd.backward(loss, inputs=[found])
                optimizer.step()
                schedule.step()
                with torch.no_grad():
                    found.clamp_(0, 1)
        return found.detach()


def redrawn(model: Autoencoder, pixels: Pixels) -> Pixels:
    """Return the decoded latents of pixels, cut to their size."""
    height, width = pixels.shape[-2:]
    return model.decode(model.encode(pixels))[..., :height, :width]


def dissimilarity(one: Pixels, other: Pixels) -> Float[Tensor, ""]:
    """Return 1 minus the mean structural similarity in Gaussian windows, differentiable (Wang et al. 2004)."""
    window = Blur(_TILE_WINDOW)
    mean, mean_other = window(one, 0), window(other, 0)
    variance = window(one * one, 0) - mean.square()
    variance_other = window(other * other, 0) - mean_other.square()
    shared = window(one * other, 0) - mean * mean_other
    likeness = (2 * mean * mean_other + 0.01**2) * (2 * shared + 0.03**2)
    likeness = likeness / ((mean.square() + mean_other.square() + 0.01**2) * (variance + variance_other + 0.03**2))
    return 1 - likeness.mean()


AUTOENCODER_LOOP = AttackSweep(
    "times", (1.0, 2.0), lambda times, model: AutoencoderLoop(int(times), model), needs=Need.AUTOENCODER
)
IMPRESS = AttackSweep(
    "steps", (3000.0,), lambda steps, model: Impress(int(steps), model), needs=Need.AUTOENCODER, slow=True
)
