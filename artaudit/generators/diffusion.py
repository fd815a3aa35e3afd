"""A latent diffusion or flow model put together from an autoencoder, a schedule, a denoiser and a text encoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from artaudit.errors import UsageError
from artaudit.generators.folders import like
from artaudit.generators.schedules import Schedule, sample
from artaudit.protocols import Autoencoder, Condition

Latents = Float[Tensor, "batch channels rows columns"]
Steps = Int[Tensor, " batch"]

GUIDANCE = "guidance"
"""Entry of a condition that holds the guidance strength, for models that take it as an input (distilled guidance)."""


@runtime_checkable
class LatentSpace(Autoencoder, Protocol):
    """An autoencoder that knows how many channels its latents have."""

    channels: int


@dataclass
class LatentDiffusion:
    """A generator; `dataclasses.replace(model, denoiser=other)` is the same generator with another network.

    `encode_prompt` turns a prompt into a condition. `ask` calls the denoiser with noisy latents, the time of each in
    the schedule's units, and a condition; it returns the output in the shape of the latents.
    """

    name: str
    family: str
    digest: str
    autoencoder: LatentSpace = field(repr=False)
    schedule: Schedule = field(repr=False)
    denoiser: nn.Module = field(repr=False)
    encode_prompt: Callable[[str], Condition] = field(repr=False)
    ask: Callable[[nn.Module, Tensor, Tensor, Condition], Tensor] = field(repr=False)
    vocabulary: tuple[str, ...] | None = field(default=None, repr=False)
    """The words that prompts may use, None for a model that reads any text."""
    factor: int = field(init=False)
    schedule_steps: int = field(init=False)

    def __post_init__(self) -> None:
        """Copy the factor of the autoencoder and the number of steps of the schedule."""
        self.factor, self.schedule_steps = self.autoencoder.factor, self.schedule.steps

    def spare_memory(self) -> None:
        """Turn on gradient checkpointing in the denoiser: gradients take longer and far less memory."""
        self.denoiser.enable_gradient_checkpointing()  # type: ignore[operator]

    def encode(self, pixels: Float[Tensor, "batch 3 height width"]) -> Latents:
        """Return the autoencoder's latents."""
        return self.autoencoder.encode(pixels)

    def decode(self, latents: Latents) -> Float[Tensor, "batch 3 height width"]:
        """Return the autoencoder's picture."""
        return self.autoencoder.decode(latents)

    def condition(self, prompt: str) -> Condition:
        """Return the text condition of a prompt, without gradients."""
        with torch.no_grad():
            return self.encode_prompt(prompt)

    def add_noise(self, latents: Latents, noise: Latents, steps: Steps) -> Latents:
        """Return the noisy latents of the forward process at these steps."""
        return self.schedule.add_noise(latents, noise, steps)

    def predict(self, noisy: Latents, steps: Steps, condition: Condition) -> Latents:
        """Return the denoiser's output, differentiable."""
        return self.ask(self.denoiser, noisy, self.schedule.times(steps), condition)

    def training_target(self, latents: Latents, noise: Latents, steps: Steps) -> Latents:
        """Return the training target of `predict`."""
        return self.schedule.training_target(latents, noise, steps)

    def generate(
        self,
        prompt: str,
        *,
        seed: int,
        size: tuple[int, int] = (512, 512),
        start: Float[Tensor, "1 3 height width"] | None = None,
        strength: float = 1.0,
        guidance: float = 7.5,
        steps: int = 50,
    ) -> Float[Tensor, "1 3 height width"]:
        """Return a picture in [0, 1], with classifier-free guidance unless the model takes its strength as an input.

        Raises UsageError for sizes, steps or a strength out of range.
        """
        if min(*size, steps) < 1 or not 0 < strength <= 1:
            raise UsageError("A picture is drawn at a size of at least 1 x 1, in at least one step, 0 < strength <= 1.")
        height, width = size if start is None else (start.shape[-2], start.shape[-1])
        shape = (1, self.autoencoder.channels, -(-height // self.factor), -(-width // self.factor))
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            start_latents = None if start is None else self.encode(start)
            latents = sample(self.schedule, self._guided(prompt, guidance), noise, start_latents, strength, steps)
            picture = self.decode(latents)
        return picture if start is None else picture[..., :height, :width]

    def _guided(self, prompt: str, guidance: float) -> Callable[[Tensor, Tensor], Tensor]:
        conditional = self.condition(prompt)
        if GUIDANCE in conditional.tensors:
            scale = torch.full_like(conditional.tensors[GUIDANCE], guidance)
            conditional = Condition({**conditional.tensors, GUIDANCE: scale})
            return lambda noisy, times: self.ask(self.denoiser, noisy, times, conditional)
        unconditional = self.condition("")

        def guided(noisy: Tensor, times: Tensor) -> Tensor:
            with_prompt = self.ask(self.denoiser, noisy, times, conditional)
            if guidance == 1:
                return with_prompt
            without = self.ask(self.denoiser, noisy, times, unconditional)
            return without + guidance * (with_prompt - without)

        return guided


def condition_entry(condition: Condition, key: str, noisy: Latents, denoiser: nn.Module) -> Tensor:
    """Return an entry of a condition, repeated for every picture of the batch, on the denoiser's device."""
    values = condition.tensors[key]
    return like(values.expand(len(noisy), *values.shape[1:]), denoiser)
