"""VAElight, a small encoder and decoder with Stable Diffusion 1.x's latents.

Graphnull, "VAElight", https://github.com/Graphnull/VAElight
"""

from __future__ import annotations

from pathlib import Path

import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor, nn

from artaudit.generators.families import SD_1
from artaudit.generators.state_dicts import fill, read_state, short
from artaudit.tensors import pad_to_multiple

SCALE = 0.18215
"""Factor that brings Stable Diffusion 1.x's latents to about unit variance."""

SLOPE = 0.01


class LightEncoder(nn.Module):
    """Two branches from [-1, 1] pixels to four unscaled latents, added."""

    def __init__(self) -> None:
        """Make an untrained encoder."""
        super().__init__()
        self.cv1, self.cv2 = _halve(3, 16), _conv(16, 32)
        self.cv3, self.cv4 = _halve(32, 32), _conv(32, 64)
        self.cv5, self.cv6 = _halve(64, 64), _conv(64, 4)
        self.cv14, self.cv15, self.cv16 = _conv(3, 64), _conv(64, 64), _conv(64, 64)
        self.cv17, self.cv18 = _conv(64, 128), _conv(128, 4)

    def forward(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 4 rows columns"]:
        """Return unscaled latents for pixels in [-1, 1]."""
        fine = _chain(pixels, self.cv1, self.cv2, self.cv3, self.cv4, self.cv5, self.cv6)
        coarse = _chain(F.avg_pool2d(pixels, 8), self.cv14, self.cv15, self.cv16, self.cv17, self.cv18)
        return fine + coarse


class LightDecoder(nn.Module):
    """Four maps of growing size from four unscaled latents, brought to the picture's size and added."""

    def __init__(self) -> None:
        """Make an untrained decoder."""
        super().__init__()
        self.cv1, self.cv2, self.cv3 = _conv(4, 8), _conv(8, 16), _double(16, 16)
        self.cv4, self.cv5, self.cv6 = _conv(16, 32), _conv(32, 64), _double(64, 64)
        self.cv7, self.cv8, self.cv9 = _conv(64, 64), _conv(64, 64), _double(64, 64)
        self.cv10, self.cv11 = _conv(64, 64), _conv(64, 3)
        self.c2v1, self.c2v2, self.c2v3, self.c2v4 = _conv(4, 8), _conv(8, 16), _conv(16, 32), _conv(32, 3)
        self.c3v1, self.c3v2, self.c3v3 = _conv(4, 8), _conv(8, 16), _double(16, 16)
        self.c3v4, self.c3v5 = _conv(16, 32), _conv(32, 3)
        self.c4v1, self.c4v2, self.c4v3 = _conv(4, 8), _conv(8, 16), _double(16, 16)
        self.c4v4, self.c4v5, self.c4v6 = _conv(16, 32), _conv(32, 64), _double(64, 64)
        self.c4v7, self.c4v8 = _conv(64, 64), _conv(64, 3)

    def forward(self, latents: Float[Tensor, "batch 4 rows columns"]) -> Float[Tensor, "batch 3 height width"]:
        """Return pixels in about [-1, 1], 8 times as high and wide."""
        trunk = (self.cv1, self.cv2, self.cv3, self.cv4, self.cv5, self.cv6, self.cv7, self.cv8, self.cv9)
        whole = _chain(latents, *trunk, self.cv10, self.cv11)
        maps = (
            _chain(latents, self.c2v1, self.c2v2, self.c2v3, self.c2v4),
            _chain(latents, self.c3v1, self.c3v2, self.c3v3, self.c3v4, self.c3v5),
            _chain(latents, self.c4v1, self.c4v2, self.c4v3, self.c4v4, self.c4v5, self.c4v6, self.c4v7, self.c4v8),
        )
        size = whole.shape[-2:]
        return sum((F.interpolate(part, size, mode="bilinear") for part in maps), whole)


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def _halve(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 2, stride=2)


def _double(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(inputs, outputs, 2, stride=2)


def _chain(features: Tensor, *layers: nn.Module) -> Tensor:
    """Apply the layers with LeakyReLU between them, none after the last."""
    for layer in layers[:-1]:
        features = F.leaky_relu(layer(features), SLOPE)
    last: Tensor = layers[-1](features)
    return last


class VaeLight:
    """The 8x autoencoder: [0, 1] pixels, four latents at Stable Diffusion's scale."""

    factor = 8
    channels = 4

    def __init__(self, encoder: Path, decoder: Path, *, name: str = "vaelight", family: str = SD_1) -> None:
        """Read both safetensors files; the digest is the encoder's.

        Raises ModelError where a file is missing, broken or of another layout.
        """
        state, self.digest = read_state(encoder)
        self._encoder = fill(LightEncoder(), state, encoder)
        state, _ = read_state(decoder)
        self._decoder = fill(LightDecoder(), state, decoder)
        self.name, self.family = f"{name}@{short(self.digest)}", family

    def encode(self, pixels: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 4 rows columns"]:
        """Return scaled latents of pixels in [0, 1], padded by replication to multiples of 8."""
        latents: Tensor = self._encoder(pad_to_multiple(pixels, self.factor) * 2 - 1)
        return latents * SCALE

    def decode(self, latents: Float[Tensor, "batch 4 rows columns"]) -> Float[Tensor, "batch 3 height width"]:
        """Return pixels in [0, 1], 8 times as high and wide as the latents."""
        pixels: Tensor = self._decoder(latents / SCALE)
        return (pixels / 2 + 0.5).clamp(0, 1)
