"""`audit models edit`, `remove` and `add --update`: what is installed can be changed, and undone."""

import json

import pytest
import torch
from diffusers import AutoencoderKL


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_DB", str(tmp_path / "registry.db"))
    monkeypatch.setenv("ARTAUDIT_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def folder(tmp_path):
    return autoencoder(tmp_path / "first", 0)


def autoencoder(home, seed):
    torch.manual_seed(seed)
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
    AutoencoderKL(**blocks, block_out_channels=(8, 8, 8, 8), layers_per_block=1, norm_num_groups=4).save_pretrained(
        home
    )
    return home


def rows(run_audit):
    return {row["name"]: row for row in json.loads(run_audit("models", "list", "--json")[1])}


def test_what_is_written_about_a_model_can_be_changed(run_audit, folder):
    assert run_audit("models", "add", "mine", str(folder))[0] == 0
    before = rows(run_audit)["mine"]
    code, out, _ = run_audit("models", "edit", "mine", "--family", "my own", "--licence", "MIT", "--use", "hold-out")
    assert (code, out) == (0, "mine: my own, MIT, hold-out\n")
    after = rows(run_audit)["mine"]
    assert (after["family"], after["licence"], after["use"]) == ("my own", "MIT", "hold-out")
    assert after["digest"] == before["digest"]
    assert run_audit("models", "verify")[0] == 0
    assert run_audit("models", "edit", "mine")[0] == 2


def test_a_model_that_is_removed_is_gone_and_can_be_added_again(run_audit, folder, models):
    run_audit("models", "add", "mine", str(folder))
    assert run_audit("models", "remove", "mine")[0] == 0
    assert "mine" not in rows(run_audit)
    assert [path for path in models.iterdir() if "mine" in path.name] == []
    assert run_audit("models", "add", "mine", str(folder))[0] == 0


def test_a_model_added_twice_is_offered_an_update(run_audit, folder, tmp_path, models):
    run_audit("models", "add", "mine", str(folder))
    first = rows(run_audit)["mine"]["digest"]
    newer = str(autoencoder(tmp_path / "second", 1))
    code, _, err = run_audit("models", "add", "mine", newer)
    assert code == 2 and "--update" in err and rows(run_audit)["mine"]["digest"] == first
    code, _, err = run_audit("models", "add", "mine", newer, "--update")
    assert code == 0 and "audit attribute enrol mine" in err
    assert rows(run_audit)["mine"]["digest"] != first
    assert [path.name for path in models.iterdir()] == ["mine"]


@pytest.mark.parametrize("command", [("edit", "studio-sd1", "--licence", "x"), ("remove", "studio-sd1")])
def test_what_comes_with_artaudit_stays(run_audit, command):
    code, _, err = run_audit("models", *command)
    assert code == 2 and "comes with artaudit and stays" in err
    assert "studio-sd1" in rows(run_audit)


@pytest.mark.parametrize("command", [("edit", "nobody", "--licence", "x"), ("remove", "nobody")])
def test_what_is_not_installed_is_said(run_audit, command):
    code, _, err = run_audit("models", *command)
    assert code == 2 and "nobody is not installed" in err
