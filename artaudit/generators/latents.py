"""Our own small latent diffusion model: a UNet over an embedded autoencoder's latents, conditioned on a table of words.

Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion Models", https://arxiv.org/abs/2112.10752
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from artaudit.errors import ModelError
from artaudit.generators import pool
from artaudit.generators.configs import CONFIG, read_config
from artaudit.generators.diffusion import LatentDiffusion, condition_entry
from artaudit.generators.folders import as_model_errors, device, like
from artaudit.generators.schedules import Diffusion
from artaudit.generators.state_dicts import fill, read_state
from artaudit.generators.studio import Studio
from artaudit.protocols import Condition

LENGTH = 8
"""Words of a prompt that are used, at most; a shorter one is padded with the empty word."""

WEIGHTS = "denoiser.safetensors"


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
        known = [self._known[word] for word in re.findall(r"[a-z0-9'-]+", prompt.lower()) if word in self._known]
        kept = known[: self.length]
        return torch.tensor(kept + [0] * (self.length - len(kept)), dtype=torch.int64)

    def forward(self, ids: Int[Tensor, "batch length"]) -> Float[Tensor, "batch length width"]:
        """Return the vectors of the words."""
        return self.weight[ids]


def build_denoiser(config: Mapping[str, Any]) -> nn.Module:
    """Return the untrained UNet2DConditionModel of a whole config, whose entry "denoiser" holds its settings."""
    from diffusers import UNet2DConditionModel  # noqa: PLC0415 - heavy

    network: nn.Module = UNet2DConditionModel(**config["denoiser"])
    return network


class ConditionedDenoiser(nn.Module):
    """A denoiser and its words, as one file of weights holds them."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Make an untrained model from a whole config."""
        super().__init__()
        self.denoiser = build_denoiser(config)
        self.words = WordTable(config["words"], config["denoiser"]["cross_attention_dim"])


def latent_diffusion(folder: Path, *, name: str, family: str, digest: str) -> LatentDiffusion:
    """Open the model in `folder`: config.json and denoiser.safetensors.

    Words that it does not know are ignored; its `vocabulary` lists those it knows. Raises ModelError where a file
    is broken, or the autoencoder that the config names is none that comes with artaudit.
    """
    config = read_config(folder / CONFIG)
    state, _ = read_state(folder / WEIGHTS)
    network = _network(config, state, folder).to(device())

    def encode_prompt(prompt: str) -> Condition:
        return Condition({"words": network.words(network.words.ids(prompt)[None].to(device()))})

    def ask(denoiser: nn.Module, noisy: Tensor, times: Tensor, condition: Condition) -> Tensor:
        words = condition_entry(condition, "words", noisy, denoiser)
        answer = denoiser(like(noisy, denoiser), times.to(words.device), encoder_hidden_states=words)
        return answer.sample.to(noisy)

    autoencoder = _autoencoder(str(config.get("autoencoder")), folder)
    return LatentDiffusion(
        name, family, digest, autoencoder, _schedule(config), network.denoiser, encode_prompt, ask, network.words.words
    )


def _network(config: Mapping[str, Any], state: Mapping[str, Tensor], folder: Path) -> ConditionedDenoiser:
    """Build the network on the meta device, so that no config makes it allocate memory, and assign the weights."""
    with as_model_errors(folder / CONFIG, "config of a denoiser"), torch.device("meta"):
        empty = ConditionedDenoiser(config)
    return fill(empty, state, folder / WEIGHTS, assign=True)


def _schedule(config: Mapping[str, Any]) -> Diffusion:
    betas = config.get("betas")
    if not isinstance(betas, Mapping) or not {"start", "end", "steps", "kind"} <= set(betas):
        raise ModelError("The model's config.json names no betas (start, end, steps, kind): install it again.")
    named = {"beta_start": betas["start"], "beta_end": betas["end"], "beta_schedule": betas["kind"]}
    rest = {"_class_name": "DDIMScheduler", "num_train_timesteps": betas["steps"]}
    return Diffusion({**named, **rest, "set_alpha_to_one": False, "steps_offset": 1})


def _autoencoder(name: str, folder: Path) -> Studio:
    records = [record for record in pool.embedded() if record.name == name and record.kind == "studio"]
    if not records:
        raise ModelError(f"{folder / CONFIG} names the autoencoder {name!r}, which does not come with artaudit.")
    records[0].verify()
    encoder, decoder = records[0].paths
    return Studio(encoder, decoder, name=records[0].name, family=records[0].family)
