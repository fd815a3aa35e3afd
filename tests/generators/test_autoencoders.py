"""Autoencoders of diffusers: the numbers of diffusers itself, the right scale and range, and hostile files refused."""

import json
import shutil

import diffusers
import pytest
import torch
from diffusers.pipelines.flux2 import pipeline_flux2

from artaudit.errors import ModelError
from artaudit.generators.autoencoders import DiffusersAutoencoder
from artaudit.protocols import Autoencoder

BLOCKS = {
    "block_out_channels": (16, 32, 32),
    "down_block_types": ("DownEncoderBlock2D",) * 3,
    "up_block_types": ("UpDecoderBlock2D",) * 3,
    "norm_num_groups": 8,
}


def flux2():
    network = diffusers.AutoencoderKLFlux2(**BLOCKS, layers_per_block=1, latent_channels=8)
    network.bn.running_mean.normal_(generator=torch.Generator().manual_seed(4))
    network.bn.running_var.uniform_(0.5, 3, generator=torch.Generator().manual_seed(5))
    return network


def compression():
    blocks = {"encoder_block_out_channels": (8, 16, 16), "decoder_block_out_channels": (8, 16, 16)}
    layers = {"encoder_layers_per_block": (1, 1, 1), "decoder_layers_per_block": (1, 1, 1)}
    types = {"encoder_block_types": "ResBlock", "decoder_block_types": "ResBlock"}
    attention = {"encoder_qkv_multiscales": ((),) * 3, "decoder_qkv_multiscales": ((),) * 3}
    return diffusers.AutoencoderDC(**blocks, **layers, **types, **attention, latent_channels=4, scaling_factor=0.41407)


def movq():
    blocks = BLOCKS | {"block_out_channels": (32, 32, 32), "norm_num_groups": 32}
    rest = {"norm_type": "spatial", "vq_embed_dim": 4, "num_vq_embeddings": 16, "latent_channels": 4}
    return diffusers.VQModel(**blocks, **rest, scaling_factor=0.18215)


CLASSES = {
    "kl": lambda: diffusers.AutoencoderKL(**BLOCKS),
    "kl shifted": lambda: diffusers.AutoencoderKL(**BLOCKS, latent_channels=16, scaling_factor=1.5, shift_factor=0.06),
    "kl with statistics": lambda: diffusers.AutoencoderKL(
        **BLOCKS, scaling_factor=0.5, latents_mean=(-1.6, 0.5, 0.1, 0.2), latents_std=(8.4, 5.9, 3.0, 5.2)
    ),
    "flux2": flux2,
    "tiny": lambda: diffusers.AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8),
        decoder_block_out_channels=(8, 8, 8),
        num_encoder_blocks=(1, 1, 1),
        num_decoder_blocks=(1, 1, 1),
    ),
    "dc": compression,
    "vq": lambda: diffusers.VQModel(**BLOCKS, latent_channels=4, num_vq_embeddings=16, scaling_factor=0.2),
    "movq": movq,
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    cache = {}

    def give(name):
        if name not in cache:
            torch.manual_seed(1)
            network, folder = CLASSES[name]().eval(), tmp_path_factory.mktemp("autoencoder")
            network.save_pretrained(folder)
            cache[name] = folder, network
        return cache[name]

    return give


def opened(folder):
    return DiffusersAutoencoder(folder, name="x", family="y", digest="0" * 64)


def rand(*shape, seed=1):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(params=list(CLASSES))
def model(request, folders):
    return opened(folders(request.param)[0])


def test_any_class_is_an_autoencoder_that_is_frozen(model):
    assert isinstance(model, Autoencoder)
    assert not any(weight.requires_grad for weight in model._network.parameters())
    assert not model._network.training


def test_any_size_is_padded_by_the_last_pixels(model):
    pixels = rand(2, 3, 33, 39)
    padded = torch.nn.functional.pad(pixels, (0, -39 % model.factor, 0, -33 % model.factor), mode="replicate")
    with torch.no_grad():
        latents = model.encode(pixels)
        assert latents.shape == (2, model.channels, -(-33 // model.factor), -(-39 // model.factor))
        assert torch.equal(latents, model.encode(padded))
        redrawn = model.decode(latents)
    assert redrawn.shape == padded.shape
    assert redrawn.min() >= 0
    assert redrawn.max() <= 1


def test_gradients_reach_the_pixels_there_and_back(model):
    pixels = rand(1, 3, 32, 32).requires_grad_()
    latents = model.encode(pixels)
    for found in (latents, model.decode(latents)):
        (slope,) = torch.autograd.grad(found.square().sum(), pixels, retain_graph=True)
        assert torch.isfinite(slope).all()
        assert (slope != 0).float().mean() > 0.5


@pytest.mark.parametrize("name", ["kl", "kl shifted", "kl with statistics"])
def test_the_posteriors_mean_is_shifted_and_scaled(name, folders):
    folder, network = folders(name)
    pixels, config = rand(1, 3, 32, 32), network.config
    mean, spread = (torch.tensor(v).view(1, -1, 1, 1) for v in (config.latents_mean or 0.0, config.latents_std or 1.0))
    with torch.no_grad():
        own = network.encode(pixels * 2 - 1).latent_dist.mean
        scaled = (own - mean - (config.shift_factor or 0)) * config.scaling_factor / spread
        assert torch.allclose(opened(folder).encode(pixels), scaled, atol=1e-5)
        back = (network.decode(own).sample / 2 + 0.5).clamp(0, 1)
        assert torch.allclose(opened(folder).decode(scaled), back, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "entry"), [("tiny", "latents"), ("dc", "latent"), ("vq", "latents"), ("movq", "latents")]
)
def test_plain_codes_are_scaled(name, entry, folders):
    folder, network = folders(name)
    pixels = rand(1, 3, 32, 32)
    with torch.no_grad():
        own = getattr(network.encode(pixels * 2 - 1), entry)
        latents = opened(folder).encode(pixels)
        assert torch.allclose(latents, own * network.config.scaling_factor, atol=1e-5)
        back = (network.decode(own).sample / 2 + 0.5).clamp(0, 1)
        assert torch.allclose(opened(folder).decode(latents), back, atol=1e-5)


def test_codes_are_quantised_on_the_way_back_alone(folders):
    folder, network = folders("vq")
    with torch.no_grad():
        latents = opened(folder).encode(rand(1, 3, 32, 32))
        nearest = network.quantize(latents / network.config.scaling_factor)[0]
        assert not torch.allclose(latents, nearest * network.config.scaling_factor)
        moved = latents + (nearest * network.config.scaling_factor - latents) / 2  # no nearer to another code
        assert torch.allclose(opened(folder).decode(latents), opened(folder).decode(moved), atol=1e-6)
        assert torch.allclose(
            opened(folder).decode(nearest * network.config.scaling_factor), opened(folder).decode(latents), atol=1e-5
        )


def test_patches_are_folded_and_normalised_as_in_the_pipeline_of_flux2(folders):
    folder, network = folders("flux2")
    pixels = rand(1, 3, 48, 32)
    pipeline = object.__new__(pipeline_flux2.Flux2Pipeline)
    pipeline.vae = network
    model = opened(folder)
    with torch.no_grad():
        expected = pipeline._encode_vae_image(pixels * 2 - 1, generator=None)
        assert torch.allclose(model.encode(pixels), expected, atol=1e-5)
        own = network.encode(pixels * 2 - 1).latent_dist.mean
        assert torch.allclose(model.decode(expected), (network.decode(own).sample / 2 + 0.5).clamp(0, 1), atol=1e-5)
    assert (model.factor, model.channels) == (8, 32)


@pytest.fixture
def folder(folders, tmp_path):
    return shutil.copytree(folders("kl")[0], tmp_path / "model")


def set_config(folder, **entries):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | entries))


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        (
            {"_class_name": "AutoencoderOobleck"},
            r"calls it 'AutoencoderOobleck'\): known are AutoencoderKL",
        ),
        ({"_class_name": None}, "its config does not name it"),
        ({"_class_name": ["x"]}, "known are AutoencoderKL"),
        ({"auto_map": {"AutoModel": "evil.py"}}, "asks for code"),
        ({"quantization_config": {"quant_method": "bitsandbytes"}}, "asks for code"),
        ({"block_out_channels": [16, 32, 64]}, "no whole AutoencoderKL"),
        ({"block_out_channels": []}, "no whole AutoencoderKL"),
        ({"down_block_types": ["os.system"] * 3}, "no whole AutoencoderKL"),
        ({"layers_per_block": 9}, "no whole AutoencoderKL"),
        ({"in_channels": 4}, "AutoencoderKL"),
        ({"scaling_factor": "much"}, "no whole AutoencoderKL"),
        ({"block_out_channels": [1 << 20] * 3}, "no whole AutoencoderKL"),
    ],
)
def test_hostile_configs_are_answered_with_a_sentence(folder, entries, sentence):
    set_config(folder, **entries)
    with pytest.raises(ModelError, match=sentence):
        opened(folder)


@pytest.mark.parametrize("content", [b"", b"[]", b"nonsense", b"\xff\xfe", b"[" * 100_000])
def test_configs_that_are_none_are_answered_with_a_sentence(folder, content):
    (folder / "config.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"config\.json (is missing or no readable JSON|holds no settings)"):
        opened(folder)


def test_broken_missing_and_pickled_weights_are_answered_with_a_sentence(folder):
    weights = folder / "diffusion_pytorch_model.safetensors"
    whole = weights.read_bytes()
    for content in (b"", whole[:1000], whole[:-100], b"\xff" * 64):
        weights.write_bytes(content)
        with pytest.raises(ModelError, match="no whole AutoencoderKL"):
            opened(folder)
    weights.unlink()
    torch.save({}, folder / "diffusion_pytorch_model.bin")
    with pytest.raises(ModelError, match="no whole AutoencoderKL"):
        opened(folder)


def test_huge_configs_are_not_read(folder):
    (folder / "config.json").write_text(" " * (5 << 20))
    with pytest.raises(ModelError, match="too large"):
        opened(folder)
