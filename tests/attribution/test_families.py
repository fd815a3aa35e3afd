"""Every family that a loader names is known by who draws with it."""

import json

import pytest

from artaudit.attribution.families import in_words
from artaudit.generators import pool
from artaudit.generators.checkpoints import SPACES
from artaudit.generators.diffusers_layout import offer
from artaudit.generators.families import FAMILIES

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


def test_a_family_of_ones_own_is_said_by_its_name():
    assert in_words("mine", "my own", copy=False) == "the autoencoder of mine (my own)"
