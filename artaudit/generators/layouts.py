"""Configs of diffusers and transformers, derived from the shapes in a checkpoint of the latent-diffusion layout.

https://github.com/CompVis/latent-diffusion; https://github.com/mlfoundations/open_clip
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from artaudit.errors import ModelError

Shapes = Mapping[str, tuple[int, ...]]

UNET = "model.diffusion_model."
CLIP, CLIP_XL = "cond_stage_model.transformer.text_model.", "conditioner.embedders.0.transformer.text_model."
OPEN_CLIP, OPEN_CLIP_XL = "cond_stage_model.model.", "conditioner.embedders.1.model."
HEAD = 64
"""Channels of an attention head wherever the number of heads is not fixed."""


def vae_config(shapes: Shapes, prefix: str, scale: float, shift: float) -> dict[str, Any]:
    """Return the config of an AutoencoderKL; raises ModelError for another layout."""
    levels = count(shapes, rf"{re.escape(prefix)}encoder\.down\.(\d+)\.")
    widths = [size(shapes, f"{prefix}encoder.down.{level}.block.0.conv1.weight", 0) for level in range(levels)]
    return {
        "_class_name": "AutoencoderKL",
        "block_out_channels": widths,
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        "layers_per_block": count(shapes, rf"{re.escape(prefix)}encoder\.down\.0\.block\.(\d+)\."),
        "latent_channels": size(shapes, f"{prefix}decoder.conv_in.weight", 1),
        "use_quant_conv": f"{prefix}quant_conv.weight" in shapes,
        "use_post_quant_conv": f"{prefix}post_quant_conv.weight" in shapes,
        "scaling_factor": scale,
        "shift_factor": shift,
    }


def unet_config(shapes: Shapes, *, large: bool) -> dict[str, Any]:
    """Return the config of Stable Diffusion 1.x's UNet, or with `large` of XL's; raises ModelError."""
    levels = _levels(shapes)
    widths, depths = [width for width, _ in levels], [depth for _, depth in levels]
    config = {
        "_class_name": "UNet2DConditionModel",
        "in_channels": size(shapes, f"{UNET}input_blocks.0.0.weight", 1),
        "block_out_channels": widths,
        "layers_per_block": 2,
        "down_block_types": [_block("Down", depth) for depth in depths],
        "up_block_types": [_block("Up", depth) for depth in reversed(depths)],
        "transformer_layers_per_block": [max(1, depth) for depth in depths],
        "cross_attention_dim": _text_width(shapes),
        "attention_head_dim": [width // HEAD for width in widths] if large else 8,
        "use_linear_projection": large,
    }
    if not large:
        return config
    joined, pooled = size(shapes, f"{UNET}label_emb.0.0.weight", 1), size(shapes, f"{OPEN_CLIP_XL}text_projection", 1)
    added = {"addition_embed_type": "text_time", "addition_time_embed_dim": (joined - pooled) // 6}
    return config | added | {"projection_class_embeddings_input_dim": joined}


def clip_config(shapes: Shapes, prefix: str) -> dict[str, Any]:
    """Return the config of OpenAI's CLIP text encoder; raises ModelError."""
    vocabulary, width = (size(shapes, f"{prefix}embeddings.token_embedding.weight", axis) for axis in (0, 1))
    rest = {
        "max_position_embeddings": size(shapes, f"{prefix}embeddings.position_embedding.weight", 0),
        "num_hidden_layers": count(shapes, rf"{re.escape(prefix)}encoder\.layers\.(\d+)\."),
        "intermediate_size": size(shapes, f"{prefix}encoder.layers.0.mlp.fc1.weight", 0),
    }
    return _text(vocabulary, width) | rest | {"architectures": ["CLIPTextModel"], "hidden_act": "quick_gelu"}


def open_clip_config(shapes: Shapes, prefix: str) -> dict[str, Any]:
    """Return the config of an OpenCLIP text encoder; raises ModelError."""
    vocabulary, width = (size(shapes, f"{prefix}token_embedding.weight", axis) for axis in (0, 1))
    rest = {
        "max_position_embeddings": size(shapes, f"{prefix}positional_embedding", 0),
        "num_hidden_layers": count(shapes, rf"{re.escape(prefix)}transformer\.resblocks\.(\d+)\."),
        "intermediate_size": size(shapes, f"{prefix}transformer.resblocks.0.mlp.c_fc.weight", 0),
        "projection_dim": size(shapes, f"{prefix}text_projection", 1),
    }
    return _text(vocabulary, width) | rest | {"architectures": ["CLIPTextModelWithProjection"], "hidden_act": "gelu"}


def size(shapes: Shapes, key: str, axis: int) -> int:
    """Return the size of a tensor along an axis; raises ModelError where there is none."""
    shape = shapes.get(key, ())
    if axis >= len(shape):
        raise ModelError(f"The checkpoint has another layout ({key} is lacking): give a whole diffusers folder.")
    return shape[axis]


def count(shapes: Shapes, pattern: str) -> int:
    """Return how many different values the first group of a pattern has in the names of the tensors."""
    return len({match[1] for key in shapes if (match := re.match(pattern, key))})


def _levels(shapes: Shapes) -> list[tuple[int, int]]:
    """Return the width of each level of the UNet and how many transformer layers follow its blocks."""
    blocks, levels, fresh = count(shapes, rf"{re.escape(UNET)}input_blocks\.(\d+)\."), [], True
    for number in range(1, blocks):
        block = f"{UNET}input_blocks.{number}."
        if f"{block}0.op.weight" in shapes:
            fresh = True
        elif fresh:
            depth = count(shapes, rf"{re.escape(block)}1\.transformer_blocks\.(\d+)\.")
            levels.append((size(shapes, f"{block}0.out_layers.3.weight", 0), depth))
            fresh = False
    return levels


def _text_width(shapes: Shapes) -> int:
    widths = [shape[-1] for key, shape in shapes.items() if key.startswith(UNET) and key.endswith("attn2.to_k.weight")]
    if not widths:
        raise ModelError("The checkpoint has another layout (no attention to words): give a whole diffusers folder.")
    return widths[0]


def _block(way: str, depth: int) -> str:
    return f"CrossAttn{way}Block2D" if depth else f"{way}Block2D"


def _text(vocabulary: int, width: int) -> dict[str, Any]:
    """Return what both text encoders share; with `eos_token_id` 2 a prompt ends at its highest token id."""
    tokens = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    heads = {"num_attention_heads": max(1, width // HEAD), "model_type": "clip_text_model"}
    return {"vocab_size": vocabulary, "hidden_size": width} | heads | tokens
