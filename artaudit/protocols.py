"""What the rooms expect of each other: encoders, autoencoders, generators and budgets, as protocols."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int, UInt
from torch import Tensor, nn

Progress = Callable[[int, int], None]


@runtime_checkable
class Encoder(Protocol):
    """Pixels to latents, differentiable.

    `name` says what it is and in which revision; `digest` is the sha256 of its weights; `family` names the
    latent space it shares with others; `factor` is how many pixels one latent spans along each side.
    """

    name: str
    digest: str
    family: str
    factor: int

    def encode(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch channels rows columns"]:
        """Return latents of about unit variance for pixels in [0, 1].

        Any height and width of at least `factor`; sides that are no multiple of `factor` are padded by
        replication, so `rows = ceil(height / factor)`.
        """
        ...


@runtime_checkable
class Autoencoder(Encoder, Protocol):
    """An encoder with its way back."""

    def decode(self, latents: Float[Tensor, "batch channels rows columns"]) -> Float[Tensor, "batch 3 height width"]:
        """Return pixels in [0, 1], `factor` times as high and wide as the latents."""
        ...


@dataclass(frozen=True, slots=True)
class Condition:
    """What a denoiser is told beside noisy latents, made by its own `condition`; opaque to everyone else."""

    tensors: Mapping[str, Tensor] = field(repr=False)


@runtime_checkable
class Generator(Autoencoder, Protocol):
    """A latent diffusion or flow model: an autoencoder with a denoiser of its latents.

    `denoiser` is the network itself, for adapters such as LoRA; `schedule_steps` is the number of steps of its
    training schedule. Step numbers run from 0, next to clean, to `schedule_steps - 1`, next to noise.
    """

    denoiser: nn.Module
    schedule_steps: int

    def condition(self, prompt: str) -> Condition:
        """Return what the denoiser is told for a prompt; the empty prompt is the unconditional case."""
        ...

    def add_noise(
        self,
        latents: Float[Tensor, "batch channels rows columns"],
        noise: Float[Tensor, "batch channels rows columns"],
        steps: Int[Tensor, " batch"],
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Return what the forward process makes of clean latents at these steps."""
        ...

    def predict(
        self,
        noisy: Float[Tensor, "batch channels rows columns"],
        steps: Int[Tensor, " batch"],
        condition: Condition,
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Return the denoiser's output in its own terms (noise, velocity or flow), differentiable."""
        ...

    def training_target(
        self,
        latents: Float[Tensor, "batch channels rows columns"],
        noise: Float[Tensor, "batch channels rows columns"],
        steps: Int[Tensor, " batch"],
    ) -> Float[Tensor, "batch channels rows columns"]:
        """Return what `predict` is trained towards, in the same terms."""
        ...

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
        """Return a picture in [0, 1] for a prompt; without gradients.

        `size` is (height, width) in pixels, rounded up to the model's factor. With `start`, the picture is redrawn
        from it (img2img) at its own size, and `strength` in (0, 1] says from how far into the schedule.
        """
        ...


@dataclass(frozen=True, slots=True)
class Budget:
    """How far a cloak may move a picture: as far as it hardly shows, or as far as published cloaks go.

    `ssimulacra2` is the lowest score that the saved picture may have beside the original (100 equal, 80 not told apart
    side by side, see `distances.ssimulacra2`); its worst tile of 256 pixels may have `TILE_SLACK` less. `linf` bounds
    every sample, in units of the full range [0, 1], so 7/255 is 7 of 255 levels. None leaves a bound out.
    """

    linf: float | None = None
    ssimulacra2: float | None = None

    @property
    def levels(self) -> int | None:
        """The whole 8-bit levels that fit into `linf`."""
        return None if self.linf is None else int(self.linf * 255 + 1e-6)


TILE_SLACK = 8.0
"""How much lower than the whole picture's score that of its worst tile may be."""


@dataclass(frozen=True, slots=True)
class Cloaked:
    """A picture's cloaked samples and what made them.

    `colours` are upright samples of the picture's own depth and channel count, within `budget` of the original
    everywhere. `method` and `seed` repeat the work; `models` name what it was made against. `method` holds plain JSON
    values: the name of the method, and what it was made of with all settings.
    """

    colours: UInt[np.ndarray, "height width colours"] = field(repr=False)
    method: Mapping[str, Any]
    budget: Budget
    seed: int
    models: tuple[tuple[str, str], ...]
