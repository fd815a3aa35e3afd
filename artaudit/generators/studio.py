"""Our own compact latent autoencoders, small enough to ship and to train on two processor cores.

Distilled from larger ones by matching latents and input gradients; see the model card beside the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor, nn

from artaudit.generators.state_dicts import convolutions, fill, other_layout, read_state, short
from artaudit.tensors import pad_to_multiple

WIDTHS = (32, 64, 128)
"""Channels at a half, a quarter and an eighth of the picture's resolution."""

DEPTHS = (1, 2, 3)
"""Residual blocks at these resolutions."""

_LAYERS = 16
"""Most layers of an encoder that is opened: a small file must not ask for a deep network."""


class Residual(nn.Module):
    """Two 3x3 convolutions with SiLU before each, added to their input; smooth, so that second derivatives exist."""

    def __init__(self, width: int) -> None:
        """Make an untrained block that starts near the identity."""
        super().__init__()
        self.first, self.second = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        with torch.no_grad():
            self.second.weight.mul_(0.3)

    def forward(self, features: Float[Tensor, "batch width rows columns"]) -> Float[Tensor, "batch width rows columns"]:
        """Return features of the same shape."""
        return features + self.second(F.silu(self.first(F.silu(features))))


class StudioEncoder(nn.Sequential):
    """[0, 1] pixels to `channels` latents, 8 times down."""

    def __init__(self, channels: int, widths: tuple[int, ...] = WIDTHS, depths: tuple[int, ...] = DEPTHS) -> None:
        """Make an untrained encoder."""
        layers: list[nn.Module] = [nn.Conv2d(3, widths[0], 5, stride=2, padding=2)]
        for level, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            if level:
                layers += [nn.SiLU(), nn.Conv2d(widths[level - 1], width, 3, stride=2, padding=1)]
            layers += [Residual(width) for _ in range(depth)]
        super().__init__(*layers, nn.SiLU(), nn.Conv2d(widths[-1], channels, 3, padding=1))


class StudioDecoder(nn.Sequential):
    """`channels` latents to pixels around [0, 1], 8 times up."""

    def __init__(self, channels: int, widths: tuple[int, ...] = WIDTHS, depths: tuple[int, ...] = DEPTHS) -> None:
        """Make an untrained decoder."""
        layers: list[nn.Module] = [nn.Conv2d(channels, widths[-1], 3, padding=1)]
        for level in range(len(widths) - 1, -1, -1):
            layers += [Residual(widths[level]) for _ in range(depths[level])]
            narrower = widths[level - 1] if level else 3
            layers += [nn.SiLU(), nn.Conv2d(widths[level], narrower * 4, 3, padding=1), nn.PixelShuffle(2)]
        super().__init__(*layers)


class StudioHalf:
    """The encoder of one of our own models, without a decoder, read from its shipped file."""

    factor = 8

    def __init__(self, encoder: Path, *, name: str, family: str) -> None:
        """Read the safetensors file `encoder`; the name gets the first 12 digits of its sha256.

        Raises ModelError where the file is missing, broken or of another layout.
        """
        state, self.digest = read_state(encoder)
        self.channels, self._widths, depths = shape_of(state, encoder)
        network = fill(StudioEncoder(self.channels, self._widths, depths), state, encoder)
        self._encoder = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.name, self.family = f"{name}@{short(self.digest)}", family

    def encode(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch channels rows columns"]:
        """Return the latents of pixels in [0, 1], padded by replication to multiples of 8."""
        padded = pad_to_multiple(pixels, self.factor)
        latents: Tensor = self._encoder(padded.contiguous(memory_format=torch.channels_last))
        return latents.contiguous()


class Studio(StudioHalf):
    """One of our own autoencoders, read from its two shipped files."""

    def __init__(self, encoder: Path, decoder: Path, *, name: str, family: str) -> None:
        """Read both safetensors files; the digest is the encoder's.

        Raises ModelError where a file is missing, broken or of another layout.
        """
        super().__init__(encoder, name=name, family=family)
        state, _ = read_state(decoder)
        self._decoder = fill(StudioDecoder(self.channels, self._widths), state, decoder)

    def decode(self, latents: Float[Tensor, "batch channels rows columns"]) -> Float[Tensor, "batch 3 height width"]:
        """Return pixels in [0, 1], 8 times as high and wide as the latents."""
        pixels: Tensor = self._decoder(latents)
        return pixels.clamp(0, 1)


def shape_of(state: Mapping[str, Tensor], origin: Path) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    """Return an encoder's latent channels, and the widths and depths of its levels, from its state dict.

    Raises ModelError where these are not those of a `StudioEncoder`.
    """
    plain = convolutions(state, origin)
    starts = [number for number in range(_LAYERS) if f"{number}.weight" in state]
    blocks = [number for number in range(_LAYERS) if f"{number}.first.weight" in state]
    if len(plain) != len(WIDTHS) + 1 or len(starts) != len(plain):
        raise other_layout(origin)
    depths = tuple(sum(low < number < high for number in blocks) for low, high in pairwise(starts))
    return len(plain[-1]), tuple(map(len, plain[:-1])), depths
