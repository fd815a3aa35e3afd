"""The embedded image encoder is CLIP's, gives CLIP's features, and is left out on demand."""

import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import torch
import transformers
from PIL import Image
from safetensors.torch import save_file
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from artaudit import catalog
from artaudit.datasets.photographs import photograph
from artaudit.errors import ModelError, UsageError
from artaudit.generators import clip, pool
from artaudit.generators.choice import choose
from artaudit.generators.clip import BACKBONE, DEVIATION, MEAN, SIDE, VARIABLE, ClipVision, backbone
from artaudit.generators.opening import abilities
from artaudit.generators.packing import unpacked
from artaudit.generators.state_dicts import read_tensors
from artaudit.image import decode
from artaudit.protocols import Encoder
from artaudit.tensors import to_array, to_batch


@pytest.fixture(scope="module")
def tower() -> ClipVision:
    opened = clip._opened()
    assert isinstance(opened, ClipVision)
    return opened


@pytest.fixture
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def pixels(name: str = "china.jpg") -> torch.Tensor:
    return to_batch(decode(photograph(name), name=name).pixels)


def normalised(batch: torch.Tensor) -> torch.Tensor:
    return (batch - torch.tensor(MEAN)[:, None, None]) / torch.tensor(DEVIATION)[:, None, None]


def test_the_record_is_intact_small_licensed_and_apart_from_the_pool():
    [record] = pool.backbones()
    record.verify()
    assert (record.name, record.family, record.licence, record.use) == (BACKBONE, "CLIP", "MIT", pool.SURROGATE)
    assert record.kind in catalog.BACKBONES
    assert record.kind not in catalog.MODELS
    assert catalog.load(catalog.BACKBONES, record.kind) is ClipVision
    assert abilities(record) == ("features",)
    assert {embedded.kind for embedded in pool.embedded()} <= set(catalog.MODELS)
    assert "OpenAI" in (record.folder / "LICENSE").read_text()
    assert sum(path.stat().st_size for path in record.folder.iterdir()) <= 48_000_000
    with pytest.raises(UsageError, match="No model is called clip-vit-b16"):
        choose((BACKBONE,))


def test_the_backbone_is_opened_once_or_left_out(tower, monkeypatch):
    for value in ("", BACKBONE):
        monkeypatch.setenv(VARIABLE, value)
        assert backbone() is tower
    monkeypatch.delenv(VARIABLE)
    assert backbone() is tower
    assert tower.name == f"{BACKBONE}@{tower.digest[:12]}"
    assert tower.family == "CLIP"
    assert not isinstance(tower, Encoder)
    monkeypatch.setenv(VARIABLE, "none")
    assert backbone() is None
    monkeypatch.setenv(VARIABLE, "dino")
    with pytest.raises(UsageError, match="ARTAUDIT_BACKBONE is 'dino': set it to clip-vit-b16 or none"):
        backbone()


def test_a_package_without_its_tower_says_so(monkeypatch):
    monkeypatch.setattr(pool, "backbones", list)
    with pytest.raises(ModelError, match="ARTAUDIT_BACKBONE=none"):
        clip._opened.__wrapped__()


def test_tokens_and_embeddings_have_their_shapes_and_repeat(tower):
    batch = torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    found = tower.features(batch)
    assert [tokens.shape for tokens in found.tokens] == [(2, 197, 768)] * 12
    assert found.embedding.shape == (2, 512)
    assert found.embedding.dtype == torch.float32
    assert torch.equal(found.embedding, tower.features(batch).embedding)
    assert (tower.features(batch[1:]).embedding - found.embedding[1:]).abs().max() < 1e-4


def test_gradients_reach_pixels_and_no_weights(tower):
    batch = pixels()[..., :300, :400].requires_grad_()
    for seen in (tower.squashed(batch), tower.fitted(batch)):
        found = tower.features(seen)
        loss = found.embedding.square().mean() + found.tokens[6].square().mean()
        (slope,) = torch.autograd.grad(loss, batch)
        assert torch.isfinite(slope).all()
        assert (slope[..., 60:240, 60:340] != 0).float().mean() > 0.9
    assert not any(weight.requires_grad for weight in tower._network.parameters())
    assert not tower._network.training


def test_it_is_the_tower_of_transformers(tower):
    [record] = pool.backbones()
    config = transformers.CLIPVisionConfig(patch_size=16, projection_dim=512)
    theirs = transformers.CLIPVisionModelWithProjection(config).eval()
    theirs.load_state_dict(unpacked(read_tensors(record.paths[0])[0], record.paths[0]))
    batch = tower.squashed(pixels())
    with torch.no_grad():
        expected = theirs(pixel_values=normalised(batch), output_hidden_states=True)
        found = tower.features(batch)
    assert (found.embedding - expected.image_embeds).abs().max() < 1e-4
    for ours, other in zip(found.tokens, expected.hidden_states[1:], strict=True):
        assert (ours - other).norm() / other.norm() < 1e-4


@pytest.mark.parametrize("size", [(640, 427), (300, 511), (225, 224), (130, 97), (1000, 230)])
def test_fitting_is_clips_own_preprocessing(tower, size):
    picture = Image.fromarray((to_array(pixels()) * 255).round().astype("uint8")).resize(size)
    expected = CLIPImageProcessorPil()(picture, return_tensors="pt")["pixel_values"]
    found = tower.fitted(to_batch(np.asarray(picture, dtype=np.float32) / 255))
    difference = (normalised(found) - expected).abs() * torch.tensor(DEVIATION)[:, None, None]
    assert found.shape == (1, 3, SIDE, SIDE)
    assert difference.max() < 4 / 255
    assert difference.mean() < 0.5 / 255


def test_fitted_pictures_show_the_middle_and_squashed_ones_the_whole(tower):
    wide = torch.zeros(1, 3, 224, 448)
    wide[..., :112] = 1
    assert tower.fitted(wide).max() < 1e-5
    assert 0.2 < tower.squashed(wide).mean() < 0.3
    square = torch.rand(1, 3, SIDE, SIDE)
    assert torch.equal(tower.fitted(square), tower.squashed(square))


def test_parts_of_a_picture_look_more_like_it_than_another_picture(tower):
    china, flower = pixels(), pixels("flower.jpg")
    with torch.no_grad():
        whole, part, other = (
            tower.features(tower.squashed(picture)).embedding for picture in (china, china[..., 40:400, 60:600], flower)
        )
    near, far = (torch.cosine_similarity(whole, embedding).item() for embedding in (part, other))
    assert near > 0.8
    assert far < 0.7


@pytest.mark.usefixtures("threads")
def test_numbers_do_not_depend_on_threads(tower):
    batch, found = tower.squashed(pixels()), []
    for count in (1, 2):
        torch.set_num_threads(count)
        with torch.no_grad():
            found.append(tower.features(batch).embedding)
    assert (found[0] - found[1]).abs().max() < 1e-4


def test_broken_missing_and_other_files_are_refused(tmp_path):
    path = tmp_path / "encoder.safetensors"
    with pytest.raises(ModelError, match="cannot be read"):
        ClipVision(path, name="mine")
    path.write_bytes(pool.backbones()[0].paths[0].read_bytes()[:100_000])
    with pytest.raises(ModelError, match="no whole safetensors file"):
        ClipVision(path, name="mine")
    save_file({"visual_projection.weight": torch.zeros(512, 768)}, path)
    with pytest.raises(ModelError, match="another layout"):
        ClipVision(path, name="mine")


def test_a_changed_tower_is_not_opened(tmp_path, monkeypatch):
    [record] = pool.backbones()
    for name in (pool.RECORD, "encoder.safetensors"):
        (tmp_path / "shipped").mkdir(exist_ok=True)
        (tmp_path / "shipped" / name).write_bytes((record.folder / name).read_bytes())
    with (tmp_path / "shipped" / "encoder.safetensors").open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"changed")
    changed = pool.installed(tmp_path)
    monkeypatch.setattr(pool, "backbones", lambda: changed)
    with pytest.raises(ModelError, match="is not the file that was pinned"):
        clip._opened.__wrapped__()


def test_the_catalog_loads_neither_torch_nor_the_tower():
    script = "import sys, artaudit.catalog; sys.exit(any(name in sys.modules for name in ('torch', 'transformers')))"
    subprocess.run([sys.executable, "-c", script], check=True, env=dict(os.environ))
