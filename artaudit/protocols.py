"""What the rooms expect of each other: encoders, autoencoders, cloaks and examiners, as protocols."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt
from torch import Tensor

from artaudit.evidence import Finding
from artaudit.image import Image

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
class Budget:
    """How far a cloak may move any sample: `linf` in units of the full range [0, 1], so 7/255 is 7 of 255 levels."""

    linf: float

    @property
    def levels(self) -> int:
        """The whole 8-bit levels that fit into the budget."""
        return int(self.linf * 255 + 1e-6)


@dataclass(frozen=True, slots=True)
class Cloaked:
    """A picture's cloaked samples and what made them.

    `colours` are upright samples of the picture's own depth and channel count, within `budget` of the original
    everywhere. `method` and `seed` repeat the work; `models` name what it was made against.
    """

    colours: UInt[np.ndarray, "height width colours"] = field(repr=False)
    method: str
    budget: Budget
    seed: int
    models: tuple[tuple[str, str], ...]


@runtime_checkable
class Cloak(Protocol):
    """Changes a picture within a budget so that models learn it wrongly."""

    def apply(self, image: Image, *, budget: Budget, seed: int, progress: Progress | None = None) -> Cloaked:
        """Return the cloaked samples of `image`; `progress` is told (done, total) as the work goes on.

        Raises ImageError for a picture that cannot carry a cloak.
        """
        ...


@runtime_checkable
class Examiner(Protocol):
    """Looks at one picture and says what it found; never writes, never prints."""

    name: str

    def examine(self, image: Image) -> Sequence[Finding]:
        """Return the findings about `image`, an empty sequence when there is nothing to say."""
        ...
