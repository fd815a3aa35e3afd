"""Models are found by their records, pinned by digest, and refused when they are not what was pinned."""

import hashlib
import json
import tracemalloc
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from artaudit.attribution.candidate import candidates
from artaudit.errors import ModelError, UsageError
from artaudit.generators import pool
from artaudit.generators.choice import DENOISER_FALLBACK, FALLBACK, choose
from artaudit.generators.files import copy, digest_of
from artaudit.generators.installing import add
from artaudit.generators.opening import abilities, open_model
from artaudit.generators.studio import StudioDecoder, StudioEncoder
from artaudit.protect.trial.judges import judges
from artaudit.protocols import Generator


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


@pytest.mark.parametrize("kind", ["taesd-encoder", "taesd", "vaelight", "studio", "studio-encoder"])
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
    assert sum(path.stat().st_size for record in records for path in record.paths) < 40_000_000
    assert (folder / "README.md").is_file()


def test_encoders_alone_are_cloaked_against_but_neither_judge_nor_draw(tmp_path, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_MODELS", str(tmp_path / "models"))
    alone = {record.name for record in pool.embedded() if record.kind == "studio-encoder"}
    assert alone == {encoder.name.partition("@")[0] for encoder in choose(("auto",)).encoders}
    assert not alone & {candidate.record.name for candidate in candidates()}
    assert not alone & {judge.record.name for judge in judges()}


def test_a_small_file_does_not_ask_for_a_deep_network(tmp_path):
    state = {f"{number}.weight": torch.zeros(512, 1, 1, 1) for number in (0, 10, 20, 900)}
    save_file(state | {f"{number}.first.weight": torch.zeros(1) for number in range(21, 900)}, tmp_path / "deep")
    record = pool.record_of("deep", "studio-encoder", [tmp_path / "deep"], family="x", licence="", use=pool.SURROGATE)
    with pytest.raises(ModelError, match="another layout"):
        open_model(record)


def test_what_cannot_be_opened_is_not_kept(files, tmp_path):
    save_file({"x": torch.zeros(1)}, files[1])
    with pytest.raises(ModelError, match="another layout"):
        install(files, tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_a_stopped_installation_is_not_a_model_and_can_be_done_again(files, tmp_path):
    def stopped(_record: pool.Record) -> None:
        assert len(list((tmp_path / "models").iterdir())) == 1
        assert pool.installed(tmp_path / "models") == []
        raise KeyboardInterrupt

    about = pool.Record("mine", "studio", "own", "none", pool.SURROGATE, tmp_path, ())
    with pytest.raises(KeyboardInterrupt):
        pool.install(about, {file.name: file for file in files}, tmp_path / "models", stopped)
    install(files, tmp_path / "models")
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["mine"]


def test_files_in_folders_keep_their_place_and_their_digests(files, tmp_path):
    about = pool.Record("mine", "any", "own", "none", pool.SURROGATE, tmp_path, (), "a/b@c")
    sources = {"deep/er/one.safetensors": files[0], "two.json": files[1]}
    record, opened = pool.install(about, sources, tmp_path / "models", lambda staged: staged.digest)
    [found] = pool.installed(tmp_path / "models")
    assert found == record
    assert found.origin == "a/b@c"
    assert opened == found.digest
    found.verify_whole()
    assert (found.folder / "deep/er/one.safetensors").read_bytes() == files[0].read_bytes()
    lines = "".join(f"{hashlib.sha256(sources[n].read_bytes()).hexdigest()}  {n}\n" for n in sorted(sources))
    assert found.digest == hashlib.sha256(lines.encode()).hexdigest()


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a/../x", "a//b", "./a", "a/", "", "a\\b", "c:x", "a\nb", "..", "a/./b", "\x00"]
)
def test_paths_that_leave_the_folder_are_refused(files, tmp_path, name):
    home = tmp_path / "models" / "odd"
    home.mkdir(parents=True)
    plain = {"schema": pool.SCHEMA, "name": "odd", "kind": "studio", "family": "", "licence": "", "use": ""}
    (home / "model.json").write_text(json.dumps(plain | {"files": [{"name": name, "sha256": "0" * 64}]}))
    with pytest.raises(ModelError, match="no readable record"):
        pool.installed(tmp_path / "models")
    about = pool.Record("mine", "any", "own", "none", pool.SURROGATE, tmp_path, ())
    with pytest.raises(UsageError, match="no fit name for a model or a file"):
        pool.install(about, {name: files[0]}, tmp_path / "other", lambda _: None)
    assert not list((tmp_path / "other").glob("*"))


def test_links_in_an_installed_model_are_refused(files, tmp_path):
    record = install(files, tmp_path / "models")
    path = record.paths[0]
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="is a link to elsewhere"):
        record.verify()


def test_large_files_are_copied_in_pieces(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(64 << 20)
        file.write(b"end")
    tracemalloc.start()
    digest = copy(tmp_path / "large", tmp_path / "copy")
    assert digest == digest_of(tmp_path / "large") == digest_of(tmp_path / "copy")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


def test_a_folder_that_takes_no_files_is_said(files, tmp_path):
    (tmp_path / "models").write_text("a file")
    with pytest.raises(ModelError, match="choose another ARTAUDIT_MODELS"):
        install(files, tmp_path / "models")


def test_methods_that_need_a_denoiser_get_one_or_a_sentence(files, pipelines, tmp_path, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_MODELS", str(tmp_path / "models"))
    install(files, tmp_path / "models", name="plain")
    with pytest.raises(UsageError, match="plain has no denoiser, which this method needs"):
        choose(("plain",), needs_generator=True)
    shipped = [record for record in pool.embedded() if "denoiser" in abilities(record)]
    if shipped:
        choice = choose(("auto",), needs_generator=True)
        assert choice.note == DENOISER_FALLBACK
        assert len(choice.encoders) == len(shipped)
        assert all(isinstance(model, Generator) for model in choice.encoders)
    else:
        with pytest.raises(UsageError, match="No model with a denoiser is installed"):
            choose(("auto",), needs_generator=True)
    about = pool.Record("real", "", "", "", pool.SURROGATE, tmp_path, ())
    add(about, [pipelines("stable-diffusion")[0]])
    choice = choose(("auto",), needs_generator=True)
    assert choice.note == "The cloak was made against real (SD 1.x)."
    assert [isinstance(model, Generator) for model in choice.encoders] == [True]
    both = choose(("auto",)).encoders
    assert [isinstance(model, Generator) for model in both] == [False, False]
