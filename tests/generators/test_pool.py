"""Models are found by their records, pinned by digest, and refused when they are not what was pinned."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from artaudit.auditor.models import FALLBACK, choose, open_model
from artaudit.errors import ModelError, UsageError
from artaudit.generators import pool
from artaudit.generators.studio import StudioDecoder, StudioEncoder


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    torch.manual_seed(0)
    home = tmp_path / "made"
    home.mkdir()
    widths = (8, 8, 8)
    save_file(StudioEncoder(4, widths).state_dict(), home / "encoder.safetensors")
    save_file(StudioDecoder(4, widths).state_dict(), home / "decoder.safetensors")
    return [home / "encoder.safetensors", home / "decoder.safetensors"]


def install(files: list[Path], folder: Path, name: str = "mine", use: str = pool.SURROGATE) -> pool.Record:
    about = pool.Record(name, "studio", "own", "none", use, folder, ())
    record, _ = pool.install(about, {file.name: file for file in files}, folder, open_model)
    return record


def test_an_added_model_is_found_verified_and_opened(files, tmp_path):
    install(files, tmp_path / "models")
    [found] = pool.installed(tmp_path / "models")
    found.verify()
    opened = open_model(found)
    assert opened.name.startswith("mine@")
    assert opened.family == "own"
    assert opened.encode(torch.rand(1, 3, 64, 64)).shape == (1, 4, 8, 8)


def test_names_are_taken_once_and_stay_in_the_folder(files, tmp_path):
    install(files, tmp_path / "models")
    with pytest.raises(UsageError, match="installed already"):
        install(files, tmp_path / "models")
    for name in ("../out", "", "a/b", ".hidden", "x" * 99):
        with pytest.raises(UsageError, match="no fit name"):
            install(files, tmp_path / "models", name=name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "models"]


def test_a_changed_cut_or_missing_file_is_refused(files, tmp_path):
    record = install(files, tmp_path / "models")
    encoder = record.paths[0]
    whole = encoder.read_bytes()
    encoder.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ModelError, match="not the file that was pinned"):
        open_model(record)
    encoder.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        open_model(record)


def test_files_that_are_no_safetensors_are_refused(tmp_path):
    fake = tmp_path / "model.safetensors"
    torch.save({"weight": torch.zeros(3)}, fake)
    record = pool.record_of("fake", "taesd-encoder", [fake], family="x", licence="", use=pool.SURROGATE)
    with pytest.raises(ModelError, match="pickles are not read"):
        open_model(record)


@pytest.mark.parametrize("kind", ["taesd-encoder", "taesd", "vaelight", "studio"])
@pytest.mark.parametrize(
    "state",
    [
        {"weight": torch.zeros(3)},
        {"2": torch.zeros(())},
        {"first.weight": torch.zeros(3), "\u00b2.weight": torch.zeros(1, 1, 1, 1)},
        {f"{number}.weight": torch.zeros(4, 4, 3, 3) for number in range(9)},
        {f"{number}.weight": torch.zeros(50_000, 1, 1, 1) for number in range(4)},
    ],
    ids=["unnumbered", "scalar", "odd names", "plain stack", "far too wide"],
)
def test_files_of_another_layout_are_refused(kind, state, tmp_path):
    halves = [tmp_path / "encoder.safetensors", tmp_path / "decoder.safetensors"][: 1 if kind.endswith("coder") else 2]
    for half in halves:
        save_file(state, half)
    record = pool.record_of("strange", kind, halves, family="x", licence="", use=pool.SURROGATE)
    with pytest.raises(ModelError, match="another layout"):
        open_model(record)


def test_a_model_needs_all_its_halves(files):
    record = pool.record_of("half", "studio", files[:1], family="x", licence="", use=pool.SURROGATE)
    with pytest.raises(ModelError, match="encoder and decoder"):
        open_model(record)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"name": "a"}', '{"files": [{"name": "../x", "sha256": ""}]}'])
def test_broken_records_are_named(tmp_path, content):
    home = tmp_path / "models" / "broken"
    home.mkdir(parents=True)
    (home / "model.json").write_text(content)
    with pytest.raises(ModelError, match="no readable record"):
        pool.installed(tmp_path / "models")


def test_auto_takes_installed_surrogates_and_else_says_what_the_embedded_ones_are(files, tmp_path, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_MODELS", str(tmp_path / "models"))
    assert choose(("auto",)).note == FALLBACK
    install(files, tmp_path / "models", name="judge", use=pool.HOLD_OUT)
    assert choose(("auto",)).note == FALLBACK
    install(files, tmp_path / "models", name="real")
    choice = choose(("auto",))
    assert [encoder.name.split("@")[0] for encoder in choice.encoders] == ["real"]
    with pytest.raises(ModelError, match="kept for measuring"):
        choose(("judge",))
    with pytest.raises(UsageError, match="No model is called nobody"):
        choose(("nobody",))


def test_every_embedded_model_is_intact_small_and_licensed():
    records = pool.embedded()
    assert {record.family for record in records} == {"FLUX.2", "SD 1.x"}
    for record in records:
        record.verify()
        assert json.loads((record.folder / pool.RECORD).read_text())["licence"] == "Apache-2.0"
    folder = Path(pool.__file__).parent / "weights"
    assert sum(path.stat().st_size for path in folder.rglob("*.safetensors")) < 12_000_000
    assert (folder / "README.md").is_file()
