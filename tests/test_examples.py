"""The scripts that a researcher starts from run, on tiny models of the real classes and few pictures."""

import importlib.util
import re
from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.detect import performance
from artaudit.image import decode, read

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def vae(tmp_path_factory):
    """Return the folder of a small autoencoder of diffusers with random weights."""
    torch.manual_seed(0)
    network = diffusers.AutoencoderKL(
        block_out_channels=(16, 16, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        norm_num_groups=8,
        sample_size=32,
    )
    folder = tmp_path_factory.mktemp("models") / "vae"
    network.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Return a folder with ten crops of photographs."""
    return cropped(tmp_path_factory.mktemp("pictures"), 128)


def cropped(folder, side):
    folder.mkdir(exist_ok=True)
    wholes = [decode(photograph(name), name=name).rgb8 for name in PHOTOGRAPHS]
    for number in range(10):
        left = 48 * (number // 2)
        crop = np.ascontiguousarray(wholes[number % 2][120 : 120 + side, left : left + side])
        Pillow.fromarray(crop).save(folder / f"{number}.png")
    return folder


def run(name, *words):
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main([str(word) for word in words])


@pytest.mark.slow
def test_a_folder_is_cloaked_against_an_own_model(vae, pictures, tmp_path, capsys):
    few = tmp_path / "few"
    few.mkdir()
    for name in ("0.png", "1.png"):
        (few / name).write_bytes((pictures / name).read_bytes())
    run("cloak_folder", few, tmp_path / "cloaked", "--vae", vae, "--steps", "12")
    told = capsys.readouterr().out
    assert [float(score) >= 80 for score in re.findall(r"SSIMULACRA2 ([\d.]+)", told)] == [True, True]
    assert all(float(far) > 0 for far in re.findall(r"moved by ([\d.]+)", told))
    assert read(tmp_path / "cloaked" / "0.png").sha256 != read(few / "0.png").sha256


@pytest.mark.slow
def test_a_detector_is_trained_and_measured_on_an_own_manifest(drawings, capsys, monkeypatch):
    monkeypatch.setattr(performance, "RESAMPLES", 10)
    run("train_detector", drawings / "manifest.csv", drawings / "toy", "--settings", '{"crops": 2}', "--draws", "1")
    told = capsys.readouterr().out
    assert float(re.search(r", threshold[^\n]*\nAUC ([\d.]+), 95 %", told)[1]) > 0.7
    assert (drawings / "toy" / "README.md").is_file()


@pytest.mark.slow
def test_an_own_autoencoder_is_asked_what_it_drew(vae, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_MODELS", str(tmp_path / "models"))
    pictures = cropped(tmp_path / "larger", 256)
    words = ("attribute_own", "toy", vae, pictures, pictures / "3.png")
    run(*words)
    assert "of its own named" in (first := capsys.readouterr().out)
    run(*words)
    again = capsys.readouterr().out
    assert "AUC" not in again
    assert again.splitlines()[-1] == first.splitlines()[-1]
