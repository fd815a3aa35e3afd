"""What every kind of model in the catalog promises; each is opened from files that its real class wrote."""

import json

import pytest
import torch
from safetensors.torch import save_file

from artaudit import catalog
from artaudit.generators import installing, opening, pool
from artaudit.generators.latents import ConditionedDenoiser
from artaudit.generators.studio import StudioDecoder, StudioEncoder
from artaudit.generators.taesd import plain_decoder, plain_encoder
from artaudit.generators.vaelight import LightDecoder, LightEncoder
from artaudit.protocols import Autoencoder, Encoder, Generator

HALVES = {
    "studio": (lambda: StudioEncoder(4, (8, 8, 8)), lambda: StudioDecoder(4, (8, 8, 8))),
    "studio-encoder": (lambda: StudioEncoder(4, (8, 16, 8), (1, 0, 2)),),
    "taesd": (lambda: plain_encoder(4, pooled=False), lambda: plain_decoder(4, pooled=False)),
    "taesd-encoder": (lambda: plain_encoder(4, pooled=True),),
    "vaelight": (LightEncoder, LightDecoder),
}
LATENT = {
    "autoencoder": "studio-sd1",
    "betas": {"start": 0.00085, "end": 0.012, "steps": 500, "kind": "linear"},
    "words": ["tree"],
    "denoiser": {
        "block_out_channels": [16, 32],
        "layers_per_block": 1,
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
        "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
        "cross_attention_dim": 16,
        "norm_num_groups": 8,
    },
}


@pytest.fixture(params=list(catalog.MODELS))
def kind(request):
    return request.param


@pytest.fixture
def record(kind, pipelines, tmp_path, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_MODELS", str(tmp_path / "models"))
    torch.manual_seed(0)
    if kind in HALVES:
        sources = {}
        for name, make in zip(("encoder.safetensors", "decoder.safetensors"), HALVES[kind], strict=False):
            save_file(make().state_dict(), tmp_path / name)
            sources[name] = tmp_path / name
    elif kind == "latent-diffusion":
        (tmp_path / "config.json").write_text(json.dumps(LATENT))
        save_file(ConditionedDenoiser(LATENT).state_dict(), tmp_path / "denoiser.safetensors")
        sources = {name: tmp_path / name for name in ("config.json", "denoiser.safetensors")}
    else:
        folder, _ = pipelines("stable-diffusion" if kind == "autoencoder" else kind)
        about = pool.Record("mine", kind, "any", "", pool.SURROGATE, tmp_path, ())
        return installing.add(about, [folder / "vae" if kind == "autoencoder" else folder])[0]
    about = pool.Record("mine", kind, "any", "", pool.SURROGATE, tmp_path, ())
    return pool.install(about, sources, pool.models_folder(), opening.open_model)[0]


def test_a_kind_is_what_its_table_says(kind, record):
    model = opening.open_model(record)
    assert isinstance(model, Encoder)
    assert (
        isinstance(model, Autoencoder) == (kind not in catalog.ENCODERS) == ("autoencoder" in opening.abilities(record))
    )
    assert isinstance(model, Generator) == (kind in catalog.GENERATORS) == ("denoiser" in opening.abilities(record))
    assert model.name.startswith("mine@")
    assert model.name.removeprefix("mine@") == model.digest[:12]
    assert model.family == "any"


def test_latents_are_those_of_the_padded_picture_and_repeat(record):
    model, pixels = opening.open_model(record), torch.rand(1, 3, 67, 75)
    padded = torch.nn.functional.pad(pixels, (0, -75 % model.factor, 0, -67 % model.factor), mode="replicate")
    with torch.no_grad():
        latents = model.encode(pixels)
        assert torch.equal(latents, model.encode(padded))
        assert torch.equal(latents, opening.open_model(record).encode(pixels))
    assert latents.dtype == torch.float32
    assert latents.shape[-2:] == (-(-67 // model.factor), -(-75 // model.factor))


def test_gradients_are_finite_and_weights_stay_frozen(record):
    model, pixels = opening.open_model(record), torch.rand(1, 3, 64, 64, requires_grad=True)
    latents = model.encode(pixels)
    loss = latents.square().mean()
    if isinstance(model, Generator):
        steps = torch.tensor([model.schedule_steps // 2])
        noise = torch.randn(latents.shape)
        loss = (
            loss + model.predict(model.add_noise(latents, noise, steps), steps, model.condition("tree")).square().mean()
        )
    if isinstance(model, Autoencoder):
        loss = loss + model.decode(latents).mean()
    (slope,) = torch.autograd.grad(loss, pixels)
    assert torch.isfinite(slope).all()
    assert (slope != 0).float().mean() > 0.9
