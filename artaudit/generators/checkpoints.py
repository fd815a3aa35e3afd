"""Checkpoints, whole models in one safetensors file, unpacked into a folder of diffusers.

The layout is that of https://github.com/CompVis/latent-diffusion (Rombach et al., https://arxiv.org/abs/2112.10752).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from safetensors import safe_open

from artaudit.errors import ModelError, UsageError
from artaudit.generators.configs import CONFIG, INDEX
from artaudit.generators.diffusers_layout import TOKENIZER_FILES
from artaudit.generators.families import FAMILIES, SD_1, SDXL
from artaudit.generators.folders import as_model_errors, quiet
from artaudit.generators.layouts import (
    CLIP,
    CLIP_XL,
    OPEN_CLIP,
    OPEN_CLIP_XL,
    UNET,
    Shapes,
    clip_config,
    open_clip_config,
    unet_config,
    vae_config,
)

SPACES: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        name: (family.scaling, family.shift)
        for name, family in FAMILIES.items()
        if family.checkpoint and family.scaling is not None
    }
)
"""Scaling factor and shift of the latent spaces whose autoencoders have this layout."""

_VAE = ("first_stage_model.", "vae.", "")
_TOKENS = {"model_max_length": 77, "tokenizer_class": "CLIPTokenizer"} | {
    "bos_token": "<|startoftext|>",
    "eos_token": "<|endoftext|>",
    "unk_token": "<|endoftext|>",
}


def unpacked(checkpoint: Path, tokenizer: Path | None, target: Path, family: str = "") -> str:
    """Write what a checkpoint holds below `target` and return, as a sentence, what is left out.

    Stable Diffusion 1.x and XL become whole pipelines if `tokenizer` is the folder of CLIP's tokenizer, which no
    checkpoint holds; of all others, and without it, the autoencoder is taken. Raises UsageError where the latent
    space of a bare autoencoder cannot be told, ModelError for files of another layout.
    """
    shapes = _shapes(checkpoint)
    small, large = f"{CLIP}final_layer_norm.weight" in shapes, f"{OPEN_CLIP_XL}ln_final.weight" in shapes
    space = family or (SDXL if large else SD_1 if small or f"{OPEN_CLIP}ln_final.weight" in shapes else "")
    autoencoder = _autoencoder(shapes, checkpoint, space)
    if tokenizer is not None and (small or large) and f"{UNET}input_blocks.0.0.weight" in shapes:
        _pipeline(checkpoint, shapes, autoencoder, tokenizer, target, large=large)
        return ""
    _write(target / CONFIG, autoencoder)
    import diffusers  # noqa: PLC0415 - heavy

    _convert(diffusers.AutoencoderKL, checkpoint, target, target)
    if not any(key.startswith(UNET) for key in shapes):
        return ""
    if small or large:
        return "Only the autoencoder is taken: for the denoiser, name the folder of CLIP's tokenizer too."
    return (
        "Only the autoencoder is taken: of this kind of checkpoint the denoiser is served as a diffusers folder alone."
    )


def _pipeline(
    checkpoint: Path, shapes: Shapes, autoencoder: dict[str, Any], tokenizer: Path, target: Path, *, large: bool
) -> None:
    import diffusers  # noqa: PLC0415 - heavy

    kind = diffusers.StableDiffusionXLPipeline if large else diffusers.StableDiffusionPipeline
    _write(target / "vae" / CONFIG, autoencoder)
    _write(target / "unet" / CONFIG, unet_config(shapes, large=large))
    _write(target / "text_encoder" / CONFIG, clip_config(shapes, CLIP_XL if large else CLIP))
    _tokenizer(tokenizer, target / "tokenizer", "<|endoftext|>")
    parts = {"vae": "AutoencoderKL", "unet": "UNet2DConditionModel", "scheduler": "DDIMScheduler"}
    index = {part: ["diffusers", name] for part, name in parts.items()}
    index |= {"text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"]}
    if large:
        _write(target / "text_encoder_2" / CONFIG, open_clip_config(shapes, OPEN_CLIP_XL))
        _tokenizer(tokenizer, target / "tokenizer_2", "!")
        index["text_encoder_2"] = ["transformers", "CLIPTextModelWithProjection"]
        index["tokenizer_2"] = ["transformers", "CLIPTokenizer"]
    betas = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "clip_sample": False}
    velocity = {"prediction_type": "v_prediction" if "v_pred" in shapes else "epsilon"}
    ends = {"set_alpha_to_one": False, "steps_offset": 1, "rescale_betas_zero_snr": "ztsnr" in shapes}
    _write(target / "scheduler" / "scheduler_config.json", {"_class_name": "DDIMScheduler"} | betas | velocity | ends)
    _write(target / INDEX, {"_class_name": kind.__name__} | index)
    _convert(kind, checkpoint, target, target)


def _autoencoder(shapes: Shapes, checkpoint: Path, space: str) -> dict[str, Any]:
    prefixes = [prefix for prefix in _VAE if f"{prefix}encoder.down.0.block.0.conv1.weight" in shapes]
    if not prefixes:
        raise ModelError(f"{checkpoint} holds no autoencoder of a known layout: give a whole diffusers folder.")
    if space not in SPACES:
        raise UsageError(f"Autoencoders of several models look like {checkpoint.name}: say --family, {_spaces()}.")
    return vae_config(shapes, prefixes[0], *SPACES[space])


def _spaces() -> str:
    return " or ".join(f'"{name}"' for name in SPACES)


def _shapes(checkpoint: Path) -> Shapes:
    with as_model_errors(checkpoint, "safetensors file; pickles are not read"), safe_open(checkpoint, "pt") as file:
        return {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118 - no mapping


def _convert(kind: Any, checkpoint: Path, config: Path, target: Path) -> None:  # noqa: ANN401 - a class of diffusers
    """Let diffusers rename the tensors, then write them in the precision they have."""
    with safe_open(checkpoint, "pt") as file:
        dtype = file.get_tensor(next(iter(file.keys()))).dtype
    options = {"torch_dtype": dtype if dtype in (torch.float16, torch.bfloat16) else torch.float32}
    with as_model_errors(checkpoint, kind.__name__), quiet():
        model = kind.from_single_file(str(checkpoint), config=str(config), local_files_only=True, **options)
        model.save_pretrained(target)


def _tokenizer(source: Path, target: Path, pad: str) -> None:
    target.mkdir(parents=True)
    for name in TOKENIZER_FILES:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
    if not any(target.iterdir()):
        raise ModelError(f"{source} holds no tokenizer: name a folder with CLIP's vocab.json and merges.txt.")
    _write(target / "tokenizer_config.json", _TOKENS | {"pad_token": pad})


def _write(path: Path, config: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(config))
