"""Tiny random models of the real classes, written to disk as diffusers and transformers write them."""

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
import transformers

LETTERS = "abcdefghijklmnopqrstuvwxyz"
UNET = {
    "sample_size": 8,
    "layers_per_block": 1,
    "block_out_channels": (32, 64),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "norm_num_groups": 8,
    "attention_head_dim": 8,
}
VAE = {
    "block_out_channels": (16, 32),
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
    "norm_num_groups": 8,
    "sample_size": 32,
}
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def clip_tokenizer(folder: Path) -> transformers.CLIPTokenizer:
    folder.mkdir(parents=True)
    words = [*LETTERS, *(f"{letter}</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    settings = {"model_max_length": 16, "tokenizer_class": "CLIPTokenizer", "pad_token": "<|endoftext|>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return transformers.CLIPTokenizer.from_pretrained(str(folder))


def clip(width: int, *, projected: bool) -> transformers.PreTrainedModel:
    config = transformers.CLIPTextConfig(
        vocab_size=54,
        hidden_size=width,
        intermediate_size=40,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=16,
        projection_dim=width,
        bos_token_id=52,
        eos_token_id=53,
        pad_token_id=53,
    )
    return (transformers.CLIPTextModelWithProjection if projected else transformers.CLIPTextModel)(config)


def t5(folder: Path, width: int) -> tuple[transformers.PreTrainedModel, transformers.T5Tokenizer]:
    words = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -2.0), *((letter, -3.0) for letter in LETTERS)]
    tokenizer = transformers.T5Tokenizer(vocab=words, extra_ids=0)
    tokenizer.save_pretrained(folder)
    config = transformers.T5Config(
        vocab_size=len(words), d_model=width, d_kv=8, d_ff=40, num_layers=2, num_heads=4, feed_forward_proj="gated-gelu"
    )
    return transformers.T5EncoderModel(config), tokenizer


def stable(folder: Path, prediction: str = "epsilon") -> Any:
    return diffusers.StableDiffusionPipeline(
        vae=diffusers.AutoencoderKL(**VAE),
        unet=diffusers.UNet2DConditionModel(**UNET, cross_attention_dim=32),
        text_encoder=clip(32, projected=False),
        tokenizer=clip_tokenizer(folder / "clip"),
        scheduler=diffusers.DDIMScheduler(
            **BETAS, clip_sample=False, set_alpha_to_one=False, steps_offset=1, prediction_type=prediction
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def stable_xl(folder: Path) -> Any:
    return diffusers.StableDiffusionXLPipeline(
        vae=diffusers.AutoencoderKL(**VAE, scaling_factor=0.13025),
        unet=diffusers.UNet2DConditionModel(
            **UNET,
            cross_attention_dim=32 + 48,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=48 + 6 * 8,
            use_linear_projection=True,
        ),
        text_encoder=clip(32, projected=False),
        text_encoder_2=clip(48, projected=True),
        tokenizer=clip_tokenizer(folder / "clip"),
        tokenizer_2=clip_tokenizer(folder / "clip-2"),
        scheduler=diffusers.DDIMScheduler(**BETAS, clip_sample=False, set_alpha_to_one=False, steps_offset=1),
        add_watermarker=False,
    )


def stable_3(folder: Path) -> Any:
    encoder, tokenizer = t5(folder / "t5", 96)
    return diffusers.StableDiffusion3Pipeline(
        vae=diffusers.AutoencoderKL(
            **VAE, latent_channels=16, scaling_factor=1.5305, shift_factor=0.0609, use_quant_conv=False
        ),
        transformer=diffusers.SD3Transformer2DModel(
            sample_size=16,
            in_channels=16,
            out_channels=16,
            num_layers=1,
            attention_head_dim=8,
            num_attention_heads=4,
            joint_attention_dim=96,
            caption_projection_dim=32,
            pooled_projection_dim=80,
            pos_embed_max_size=32,
        ),
        text_encoder=clip(32, projected=True),
        text_encoder_2=clip(48, projected=True),
        text_encoder_3=encoder,
        tokenizer=clip_tokenizer(folder / "clip"),
        tokenizer_2=clip_tokenizer(folder / "clip-2"),
        tokenizer_3=tokenizer,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0),
    )


def flux(folder: Path, *, distilled: bool = True) -> Any:
    encoder, tokenizer = t5(folder / "t5", 32)
    return diffusers.FluxPipeline(
        vae=diffusers.AutoencoderKL(
            **VAE, latent_channels=4, scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False
        ),
        transformer=diffusers.FluxTransformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            pooled_projection_dim=32,
            axes_dims_rope=(4, 4, 8),
            guidance_embeds=distilled,
        ),
        text_encoder=clip(32, projected=False),
        text_encoder_2=encoder,
        tokenizer=clip_tokenizer(folder / "clip"),
        tokenizer_2=tokenizer,
        scheduler=diffusers.FlowMatchEulerDiscreteScheduler(
            shift=3.0 if distilled else 1.0, use_dynamic_shifting=distilled
        ),
    )


MAKERS: dict[str, Callable[[Path], Any]] = {
    "stable-diffusion": stable,
    "velocity": lambda folder: stable(folder, "v_prediction"),
    "stable-diffusion-xl": stable_xl,
    "stable-diffusion-3": stable_3,
    "flux": flux,
    "schnell": lambda folder: flux(folder, distilled=False),
}


@pytest.fixture(autouse=True)
def unreachable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail every test of this folder that reaches for the network, even if a library hides the error."""
    reached: list[object] = []

    def refuse(*address: object, **_: object) -> None:
        reached.append(address)
        raise OSError("the network is not there")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert not reached


@pytest.fixture(scope="session")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Any]]:
    """Return a function that gives a tiny pipeline's folder and the pipeline itself, made once."""
    cache: dict[str, tuple[Path, Any]] = {}

    def give(name: str) -> tuple[Path, Any]:
        if name not in cache:
            torch.manual_seed(0)
            folder = tmp_path_factory.mktemp(name)
            pipeline = MAKERS[name](folder)
            pipeline.set_progress_bar_config(disable=True)
            for part in pipeline.components.values():
                if isinstance(part, torch.nn.Module):
                    part.eval()
            pipeline.save_pretrained(folder / "saved")
            cache[name] = folder / "saved", pipeline
        return cache[name]

    return give
