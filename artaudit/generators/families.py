"""Families of models that share an autoencoder, and how its config in diffusers identifies them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

PLAIN = "AutoencoderKL"
"""The class that several families share."""


@dataclass(frozen=True, slots=True)
class Family:
    """Models that share an autoencoder.

    `members` names them in words. `autoencoder` is the class in diffusers, `channels`, `scaling` and `shift` are those
    of its latents; with scaling None the class alone tells the family. `checkpoint` says whether checkpoints of one
    file hold it in the layout of latent diffusion.
    """

    members: str
    autoencoder: str = PLAIN
    channels: int = 4
    scaling: float | None = None
    shift: float = 0.0
    checkpoint: bool = False


SD_1, SD_2, SDXL, SD_3, FLUX_1, FLUX_2, SANA = "SD 1.x", "SD 2.x", "SDXL", "SD 3", "FLUX.1", "FLUX.2", "Sana"

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        SD_1: Family("Stable Diffusion 1.1 to 1.5 and their fine-tunes", scaling=0.18215, checkpoint=True),
        SD_2: Family("Stable Diffusion 2.0, 2.1 and their fine-tunes"),
        SDXL: Family("Stable Diffusion XL and its fine-tunes", scaling=0.13025, checkpoint=True),
        SD_3: Family(
            "Stable Diffusion 3, 3.5 and their fine-tunes", channels=16, scaling=1.5305, shift=0.0609, checkpoint=True
        ),
        FLUX_1: Family(
            "FLUX.1 dev, schnell and their fine-tunes", channels=16, scaling=0.3611, shift=0.1159, checkpoint=True
        ),
        FLUX_2: Family("FLUX.2 and its fine-tunes", "AutoencoderKLFlux2", channels=32),
        SANA: Family("Sana and its fine-tunes", "AutoencoderDC", channels=32, scaling=0.41407),
    }
)
"""By the name in a model's record. Configs of Stable Diffusion 1.x and 2.x are alike, so a person must say which."""


def family_of(config: Mapping[str, Any]) -> str | None:
    """Return the family that an autoencoder's config in diffusers identifies, None where it identifies none."""
    known = {name: family for name, family in FAMILIES.items() if family.autoencoder == config.get("_class_name")}
    alone = [name for name, family in known.items() if family.autoencoder != PLAIN and family.scaling is None]
    if alone:
        return alone[0]
    try:
        latents = int(config.get("latent_channels", 4)), float(config.get("scaling_factor", 0.18215))
    except (TypeError, ValueError):
        return None
    return next((name for name, family in known.items() if (family.channels, family.scaling) == latents), None)
