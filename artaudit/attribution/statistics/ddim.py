"""How well a denoiser recovers a picture: deterministic inversion from its latents towards noise, and back.

Song et al., "Denoising Diffusion Implicit Models", ICLR 2021, https://arxiv.org/abs/2010.02502; the
reconstruction error as a sign of the maker: Wang et al., "DIRE", ICCV 2023, https://arxiv.org/abs/2303.09295
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures, log_power
from artaudit.errors import UsageError
from artaudit.protocols import Autoencoder, Generator

Latents = Float[Tensor, "batch channels rows columns"]


@dataclass(frozen=True, slots=True)
class Ddim:
    """Inverts up to the share `depth` of the schedule in `steps` steps, and samples back.

    `prompt` conditions the denoiser; empty is the unconditional case.
    """

    steps: int = 10
    depth: float = 0.5
    prompt: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers, in their order."""
        return ("log error of latents", "log mean error along the path", "log error of pixels")

    @torch.no_grad()
    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch 3"]:
        """Invert and recover every picture; errors are decimal logarithms of mean squares.

        Raises UsageError for a model without a denoiser.
        """
        if not isinstance(model, Generator):
            raise UsageError(f"{model.name} has no denoiser, which diffusion inversion needs: choose one that has.")
        clean = model.encode(pixels)
        away = self.path(model, clean)
        back = self.path(model, away[-1], returning=True)[::-1]
        along = torch.stack([log_power(inverted - sampled) for inverted, sampled in zip(away, back, strict=True)])
        height, width = pixels.shape[-2:]
        drawn = model.decode(back[0])[..., :height, :width]
        return torch.stack([along[0], along[:-1].mean(0), log_power(drawn - pixels)], dim=1)

    def path(self, model: Generator, latents: Latents, *, returning: bool = False) -> list[Latents]:
        """Return the latents at every step, differentiable: from clean towards noise, or back if `returning`."""
        last = max(1, round(self.depth * (model.schedule_steps - 1)))
        stops = torch.unique(torch.linspace(0, last, self.steps + 1).round().long())
        stops = stops.flip(0) if returning else stops
        condition, reached = model.condition(self.prompt), [latents]
        for here, there in pairwise(stops):
            now, after = (stop.expand(len(latents)) for stop in (here, there))
            prediction = model.predict(reached[-1], now, condition)
            clean, noise = parts_of(model, reached[-1], prediction, now)
            reached.append(model.add_noise(clean, noise, after))
        return reached


def parts_of(model: Generator, noisy: Latents, prediction: Latents, steps: Tensor) -> tuple[Latents, Latents]:
    """Split noisy latents into clean latents and noise that agree with the denoiser's prediction.

    Both the noisy latents and the training target are linear in clean latents and noise; their factors are measured
    with ones and zeros. That gives two equations for two unknowns, whether the model predicts noise, velocity or flow.
    """
    ones, zeros = torch.ones_like(noisy), torch.zeros_like(noisy)
    noisy_by_clean, noisy_by_noise = model.add_noise(ones, zeros, steps), model.add_noise(zeros, ones, steps)
    target_by_clean = model.training_target(ones, zeros, steps)
    target_by_noise = model.training_target(zeros, ones, steps)
    determinant = noisy_by_clean * target_by_noise - noisy_by_noise * target_by_clean
    clean = (noisy * target_by_noise - noisy_by_noise * prediction) / determinant
    noise = (noisy_by_clean * prediction - target_by_clean * noisy) / determinant
    return clean, noise
