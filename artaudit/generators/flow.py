"""Stable Diffusion 3 and FLUX.1: transformers trained on straight paths, from a pipeline folder of diffusers.

Esser et al., "Scaling Rectified Flow Transformers", https://arxiv.org/abs/2403.03206; Black Forest Labs, "FLUX",
https://github.com/black-forest-labs/flux
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from torch import Tensor, nn

from artaudit.generators.autoencoders import DiffusersAutoencoder
from artaudit.generators.configs import read_config
from artaudit.generators.diffusion import GUIDANCE, LatentDiffusion, condition_entry
from artaudit.generators.folders import like, network
from artaudit.generators.prompts import T5, Clip
from artaudit.generators.schedules import Flow
from artaudit.protocols import Condition
from artaudit.tensors import pad_to_multiple

PATCH = 2
"""Side of the patches of latents that are one token for the transformers."""

SD3_TOKENS, FLUX_TOKENS = 256, 512
"""Length of a prompt for T5, in tokens."""


def stable_diffusion_3(folder: Path, *, name: str, family: str, digest: str) -> LatentDiffusion:
    """Open Stable Diffusion 3 or 3.5, with T5 where the folder has it; raises ModelError."""
    from diffusers import SD3Transformer2DModel  # noqa: PLC0415 - heavy

    first = Clip(folder / "text_encoder", folder / "tokenizer", projected=True)
    second = Clip(folder / "text_encoder_2", folder / "tokenizer_2", projected=True)
    third = None
    if (folder / "text_encoder_3").is_dir():
        third = T5(folder / "text_encoder_3", folder / "tokenizer_3", length=SD3_TOKENS)
    transformer = network(SD3Transformer2DModel, folder / "transformer", half=True)
    width = int(read_config(folder / "transformer" / "config.json").get("joint_attention_dim", 4096))

    def encode_prompt(prompt: str) -> Condition:
        short_words = torch.cat([first.last_but_one(prompt), second.last_but_one(prompt)], dim=-1)
        long_words = short_words.new_zeros(1, SD3_TOKENS, width) if third is None else third.last(prompt)
        padded = F.pad(short_words, (0, width - short_words.shape[-1]))
        pooled = torch.cat([first.pooled(prompt), second.pooled(prompt)], dim=-1)
        return Condition({"words": torch.cat([padded, long_words], dim=-2), "pooled": pooled})

    def ask(denoiser: nn.Module, noisy: Tensor, times: Tensor, condition: Condition) -> Tensor:
        rows, columns = noisy.shape[-2:]
        words, pooled = (condition_entry(condition, key, noisy, denoiser) for key in ("words", "pooled"))
        patched = like(pad_to_multiple(noisy, PATCH), denoiser)
        rest = {"timestep": times.to(patched.device), "encoder_hidden_states": words, "pooled_projections": pooled}
        return denoiser(patched, **rest).sample[..., :rows, :columns].to(noisy)

    autoencoder = DiffusersAutoencoder(folder / "vae", name=name, family=family, digest=digest)
    schedule = Flow(read_config(folder / "scheduler" / "scheduler_config.json"), even=False)
    return LatentDiffusion(name, family, digest, autoencoder, schedule, transformer, encode_prompt, ask)


def flux(folder: Path, *, name: str, family: str, digest: str) -> LatentDiffusion:
    """Open FLUX.1; guidance is an input of models distilled for it (dev) and has no effect on others (schnell)."""
    from diffusers import FluxTransformer2DModel  # noqa: PLC0415 - heavy

    clip = Clip(folder / "text_encoder", folder / "tokenizer", projected=False)
    t5 = T5(folder / "text_encoder_2", folder / "tokenizer_2", length=FLUX_TOKENS)
    transformer = network(FluxTransformer2DModel, folder / "transformer", half=True)
    distilled = bool(read_config(folder / "transformer" / "config.json").get("guidance_embeds"))

    def encode_prompt(prompt: str) -> Condition:
        return Condition({"words": t5.last(prompt), "pooled": clip.pooled(prompt), GUIDANCE: torch.ones(1)})

    def ask(denoiser: nn.Module, noisy: Tensor, times: Tensor, condition: Condition) -> Tensor:
        words, pooled = (condition_entry(condition, key, noisy, denoiser) for key in ("words", "pooled"))
        patches = F.pixel_unshuffle(like(pad_to_multiple(noisy, PATCH), denoiser), PATCH)
        rows, columns = patches.shape[-2:]
        rest = {
            "timestep": times.to(patches) / 1000,
            "guidance": condition_entry(condition, GUIDANCE, noisy, denoiser) if distilled else None,
            "encoder_hidden_states": words,
            "pooled_projections": pooled,
            "txt_ids": patches.new_zeros(words.shape[1], 3),
            "img_ids": _places(rows, columns).to(patches),
        }
        answer = denoiser(patches.flatten(2).transpose(1, 2), **rest).sample
        whole = F.pixel_shuffle(answer.transpose(1, 2).unflatten(2, (rows, columns)), PATCH)
        return whole[..., : noisy.shape[-2], : noisy.shape[-1]].to(noisy)

    autoencoder = DiffusersAutoencoder(folder / "vae", name=name, family=family, digest=digest)
    schedule = Flow(read_config(folder / "scheduler" / "scheduler_config.json"), even=True)
    return LatentDiffusion(name, family, digest, autoencoder, schedule, transformer, encode_prompt, ask)


def _places(rows: int, columns: int) -> Tensor:
    """Return the row and column of every patch, after a zero."""
    across = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    return torch.stack([torch.zeros(rows, columns), *across], dim=-1).reshape(-1, 3)
