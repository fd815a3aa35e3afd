"""What a folder offers is found in its files, only what a kind needs is taken, and bad folders are refused."""

import json
import os
import shutil

import diffusers
import pytest
import torch
from safetensors.torch import load_file

from artaudit.errors import ModelError, UsageError
from artaudit.generators import installing, opening, pool
from artaudit.generators.diffusers_layout import offer
from artaudit.protocols import Generator


@pytest.fixture
def folder(pipelines, tmp_path):
    return shutil.copytree(pipelines("stable-diffusion")[0], tmp_path / "model")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def about(name="mine", kind="", family=""):
    return pool.Record(name, kind, family, "MIT", pool.SURROGATE, pool.models_folder(), ())


def change(path, **entries):
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


def draw(model):
    return model.generate("a cat", seed=1, size=(16, 16), steps=1)


def test_only_what_the_kind_needs_is_taken(folder, home):
    (folder / "safety_checker").mkdir()
    for name in (
        "safety_checker/model.safetensors",
        "unet/adapter_config.json",
        "unet/modeling.py",
        "README.md",
        "x.bin",
    ):
        (folder / name).write_text("{}")
    record, _ = installing.add(about(), [folder])
    taken = {str(path.relative_to(record.folder)) for path in record.folder.rglob("*") if path.is_file()}
    assert taken == {name for name, _ in record.files} | {pool.RECORD}
    assert taken == set(offer(folder).files) | {pool.RECORD}
    assert not any("safety" in name or "adapter" in name or name.endswith((".py", ".bin", ".md")) for name in taken)
    assert (record.kind, record.family, record.licence) == ("stable-diffusion", "SD 1.x", "MIT")
    assert home.is_dir()


def test_half_precision_is_taken_where_there_is_no_other_copy(folder, home):
    plain = opening.open_model(installing.add(about("plain"), [folder])[0])
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_name("diffusion_pytorch_model.fp16.safetensors"))
    half = opening.open_model(installing.add(about("half"), [folder])[0])
    assert torch.equal(draw(plain), draw(half))
    assert len(pool.installed(home)) == 2


def test_weights_in_several_files_are_taken_whole(folder, home):
    plain = opening.open_model(installing.add(about("plain"), [folder])[0])
    unet = diffusers.UNet2DConditionModel.from_pretrained(folder / "unet")
    shutil.rmtree(folder / "unet")
    unet.save_pretrained(folder / "unet", max_shard_size="200KB")
    assert len(list((folder / "unet").glob("*.safetensors"))) > 1
    sharded = opening.open_model(installing.add(about("sharded"), [folder])[0])
    assert torch.allclose(draw(plain), draw(sharded), atol=1e-6)
    index = folder / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    for names in ({}, {"x": "../vae/diffusion_pytorch_model.safetensors"}, {"x": "/etc/passwd"}, {"x": "a.bin"}, ["x"]):
        change(index, weight_map=names)
        with pytest.raises(ModelError, match="lists no safetensors files beside it"):
            installing.add(about("other"), [folder])
    change(index, weight_map={"x": "lost.safetensors"})
    with pytest.raises(ModelError, match=r"lost\.safetensors is missing"):
        installing.add(about("other"), [folder])
    assert [record.name for record in pool.installed(home)] == ["plain", "sharded"]


@pytest.mark.parametrize("lost", ["vae", "unet", "text_encoder/config.json", "scheduler", "tokenizer"])
def test_a_folder_that_lacks_something_leaves_nothing_behind(folder, home, lost):
    path = folder / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(ModelError, match="whole"):
        installing.add(about(), [folder])
    assert not home.exists() or not list(home.iterdir())


def test_pickles_are_refused_by_name(folder, home):
    for path in (folder / "unet").glob("*.safetensors"):
        path.rename(path.with_suffix(".bin"))
    with pytest.raises(ModelError, match=r"\.bin may run code when it is opened: convert it to safetensors"):
        installing.add(about(), [folder])
    assert not home.exists()


@pytest.mark.parametrize(
    ("part", "entries"),
    [
        ("text_encoder/config.json", {"auto_map": {"AutoModel": "evil--repo.Model"}}),
        ("text_encoder/config.json", {"_attn_implementation": "evil/kernels"}),
        ("unet/config.json", {"quantization_config": {"quant_method": "gptq"}}),
        ("tokenizer/tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["evil.T", None]}}),
        ("unet/config.json", {"in_channels": 9}),
        ("unet/config.json", {"class_embed_type": "timestep"}),
        ("scheduler/scheduler_config.json", {"_class_name": "EDMEulerScheduler"}),
        ("scheduler/scheduler_config.json", {"num_train_timesteps": 10**12}),
        ("scheduler/scheduler_config.json", {"num_train_timesteps": "many"}),
        ("scheduler/scheduler_config.json", {"beta_schedule": "wild"}),
        ("scheduler/scheduler_config.json", {"prediction_type": "dreams"}),
        ("text_encoder/config.json", {"hidden_size": 64}),
        ("text_encoder/config.json", {"num_hidden_layers": 7}),
    ],
)
def test_hostile_and_strange_parts_are_refused(folder, home, part, entries):
    change(folder / part, **entries)
    with pytest.raises(ModelError) as caught:
        installing.add(about(), [folder])
    assert str(caught.value).endswith(".")
    assert not list(home.glob("*"))


def test_links_are_followed_inside_the_folder_and_in_the_hubs_cache_alone(folder, home, tmp_path):
    weights = folder / "vae" / "diffusion_pytorch_model.safetensors"
    elsewhere = weights.rename(tmp_path / "elsewhere.safetensors")
    weights.symlink_to(elsewhere)
    with pytest.raises(ModelError, match="is a link that leaves its folder"):
        installing.add(about(), [folder])
    snapshot = tmp_path / "models--a--b" / "snapshots" / "c0ffee"
    snapshot.parent.mkdir(parents=True)
    folder.rename(snapshot)
    (tmp_path / "models--a--b" / "blobs").mkdir()
    blob = elsewhere.rename(tmp_path / "models--a--b" / "blobs" / "abc")
    (snapshot / "vae" / weights.name).unlink()
    (snapshot / "vae" / weights.name).symlink_to(blob)
    record, _ = installing.add(about(), [snapshot])
    assert not any(path.is_symlink() for path in record.folder.rglob("*"))
    assert home.is_dir()


def test_devices_and_pipes_are_no_files(folder, home):
    weights = folder / "vae" / "diffusion_pytorch_model.safetensors"
    weights.unlink()
    os.mkfifo(weights)
    with pytest.raises(ModelError, match="whole"):
        installing.add(about(), [folder])
    assert not home.exists()


def test_of_an_unknown_pipeline_the_autoencoder_is_taken(folder, home):
    change(folder / "model_index.json", _class_name="WonderPipeline")
    record, note = installing.add(about(), [folder])
    assert (
        note == "Only the autoencoder is taken: the pipeline (its config calls it 'WonderPipeline') is not served here."
    )
    assert record.kind == "autoencoder"
    assert not isinstance(opening.open_model(record), Generator)
    shutil.rmtree(folder / "vae")
    with pytest.raises(ModelError, match="has no such autoencoder"):
        installing.add(about("other"), [folder])
    assert len(pool.installed(home)) == 1


def test_latent_spaces_are_told_by_class_and_scale_or_asked_for(folder, home):
    vae = folder / "vae"
    assert offer(vae).family == "SD 1.x"
    for scale, family in ((0.13025, "SDXL"), (0.5, None), ("x", None)):
        change(vae / "config.json", scaling_factor=scale)
        assert offer(vae).family == family
    change(vae / "config.json", scaling_factor=0.5)
    with pytest.raises(UsageError, match="say it with --family"):
        installing.add(about(), [vae])
    record, _ = installing.add(about(family="my own"), [vae])
    assert record.family == opening.open_model(record).family == "my own"
    assert [installed.name for installed in pool.installed(home)] == ["mine"]


def test_a_kind_that_does_not_fit_is_said(folder, home):
    with pytest.raises(UsageError, match="would be of the kind stable-diffusion, not flux"):
        installing.add(about(kind="flux"), [folder])
    assert not home.exists()


def test_what_comes_to_an_installed_folder_later_is_not_heeded(folder, home):
    record, _ = installing.add(about(), [folder])
    (record.folder / "text_encoder" / "adapter_config.json").write_text('{"base_model_name_or_path": "evil/repo"}')
    with pytest.raises(ModelError, match=r"adapter_config\.json was not there when the model was pinned"):
        opening.open_model(record)
    (record.folder / "text_encoder" / "adapter_config.json").unlink()
    opening.open_model(record)
    config = record.folder / "unet" / "config.json"
    config.write_text(config.read_text() + " ")
    with pytest.raises(ModelError, match="is not the file that was pinned"):
        opening.open_model(record)
    assert len(load_file(home / "mine" / "vae" / "diffusion_pytorch_model.safetensors")) > 10
