"""Tensors of diffusers models renamed to the layout of latent-diffusion: the inverse of what is tested."""

import re
from types import SimpleNamespace

import pytest
import torch

RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
ENDS = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
OPEN_CLIP = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def vae_tensors(vae):
    levels, tensors = len(vae.config.block_out_channels), {}
    for key, value in vae.state_dict().items():
        name = key.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")
        name = re.sub(r"down_blocks\.(\d)\.resnets\.", r"down.\1.block.", name)
        name = re.sub(r"down_blocks\.(\d)\.downsamplers\.0\.", r"down.\1.downsample.", name)
        name = re.sub(r"up_blocks\.(\d)\.resnets\.", lambda m: f"up.{levels - 1 - int(m[1])}.block.", name)
        name = re.sub(r"up_blocks\.(\d)\.upsamplers\.0\.", lambda m: f"up.{levels - 1 - int(m[1])}.upsample.", name)
        name = re.sub(r"mid_block\.resnets\.(\d)\.", lambda m: f"mid.block_{int(m[1]) + 1}.", name)
        if "attentions" in name:
            head, _, tail = name.partition("mid_block.attentions.0.")
            part, _, leaf = tail.rpartition(".")
            name = f"{head}mid.attn_1.{ATTENTION[part]}.{leaf}"
        tensors[name] = value[..., None, None] if "attn_1" in name and value.ndim == 2 else value
    return tensors


def unet_tensors(unet):
    tensors = {}
    for key, value in unet.state_dict().items():
        part, _, leaf = key.rpartition(".")
        if part in ENDS:
            tensors[f"{ENDS[part]}.{leaf}"] = value
            continue
        match = re.fullmatch(r"(down|up)_blocks\.(\d)\.(resnets|attentions|downsamplers|upsamplers)\.(\d)\.(.*)", part)
        if match:
            way, block, what, number, inner = match[1], int(match[2]), match[3], int(match[4]), match[5]
            place = 3 * block + number + (way == "down")
            attends = hasattr((unet.down_blocks if way == "down" else unet.up_blocks)[block], "attentions")
            name = {
                "resnets": f"{place}.0.{RESNET.get(inner)}",
                "attentions": f"{place}.1.{inner}",
                "downsamplers": f"{3 * block + 3}.0.op",
                "upsamplers": f"{3 * block + 2}.{1 + attends}.conv",
            }[what]
            tensors[f"{'input' if way == 'down' else 'output'}_blocks.{name}.{leaf}"] = value
            continue
        _, what, number, inner = re.fullmatch(r"(mid_block)\.(resnets|attentions)\.(\d)\.(.*)", part).groups()
        name = f"{2 * int(number)}.{RESNET.get(inner)}" if what == "resnets" else f"1.{inner}"
        tensors[f"middle_block.{name}.{leaf}"] = value
    return tensors


def clip_tensors(clip):
    return {key.removeprefix("text_model."): value for key, value in clip.state_dict().items()}


def open_clip_tensors(clip):
    plain = clip_tensors(clip)
    tensors = {
        "token_embedding.weight": plain["embeddings.token_embedding.weight"],
        "positional_embedding": plain["embeddings.position_embedding.weight"],
        "text_projection": plain["text_projection.weight"].T.contiguous(),
        "ln_final.weight": plain["final_layer_norm.weight"],
        "ln_final.bias": plain["final_layer_norm.bias"],
    }
    for layer in range(clip.config.num_hidden_layers):
        old, new = f"encoder.layers.{layer}.", f"transformer.resblocks.{layer}."
        for leaf in ("weight", "bias"):
            joined = [plain[f"{old}self_attn.{letter}_proj.{leaf}"] for letter in "qkv"]
            tensors[f"{new}attn.in_proj_{leaf}"] = torch.cat(joined)
            for ours, theirs in OPEN_CLIP.items():
                tensors[f"{new}{theirs}.{leaf}"] = plain[f"{old}{ours}.{leaf}"]
    return tensors


def whole(pipeline):
    tensors = {f"first_stage_model.{key}": value for key, value in vae_tensors(pipeline.vae).items()}
    tensors |= {f"model.diffusion_model.{key}": value for key, value in unet_tensors(pipeline.unet).items()}
    if hasattr(pipeline, "text_encoder_2"):
        first, second = "conditioner.embedders.0.transformer.text_model.", "conditioner.embedders.1.model."
        tensors |= {f"{second}{key}": value for key, value in open_clip_tensors(pipeline.text_encoder_2).items()}
    else:
        first = "cond_stage_model.transformer.text_model."
    tensors |= {f"{first}{key}": value for key, value in clip_tensors(pipeline.text_encoder).items()}
    return {key: value.contiguous() for key, value in tensors.items()}


@pytest.fixture
def layout():
    """Return functions from a network, or a whole pipeline, to a checkpoint's tensors."""
    return SimpleNamespace(vae=vae_tensors, unet=unet_tensors, whole=whole)
