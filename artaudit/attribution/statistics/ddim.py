"""How well a denoiser retraces a picture: from its latents towards noise and back, deterministically.

Song et al., "Denoising Diffusion Implicit Models", ICLR 2021, https://arxiv.org/abs/2010.02502; the error of the way
back as a sign of the maker: Wang et al., "DIRE", ICCV 2023, https://arxiv.org/abs/2303.09295
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
    """Inverts to the share `depth` of the schedule in `steps` strides, unconditionally, and samples back.

    `prompt` is what the denoiser is told; empty is the unconditional case.
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
        """Retrace every picture; errors are decimal logarithms of mean squares.

        Raises UsageError for a model without a denoiser.
        """
        if not isinstance(model, Generator):
            raise UsageError(f"{model.name} has no denoiser, which diffusion inversion needs: choose one that has.")
        clean = model.encode(pixels)
        away = self.path(model, clean)
        back = self.path(model, away[-1], returning=True)[::-1]
        along = torch.stack([log_power(one - other) for one, other in zip(away, back, strict=True)])
        height, width = pixels.shape[-2:]
        drawn = model.decode(back[0])[..., :height, :width]
        return torch.stack([along[0], along[:-1].mean(0), log_power(drawn - pixels)], dim=1)

    def path(self, model: Generator, latents: Latents, *, returning: bool = False) -> list[Latents]:
        """Return the latents at every stop, differentiable: from clean towards noise, or `returning` to clean."""
        last = max(1, round(self.depth * (model.schedule_steps - 1)))
        stops = torch.unique(torch.linspace(0, last, self.steps + 1).round().long())
        stops = stops.flip(0) if returning else stops
        condition, found = model.condition(self.prompt), [latents]
        for here, there in pairwise(stops):
            now, after = (stop.expand(len(latents)) for stop in (here, there))
            told = model.predict(found[-1], now, condition)
            clean, noise = parts_of(model, found[-1], told, now)
            found.append(model.add_noise(clean, noise, after))
        return found


def parts_of(model: Generator, noisy: Latents, told: Latents, steps: Tensor) -> tuple[Latents, Latents]:
    """Split noisy latents into clean ones and noise, so that both agree with what the denoiser said of them.

    Noising and what is wanted of the denoiser are linear in latents and noise, with factors that two unit probes
    tell; two equations, two unknowns, whichever terms the model speaks in.
    """
    one, none = torch.ones_like(noisy), torch.zeros_like(noisy)
    of_clean, of_noise = model.add_noise(one, none, steps), model.add_noise(none, one, steps)
    told_clean, told_noise = model.training_target(one, none, steps), model.training_target(none, one, steps)
    determinant = of_clean * told_noise - of_noise * told_clean
    clean = (noisy * told_noise - of_noise * told) / determinant
    noise = (of_clean * told - told_clean * noisy) / determinant
    return clean, noise
