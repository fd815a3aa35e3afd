"""The training loss of latent diffusion, which denoiser-based cloaks raise, lower or bend.

Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion Models", CVPR 2022,
https://arxiv.org/abs/2112.10752.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from artaudit.errors import UsageError
from artaudit.protocols import Encoder, Generator

Latents = Float[Tensor, "batch channels rows columns"]


def as_generator(model: Encoder, method: str) -> Generator:
    """Return the model itself; raises UsageError where it is an encoder without a denoiser."""
    if isinstance(model, Generator):
        return model
    raise UsageError(
        f"{method} needs a model with a denoiser, which {model.name} lacks: "
        "add one with `audit models add` or choose another method."
    )


def source(*numbers: int) -> torch.Generator:
    """Return a random generator whose seed is derived from the given non-negative numbers."""
    (state,) = np.random.SeedSequence(numbers).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state))


class Denoising:
    """Denoising of latents by one generator under a prompt; the seed fixes the noise of each step."""

    def __init__(self, model: Generator, prompt: str, seed: int) -> None:
        """Encode the prompt."""
        self.model, self.seed = model, seed
        with torch.no_grad():
            self.condition = model.condition(prompt)

    def draw(self, latents: Latents, step: int) -> tuple[Latents, Int[Tensor, " batch"]]:
        """Return noise and uniformly drawn schedule steps, the same for the same step of the descent."""
        random = source(self.seed, step)
        steps = torch.randint(self.model.schedule_steps, latents.shape[:1], generator=random)
        noise = torch.randn(latents.shape, generator=random)
        return noise.to(latents), steps.to(latents.device)

    def __call__(self, latents: Latents, step: int) -> tuple[Latents, Latents]:
        """Return the denoiser's prediction for noised latents, and its training target."""
        noise, steps = self.draw(latents, step)
        noisy = self.model.add_noise(latents, noise, steps)
        return self.model.predict(noisy, steps, self.condition), self.model.training_target(latents, noise, steps)


def relative(predicted: Latents, target: Latents) -> Float[Tensor, ""]:
    """Return the mean squared error in units of the target's variance; about 1 for a prediction of zeros."""
    return (predicted - target).square().mean() / target.detach().var()
