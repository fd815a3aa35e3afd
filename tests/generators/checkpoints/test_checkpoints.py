"""Checkpoints in one file give the numbers of the model they were written from, or say what is left out."""

import json

import diffusers
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from artaudit.errors import ModelError, UsageError
from artaudit.generators import installing, layouts, opening, pool
from artaudit.protocols import Autoencoder, Generator


def vae(**settings):
    blocks = {"block_out_channels": (32, 64), "down_block_types": ("DownEncoderBlock2D",) * 2}
    return diffusers.AutoencoderKL(**blocks, up_block_types=("UpDecoderBlock2D",) * 2, layers_per_block=2, **settings)


def text(*, projected=False, **settings):
    config = transformers.CLIPTextConfig(
        vocab_size=55,
        intermediate_size=96,
        num_hidden_layers=3,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
        **settings,
    )
    return (transformers.CLIPTextModelWithProjection if projected else transformers.CLIPTextModel)(config).eval()


@pytest.fixture
def tokenizer(tmp_path):
    folder = tmp_path / "words"
    folder.mkdir()
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["!", *letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return folder


def schedule():
    betas = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    return diffusers.DDIMScheduler(**betas, clip_sample=False, set_alpha_to_one=False, steps_offset=1)


def read_tokenizer(folder, pad):
    return transformers.CLIPTokenizer.from_pretrained(str(folder), model_max_length=77, pad_token=pad)


def small(tokenizer):
    torch.manual_seed(1)
    blocks = {
        "block_out_channels": (32, 64),
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    }
    return diffusers.StableDiffusionPipeline(
        vae=vae(),
        unet=diffusers.UNet2DConditionModel(**blocks, cross_attention_dim=64, attention_head_dim=8),
        text_encoder=text(hidden_size=64, num_attention_heads=1, hidden_act="quick_gelu"),
        tokenizer=read_tokenizer(tokenizer, "<|endoftext|>"),
        scheduler=schedule(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def large(tokenizer):
    torch.manual_seed(1)
    blocks = {
        "block_out_channels": (64, 128),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": (1, 2),
        "attention_head_dim": (1, 2),
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 128 + 48,
    }
    return diffusers.StableDiffusionXLPipeline(
        vae=vae(scaling_factor=0.13025),
        unet=diffusers.UNet2DConditionModel(**blocks, cross_attention_dim=64 + 128),
        text_encoder=text(hidden_size=64, num_attention_heads=1, hidden_act="quick_gelu"),
        text_encoder_2=text(
            projected=True, hidden_size=128, num_attention_heads=2, hidden_act="gelu", projection_dim=128
        ),
        tokenizer=read_tokenizer(tokenizer, "<|endoftext|>"),
        tokenizer_2=read_tokenizer(tokenizer, "!"),
        scheduler=schedule(),
        add_watermarker=False,
    )


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def about(name="mine", family=""):
    return pool.Record(name, "", family, "", pool.SURROGATE, pool.models_folder(), ())


@pytest.mark.parametrize(
    ("make", "kind", "family"), [(small, "stable-diffusion", "SD 1.x"), (large, "stable-diffusion-xl", "SDXL")]
)
def test_a_whole_checkpoint_draws_what_its_pipeline_draws(layout, make, kind, family, tokenizer, tmp_path):
    pipeline = make(tokenizer)
    pipeline.set_progress_bar_config(disable=True)
    save_file(layout.whole(pipeline), tmp_path / "whole.safetensors")
    record, note = installing.add(about(), [tmp_path / "whole.safetensors", tokenizer])
    assert (record.kind, record.family, note) == (kind, family, "")
    model = opening.open_model(record)
    assert isinstance(model, Generator)
    chance = torch.Generator().manual_seed(3)
    settings = {"height": 32, "width": 32, "guidance_scale": 5.0, "num_inference_steps": 3}
    with torch.no_grad():
        expected = pipeline("a cat", negative_prompt="", output_type="pt", generator=chance, **settings).images
    drawn = model.generate("a cat", seed=3, size=(32, 32), guidance=5.0, steps=3)
    silent = kind == "stable-diffusion-xl"
    if silent:
        with torch.no_grad():
            chance = torch.Generator().manual_seed(3)
            expected = pipeline("a cat", output_type="pt", generator=chance, **settings).images
    assert torch.allclose(drawn, expected, atol=1e-5)


def test_half_precision_stays_so_on_the_disk(layout, tokenizer, tmp_path):
    save_file(
        {key: value.half() for key, value in layout.whole(small(tokenizer)).items()}, tmp_path / "half.safetensors"
    )
    record, _ = installing.add(about(), [tmp_path / "half.safetensors", tokenizer])
    stored = load_file(record.folder / "unet" / "diffusion_pytorch_model.safetensors")
    assert {value.dtype for value in stored.values()} == {torch.float16}
    assert isinstance(opening.open_model(record), Generator)


def test_velocity_is_told_by_a_mark_in_the_file(layout, tokenizer, tmp_path):
    marks = {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}
    save_file(layout.whole(large(tokenizer)) | marks, tmp_path / "velocity.safetensors")
    model = opening.open_model(installing.add(about(), [tmp_path / "velocity.safetensors", tokenizer])[0])
    assert model.schedule.prediction == "v_prediction"
    latents, noise = torch.ones(1, 4, 4, 4), torch.zeros(1, 4, 4, 4)
    assert model.add_noise(latents, noise, torch.tensor([999])).abs().max() < 1e-6


def test_without_a_tokenizer_the_autoencoder_is_taken(layout, tokenizer, tmp_path):
    pipeline = small(tokenizer)
    save_file(layout.whole(pipeline), tmp_path / "whole.safetensors")
    record, note = installing.add(about(), [tmp_path / "whole.safetensors"])
    assert "name the folder of CLIP's tokenizer too" in note
    check_autoencoder(record, pipeline.vae, 0.18215, 0.0)


@pytest.mark.parametrize("prefix", ["", "first_stage_model.", "vae."])
@pytest.mark.parametrize(
    ("family", "channels", "scale", "shift"),
    [("SD 1.x", 4, 0.18215, 0.0), ("SDXL", 4, 0.13025, 0.0), ("FLUX.1", 16, 0.3611, 0.1159)],
)
def test_bare_autoencoders_are_scaled_as_their_family(layout, prefix, family, channels, scale, shift, tmp_path):
    torch.manual_seed(2)
    autoencoder = vae(latent_channels=channels, use_quant_conv=channels == 4, use_post_quant_conv=channels == 4)
    save_file(
        {prefix + key: value.contiguous() for key, value in layout.vae(autoencoder).items()},
        tmp_path / "vae.safetensors",
    )
    with pytest.raises(UsageError, match=r"look like vae\.safetensors: say --family"):
        installing.add(about(), [tmp_path / "vae.safetensors"])
    record, note = installing.add(about(family=family), [tmp_path / "vae.safetensors"])
    assert note == ""
    check_autoencoder(record, autoencoder, scale, shift)


def check_autoencoder(record, autoencoder, scale, shift):
    assert record.kind == "autoencoder"
    model, pixels = opening.open_model(record), torch.rand(1, 3, 32, 32)
    assert isinstance(model, Autoencoder)
    with torch.no_grad():
        own = autoencoder.encode(pixels * 2 - 1).latent_dist.mean
        assert torch.allclose(model.encode(pixels), (own - shift) * scale, atol=1e-5)
        assert torch.allclose(
            model.decode((own - shift) * scale), (autoencoder.decode(own).sample / 2 + 0.5).clamp(0, 1), atol=1e-5
        )


def test_what_is_no_checkpoint_is_said_and_leaves_nothing(layout, tmp_path, home, tokenizer):
    torch.save({"x": torch.zeros(2)}, tmp_path / "pickle.safetensors")
    (tmp_path / "empty.safetensors").write_bytes(b"")
    save_file({"x": torch.zeros(2)}, tmp_path / "other.safetensors")
    for name, sentence in (
        ("pickle", "pickles are not read"),
        ("empty", "pickles are not read"),
        ("missing", "pickles are not read"),
        ("other", "holds no autoencoder of a known layout"),
    ):
        with pytest.raises(ModelError, match=sentence):
            installing.add(about(), [tmp_path / f"{name}.safetensors"])
    cut = {key: value for key, value in layout.whole(small(tokenizer)).items() if "middle_block" not in key}
    save_file(cut, tmp_path / "cut.safetensors")
    with pytest.raises(ModelError, match="is no whole"):
        installing.add(about(), [tmp_path / "cut.safetensors", tokenizer])
    save_file(layout.whole(small(tokenizer)), tmp_path / "whole.safetensors")
    with pytest.raises(ModelError, match="holds no tokenizer"):
        installing.add(about(), [tmp_path / "whole.safetensors", tmp_path / "models"])
    assert list(home.iterdir()) == []


REAL_SMALL = {
    "block_out_channels": (320, 640, 1280, 1280),
    "down_block_types": (*("CrossAttnDownBlock2D",) * 3, "DownBlock2D"),
    "up_block_types": ("UpBlock2D", *("CrossAttnUpBlock2D",) * 3),
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
}
REAL_LARGE = {
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10),
    "cross_attention_dim": 2048,
    "attention_head_dim": (5, 10, 20),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}


@pytest.mark.parametrize(("settings", "size"), [(REAL_SMALL, 859_520_964), (REAL_LARGE, 2_567_463_684)])
def test_the_published_sizes_are_read_off_their_shapes(layout, settings, size):
    with torch.device("meta"):
        unet = diffusers.UNet2DConditionModel(**settings)
    assert sum(weight.numel() for weight in unet.parameters()) == size
    shapes = {f"{layouts.UNET}{key}": tuple(value.shape) for key, value in layout.unet(unet).items()}
    shapes[f"{layouts.OPEN_CLIP_XL}text_projection"] = (1280, 1280)
    config = layouts.unet_config(shapes, large=settings is REAL_LARGE)
    given = {key: list(value) if isinstance(value, tuple) else value for key, value in settings.items()}
    assert {key: config[key] for key in given} == given
    with torch.device("meta"):
        again = diffusers.UNet2DConditionModel(**{key: value for key, value in config.items() if key != "_class_name"})
    assert {k: v.shape for k, v in again.state_dict().items()} == {k: v.shape for k, v in unet.state_dict().items()}
