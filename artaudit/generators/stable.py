"""Stable Diffusion 1.x, 2.x and XL: UNets conditioned on CLIP's text encoders, from a pipeline folder of diffusers.

Rombach et al., https://arxiv.org/abs/2112.10752; Podell et al., "SDXL", https://arxiv.org/abs/2307.01952
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from artaudit.errors import ModelError
from artaudit.generators.autoencoders import DiffusersAutoencoder
from artaudit.generators.configs import read_config
from artaudit.generators.diffusion import LatentDiffusion, condition_entry
from artaudit.generators.folders import like, network
from artaudit.generators.prompts import Clip
from artaudit.generators.schedules import Diffusion
from artaudit.protocols import Condition


def stable_diffusion(folder: Path, *, name: str, family: str, digest: str) -> LatentDiffusion:
    """Open Stable Diffusion 1.x or 2.x; raises ModelError for inpainting, depth and other special UNets."""
    clip = Clip(folder / "text_encoder", folder / "tokenizer", projected=False)

    def encode_prompt(prompt: str) -> Condition:
        return Condition({"words": clip.last(prompt)})

    def ask(denoiser: nn.Module, noisy: Tensor, times: Tensor, condition: Condition) -> Tensor:
        words = condition_entry(condition, "words", noisy, denoiser)
        answer = denoiser(like(noisy, denoiser), times.to(words.device), encoder_hidden_states=words)
        return answer.sample.to(noisy)

    autoencoder, denoiser = _parts(folder, name, family, digest, added=None)
    schedule = Diffusion(read_config(folder / "scheduler" / "scheduler_config.json"))
    return LatentDiffusion(name, family, digest, autoencoder, schedule, denoiser, encode_prompt, ask)


def stable_diffusion_xl(folder: Path, *, name: str, family: str, digest: str) -> LatentDiffusion:
    """Open Stable Diffusion XL, with the size condition of an uncropped picture; raises ModelError."""
    small = Clip(folder / "text_encoder", folder / "tokenizer", projected=False)
    large = Clip(folder / "text_encoder_2", folder / "tokenizer_2", projected=True)
    zeroed = bool(read_config(folder / "model_index.json").get("force_zeros_for_empty_prompt", True))
    autoencoder, denoiser = _parts(folder, name, family, digest, added="text_time")

    def encode_prompt(prompt: str) -> Condition:
        words = torch.cat([small.last_but_one(prompt), large.last_but_one(prompt)], dim=-1)
        pooled = large.pooled(prompt)
        factor = 0.0 if zeroed and not prompt else 1.0
        return Condition({"words": words * factor, "pooled": pooled * factor})

    def ask(denoiser: nn.Module, noisy: Tensor, times: Tensor, condition: Condition) -> Tensor:
        words, pooled = (condition_entry(condition, key, noisy, denoiser) for key in ("words", "pooled"))
        height, width = (side * autoencoder.factor for side in noisy.shape[-2:])
        sizes = pooled.new_tensor([[height, width, 0, 0, height, width]]).expand(len(noisy), -1)
        added = {"text_embeds": pooled, "time_ids": sizes}
        answer = denoiser(like(noisy, denoiser), times.to(words.device), words, added_cond_kwargs=added)
        return answer.sample.to(noisy)

    schedule = Diffusion(read_config(folder / "scheduler" / "scheduler_config.json"))
    return LatentDiffusion(name, family, digest, autoencoder, schedule, denoiser, encode_prompt, ask)


def _parts(
    folder: Path, name: str, family: str, digest: str, *, added: str | None
) -> tuple[DiffusersAutoencoder, nn.Module]:
    from diffusers import UNet2DConditionModel  # noqa: PLC0415 - heavy

    autoencoder = DiffusersAutoencoder(folder / "vae", name=name, family=family, digest=digest)
    config = read_config(folder / "unet" / "config.json")
    special = (config.get("addition_embed_type"), config.get("class_embed_type"), config.get("encoder_hid_dim_type"))
    if special != (added, None, None) or config.get("in_channels") != autoencoder.channels:
        raise ModelError(f"{folder / 'unet'} wants more than noisy latents and a prompt: such UNets are not served.")
    return autoencoder, network(UNet2DConditionModel, folder / "unet", half=True)
