"""Tiny distilled autoencoders of the TAESD family, read from their plain state dicts.

madebyollin, "Tiny AutoEncoder for Stable Diffusion", https://github.com/madebyollin/taesd
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor, nn

from artaudit.errors import ModelError
from artaudit.generators.state_dicts import convolutions, fill, read_state, short
from artaudit.tensors import pad_to_multiple

WIDTH = 64
STEM_WIDTH = 32
POOL_WIDTH = 256


class Clamp(nn.Module):
    """Soft limit of latents to about [-3, 3]."""

    def forward(self, latents: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Return `3 tanh(latents / 3)`."""
        return torch.tanh(latents / 3) * 3


class Block(nn.Module):
    """Three 3x3 convolutions and a skip, with the family's wide pointwise branch in front where `pooled`."""

    def __init__(self, *, pooled: bool = False) -> None:
        """Make an untrained block; `pooled` adds `x + pool(x)` before the convolutions."""
        super().__init__()
        self.conv = nn.Sequential(_conv(WIDTH, WIDTH), nn.ReLU(), _conv(WIDTH, WIDTH), nn.ReLU(), _conv(WIDTH, WIDTH))
        self.pool = _pool() if pooled else None

    def forward(self, features: Float[Tensor, "batch 64 rows columns"]) -> Float[Tensor, "batch 64 rows columns"]:
        """Return features of the same shape."""
        if self.pool is not None:
            features = features + self.pool(features)
        return torch.relu(self.conv(features) + features)


def plain_encoder(channels: int, *, pooled: bool) -> nn.Sequential:
    """Make the untrained 8x encoder to `channels` latents."""
    return nn.Sequential(_conv(3, WIDTH), Block(), *_stage(), *_stage(), *_stage(pooled=pooled), _conv(WIDTH, channels))


def deep_encoder(channels: int) -> nn.Sequential:
    """Make the untrained 32x encoder to `channels` latents: a stem of two strided convolutions, then the 8x body."""
    stem = (_conv(3, STEM_WIDTH, stride=2), nn.ReLU(), _conv(STEM_WIDTH, WIDTH, stride=2), nn.ReLU())
    return nn.Sequential(*stem, Block(), *_stage(), *_stage(), *_stage(), _conv(WIDTH, channels))


def plain_decoder(channels: int, *, pooled: bool) -> nn.Sequential:
    """Make the untrained 8x decoder from `channels` latents."""
    lowest = [Block(pooled=pooled) for _ in range(3)]
    middle = [Block() for _ in range(3)]
    high = [Block() for _ in range(3)]
    return nn.Sequential(
        *(Clamp(), _conv(channels, WIDTH), nn.ReLU()),
        *(*lowest, *_grow(), *middle, *_grow(), *high, *_grow()),
        *(Block(), _conv(WIDTH, 3)),
    )


class TaesdEncoder:
    """The encoder half: [0, 1] pixels to latents of about unit scale."""

    def __init__(self, encoder: Path, *, name: str, family: str) -> None:
        """Read the safetensors file `encoder`; the name gets the first 12 digits of its sha256.

        Raises ModelError where the file is missing, broken or of another layout.
        """
        state, self.digest = read_state(encoder)
        deep = "2.bias" in state
        channels = len(convolutions(state, encoder)[-1])
        body = deep_encoder(channels) if deep else plain_encoder(channels, pooled=_pooled(state))
        self._encoder = fill(body, state, encoder)
        self.name, self.family = f"{name}@{short(self.digest)}", family
        self.channels, self.factor = channels, 32 if deep else 8

    def encode(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch channels rows columns"]:
        """Return the latents of pixels in [0, 1], padded by replication to multiples of `factor`."""
        latents: Tensor = self._encoder(pad_to_multiple(pixels, self.factor))
        return latents


class Taesd(TaesdEncoder):
    """An 8x autoencoder of the family, plain or pooled."""

    def __init__(self, encoder: Path, decoder: Path, *, name: str, family: str) -> None:
        """Read both safetensors files; the digest is the encoder's.

        Raises ModelError where a file is missing, broken or of another layout.
        """
        super().__init__(encoder, name=name, family=family)
        state, _ = read_state(decoder)
        if convolutions(state, decoder)[0].shape[1] != self.channels or self.factor != 8:  # noqa: PLR2004
            msg = f"{decoder} does not decode the {self.channels} channels of {encoder}: give both halves of one model."
            raise ModelError(msg)
        self._decoder = fill(plain_decoder(self.channels, pooled=_pooled(state)), state, decoder)

    def decode(self, latents: Float[Tensor, "batch channels rows columns"]) -> Float[Tensor, "batch 3 height width"]:
        """Return pixels in [0, 1], 8 times as high and wide as the latents."""
        pixels: Tensor = self._decoder(latents)
        return pixels.clamp(0, 1)


def _conv(inputs: int, outputs: int, *, stride: int = 1, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=bias)


def _pool() -> nn.Sequential:
    widen, narrow = nn.Conv2d(WIDTH, POOL_WIDTH, 1, bias=False), nn.Conv2d(POOL_WIDTH, WIDTH, 1, bias=False)
    return nn.Sequential(widen, nn.GroupNorm(4, POOL_WIDTH), nn.ReLU(), narrow)


def _stage(*, pooled: bool = False) -> list[nn.Module]:
    return [_conv(WIDTH, WIDTH, stride=2, bias=False), *(Block(pooled=pooled) for _ in range(3))]


def _grow() -> tuple[nn.Module, nn.Module]:
    return nn.Upsample(scale_factor=2), _conv(WIDTH, WIDTH, bias=False)


def _pooled(state: Mapping[str, Tensor]) -> bool:
    return any(".pool." in key for key in state)
