"""Our own small latent diffusion model: a UNet over an embedded autoencoder's latents, told words from a table.

Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion Models", https://arxiv.org/abs/2112.10752
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

LENGTH = 8
"""Words of a prompt that are heard; the rest of the sequence is the empty word."""


class WordTable(nn.Module):
    """A learned vector for each known word, and one for the empty word, which has the id 0 and pads a prompt."""

    def __init__(self, words: Sequence[str], width: int, length: int = LENGTH) -> None:
        """Make an untrained table; the first of `words` (lower case, without the empty one) has the id 1."""
        super().__init__()
        self.words, self.length = tuple(words), length
        self._known = {word: number for number, word in enumerate(self.words, start=1)}
        self.weight = nn.Parameter(torch.randn(len(self.words) + 1, width))

    def ids(self, prompt: str) -> Int[Tensor, " length"]:
        """Return the ids of the known words of a prompt in their order, cut or padded to the table's length."""
        found = [self._known[word] for word in re.findall(r"[a-z0-9'-]+", prompt.lower()) if word in self._known]
        heard = found[: self.length]
        return torch.tensor(heard + [0] * (self.length - len(heard)), dtype=torch.int64)

    def forward(self, ids: Int[Tensor, "batch length"]) -> Float[Tensor, "batch length width"]:
        """Return the vectors of the words."""
        return self.weight[ids]


def build_denoiser(config: Mapping[str, Any]) -> nn.Module:
    """Return the untrained UNet2DConditionModel of a model's whole config: its entry "denoiser" are the settings."""
    from diffusers import UNet2DConditionModel  # noqa: PLC0415 - heavy

    network: nn.Module = UNet2DConditionModel(**config["denoiser"])
    return network
