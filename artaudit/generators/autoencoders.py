"""Autoencoders of diffusers, from a component's folder, in the space that their denoisers work in.

Rombach et al., https://arxiv.org/abs/2112.10752 (AutoencoderKL, VQModel); Chen et al., "Deep Compression
Autoencoder", https://arxiv.org/abs/2410.10733 (AutoencoderDC)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.errors import ModelError
from artaudit.generators.folders import as_model_errors, class_of, like, network
from artaudit.tensors import pad_to_multiple

_OUTPUTS: MappingProxyType[str, Callable[[Any], Tensor]] = MappingProxyType(
    {
        "AutoencoderKL": lambda answer: answer.latent_dist.mean,
        "AutoencoderKLFlux2": lambda answer: answer.latent_dist.mean,
        "AutoencoderTiny": lambda answer: answer.latents,
        "AutoencoderDC": lambda answer: answer.latent,
        "VQModel": lambda answer: answer.latents,
    }
)
"""Where each class keeps its latents: the posterior's mean, the code before it is quantised."""

CLASSES = tuple(_OUTPUTS)

PATCH = 2
"""Side of the patches of latents that are one position for FLUX.2's denoiser."""


@dataclass(frozen=True)
class Scaled:
    """`(latents - shift) * scale`, channel by channel where the numbers are."""

    shift: Tensor
    scale: Tensor

    def to_denoiser(self, latents: Tensor) -> Tensor:
        """Shift, then scale."""
        return (latents - self.shift.to(latents)) * self.scale.to(latents)

    def to_network(self, latents: Tensor) -> Tensor:
        """Unscale, then shift back."""
        return latents / self.scale.to(latents) + self.shift.to(latents)


@dataclass(frozen=True)
class Patched:
    """Patches of 2 x 2 latents as channels, normalised by the statistics of a batch norm."""

    statistics: Scaled

    def to_denoiser(self, latents: Tensor) -> Tensor:
        """Fold, then normalise."""
        return self.statistics.to_denoiser(F.pixel_unshuffle(latents, PATCH))

    def to_network(self, latents: Tensor) -> Tensor:
        """Undo the norm, then unfold."""
        return F.pixel_shuffle(self.statistics.to_network(latents), PATCH)


class DiffusersAutoencoder:
    """Any of these classes: [0, 1] pixels to latents of about unit variance and back."""

    def __init__(self, folder: Path, *, name: str, family: str, digest: str) -> None:
        """Open the component in `folder`: its config.json and safetensors.

        Raises ModelError where the class is not known here or the files are not whole.
        """
        import diffusers  # noqa: PLC0415 - heavy

        kind = class_of(folder, CLASSES)
        self._network: Any = network(getattr(diffusers, kind), folder)
        config, self._latents = self._network.config, _OUTPUTS[kind]
        with as_model_errors(folder, kind):
            self._space = _space(self._network)
            patch = PATCH if isinstance(self._space, Patched) else 1
            self.factor, self.channels = _factor(config) * patch, int(config.latent_channels) * patch**2
        if config.in_channels != 3:  # noqa: PLR2004 - red, green, blue
            raise ModelError(f"{folder} takes pictures of {config.in_channels} channels: only three are served.")
        self.name, self.family, self.digest = name, family, digest

    def encode(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch channels rows columns"]:
        """Return the latents of pixels in [0, 1], padded by replication to multiples of `factor`."""
        padded = like(pad_to_multiple(pixels, self.factor) * 2 - 1, self._network)
        return self._space.to_denoiser(self._latents(self._network.encode(padded))).to(pixels)

    def decode(self, latents: Float[Tensor, "batch channels rows columns"]) -> Float[Tensor, "batch 3 height width"]:
        """Return pixels in [0, 1], `factor` times as high and wide as the latents."""
        own = self._space.to_network(like(latents, self._network)).contiguous()
        pixels: Tensor = self._network.decode(own).sample
        return (pixels / 2 + 0.5).clamp(0, 1).to(latents)


def _space(module: Any) -> Scaled | Patched:  # noqa: ANN401 - a network of diffusers
    config = module.config
    if hasattr(module, "bn"):
        spread = (module.bn.running_var + config.batch_norm_eps).sqrt()
        return Patched(Scaled(module.bn.running_mean.view(1, -1, 1, 1), 1 / spread.view(1, -1, 1, 1)))
    shift, spread = _numbers(config.get("latents_mean")), _numbers(config.get("latents_std"))
    if shift is None or spread is None:
        shift, spread = torch.tensor(float(config.get("shift_factor") or 0.0)), torch.ones(())
    return Scaled(shift, float(config.scaling_factor) / spread)


def _numbers(values: Any) -> Tensor | None:  # noqa: ANN401 - an entry of a config
    return None if values is None else torch.tensor(values).flatten().float().view(1, -1, 1, 1)


def _factor(config: Any) -> int:  # noqa: ANN401 - a config of diffusers
    widths = config.get("encoder_block_out_channels") or config.get("block_out_channels")
    return int(2 ** (len(widths) - 1))
