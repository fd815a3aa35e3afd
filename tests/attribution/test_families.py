"""Every family that a loader names is known by who draws with it, and is told only where it was proved."""

import dataclasses
import json

import pytest
import torch
from diffusers import AutoencoderKL

from artaudit.attribution.families import KNOWN_WEIGHTS, NEAR, in_words, nearness, proved_family
from artaudit.generators import pool
from artaudit.generators.checkpoints import SPACES
from artaudit.generators.diffusers_layout import offer
from artaudit.generators.families import FAMILIES
from artaudit.generators.installing import add_model
from artaudit.generators.opening import open_model

CONFIGS = {
    "SD 1.x": {},
    "SDXL": {"scaling_factor": 0.13025},
    "SD 3": {"latent_channels": 16, "scaling_factor": 1.5305},
    "FLUX.1": {"latent_channels": 16, "scaling_factor": 0.3611},
    "FLUX.2": {"_class_name": "AutoencoderKLFlux2", "scaling_factor": "unused"},
    "Sana": {"_class_name": "AutoencoderDC", "latent_channels": 32, "scaling_factor": 0.41407},
}


@pytest.mark.parametrize("family", CONFIGS)
def test_what_a_diffusers_folder_tells_has_its_sentence(tmp_path, family):
    (tmp_path / "config.json").write_text(json.dumps({"_class_name": "AutoencoderKL"} | CONFIGS[family]), "utf-8")
    (tmp_path / "diffusion_pytorch_model.safetensors").touch()
    offered = offer(tmp_path).family
    assert offered == family
    assert in_words("mine", offered, copy=False) == f"the {family} autoencoder ({FAMILIES[family].members})"


def test_every_family_that_loaders_and_embedded_models_name_is_known():
    named = {*SPACES, *(record.family for record in pool.embedded())}
    assert named <= FAMILIES.keys() == {*CONFIGS, "SD 2.x"}


def test_what_proves_no_family_is_said_by_its_name_alone():
    assert in_words("mine", "", copy=False) == "an autoencoder of your own, mine"
    assert in_words("mine", "my own", copy=False) == "the autoencoder of mine (my own)"


@pytest.fixture
def random_autoencoder(tmp_path):
    """Write an autoencoder of diffusers with the configuration of SD 1.x and random weights."""
    torch.manual_seed(0)
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
    vae = AutoencoderKL(**blocks, block_out_channels=(8, 8, 8, 8), layers_per_block=1, norm_num_groups=4)
    vae.save_pretrained(tmp_path / "vae", safe_serialization=True)
    return tmp_path / "vae"


def test_a_configuration_proves_no_family(tmp_path, monkeypatch, random_autoencoder):
    monkeypatch.setenv("ARTAUDIT_MODELS", str(tmp_path / "models"))
    record = add_model("mine", random_autoencoder)
    assert record.family == "SD 1.x"  # what the configuration says, for cloaks
    assert proved_family(record, open_model(record)) == ""


def test_latents_prove_the_family_of_a_relative():
    embedded = {record.name: record for record in pool.embedded()}
    wide, small = (open_model(embedded[name]) for name in ("studio-sd1-wide", "studio-sd1"))
    assert nearness(wide, small) > NEAR
    other = dataclasses.replace(embedded["studio-sd1"], name="renamed", family="Sana")
    assert proved_family(other, small) == "SD 1.x"


def test_known_weights_prove_their_family(tmp_path, model):
    record = pool.Record(
        "a", "autoencoder", "mine", "", "", tmp_path, (("vae.safetensors", next(iter(KNOWN_WEIGHTS))),)
    )
    assert proved_family(record, model) == "SD 1.x"
