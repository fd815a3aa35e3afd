"""Who draws with which autoencoder, in words: models that share one cannot be told apart by what they draw."""

from __future__ import annotations

from types import MappingProxyType

MEMBERS = MappingProxyType(
    {
        "SD 1.x": "Stable Diffusion 1.1 to 1.5 and their fine-tunes",
        "SD 2.x": "Stable Diffusion 2.0, 2.1 and their fine-tunes",
        "SDXL": "Stable Diffusion XL and its fine-tunes",
        "SD 3.x": "Stable Diffusion 3, 3.5 and their fine-tunes",
        "FLUX.1": "FLUX.1 dev, schnell and their fine-tunes",
        "FLUX.2": "FLUX.2 and its fine-tunes",
    }
)
"""Models that share the autoencoder of a family."""


def in_words(name: str, family: str, *, copy: bool) -> str:
    """Return who is meant when a candidate's decoder drew a picture.

    `copy` says that the decoder is a small copy of the family's own, which draws otherwise.
    """
    if copy:
        return f"the decoder of {name} (a small copy of the one of {family}, which itself draws otherwise)"
    members = MEMBERS.get(family)
    return f"the {family} autoencoder ({members})" if members else f"the autoencoder of {name} ({family})"
