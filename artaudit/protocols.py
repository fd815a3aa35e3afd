"""What the rooms expect of each other: encoders, autoencoders, cloaks and examiners, as protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Float
    from torch import Tensor

    from artaudit.evidence import Finding
    from artaudit.image import Image


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


class Examiner(Protocol):
    """Looks at one picture and says what it found; never writes, never prints."""

    name: str

    def examine(self, image: Image) -> Sequence[Finding]:
        """Return the findings about `image`, an empty sequence when there is nothing to say."""
        ...
