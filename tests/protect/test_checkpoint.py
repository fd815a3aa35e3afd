"""A descent that was stopped resumes from its last state, and ends as if it had never stopped."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from safetensors import safe_open

from artaudit.generators import clip
from artaudit.image import Image, decode
from artaudit.protect import checkpoint
from artaudit.protect.checkpoint import Checkpoint, digest, path_beside, seed_kept
from artaudit.protect.cloak import DescentCloak
from artaudit.protect.descent import Descent
from artaudit.protect.objectives.antidreambooth import AntiDreamBooth
from artaudit.protect.objectives.push import Push
from artaudit.protect.style_reference import StyleReference
from artaudit.protocols import Budget

EIGHTY = Budget(ssimulacra2=80.0)
SEED = 5


class StoppedError(Exception):
    """Raised in place of a power cut."""


@pytest.fixture
def image() -> Image:
    buffer = io.BytesIO()
    coarse = np.random.default_rng(3).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    Pillow.fromarray(coarse).resize((112, 96), Pillow.Resampling.BICUBIC).save(buffer, "PNG")
    return decode(buffer.getvalue(), name="picture.png")


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(checkpoint, "SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "_SHARE", 0)


@pytest.fixture
def cloak(encoder) -> DescentCloak:
    return DescentCloak(Push(), (encoder,), Descent(steps=9))


def keeper(tmp_path: Path, image: Image, cloak: DescentCloak, *, resume: bool, seed: int = SEED) -> Checkpoint:
    path = path_beside(tmp_path / "picture.png")
    return Checkpoint(path, digest(image, cloak, EIGHTY, seed), seed, resume)


def stop_at(step: int):
    def progress(done: int, _total: int) -> None:
        if done == step:
            raise StoppedError

    return progress


def stopped(tmp_path: Path, image: Image, cloak: DescentCloak, step: int = 5) -> Path:
    kept = keeper(tmp_path, image, cloak, resume=False)
    with pytest.raises(StoppedError):
        cloak.apply(image, budget=EIGHTY, seed=SEED, progress=stop_at(step), keeper=kept)
    return kept.path


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("tower", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_resumed_descent_ends_as_if_it_had_never_stopped(tmp_path, image, cloak, tower):
    cloak = replace(cloak, style=StyleReference(clip.backbone()) if tower else None)
    whole = cloak.apply(image, budget=EIGHTY, seed=SEED)
    path = stopped(tmp_path, image, cloak)
    assert seed_kept(path) == SEED
    steps = []
    again = keeper(tmp_path, image, cloak, resume=True)
    resumed = cloak.apply(
        image, budget=EIGHTY, seed=SEED, progress=lambda done, _total: steps.append(done), keeper=again
    )
    assert steps == [6, 7, 8, 9]
    assert (resumed.colours == whole.colours).all()
    again.done()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("other", ["steps", "seed", "strength"])
def test_only_the_same_descent_is_resumed(tmp_path, image, cloak, other):
    path = stopped(tmp_path, image, cloak)
    tool = replace(cloak, descent=Descent(steps=10)) if other == "steps" else cloak
    seed = SEED + 1 if other == "seed" else SEED
    budget = Budget(ssimulacra2=75.0) if other == "strength" else EIGHTY
    kept = Checkpoint(path, digest(image, tool, budget, seed), seed, resume=True)
    steps = []
    tool.apply(image, budget=budget, seed=seed, progress=lambda done, _total: steps.append(done), keeper=kept)
    assert steps[0] == 1


@pytest.mark.usefixtures("at_once")
def test_a_time_limit_does_not_make_another_descent(tmp_path, image, cloak):
    hurried = replace(cloak, seconds=60.0)
    assert digest(image, hurried, EIGHTY, SEED) == digest(image, cloak, EIGHTY, SEED)
    stopped(tmp_path, image, cloak, step=7)
    steps = []
    hurried.apply(
        image,
        budget=EIGHTY,
        seed=SEED,
        progress=lambda done, _total: steps.append(done),
        keeper=keeper(tmp_path, image, hurried, resume=True),
    )
    assert steps[0] == 8


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("damage", [b"", b"no tensors at all", None])
def test_from_a_damaged_file_nothing_is_resumed(tmp_path, image, cloak, damage):
    path = stopped(tmp_path, image, cloak)
    path.write_bytes(path.read_bytes()[:-1000] if damage is None else damage)
    assert seed_kept(path) is None
    steps = []
    cloak.apply(
        image,
        budget=EIGHTY,
        seed=SEED,
        progress=lambda done, _total: steps.append(done),
        keeper=keeper(tmp_path, image, cloak, resume=True),
    )
    assert steps[0] == 1


def test_nothing_is_written_before_its_time(tmp_path, image, cloak):
    cloak.apply(image, budget=EIGHTY, seed=SEED, keeper=keeper(tmp_path, image, cloak, resume=False))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("at_once")
def test_the_file_is_plain_tensors_with_the_seed(tmp_path, image, cloak):
    with safe_open(stopped(tmp_path, image, cloak, step=5), "pt") as file:
        assert {"change", "mean", "power", "slope.0.0"} <= set(file.keys())
        assert file.metadata()["seed"] == str(SEED)


@pytest.mark.usefixtures("at_once")
def test_surrogates_that_learn_are_not_kept(tmp_path, image, generator):
    learning = DescentCloak(AntiDreamBooth(), (generator,), Descent(steps=2))
    assert not learning.resumable
    learning.apply(image, budget=EIGHTY, seed=SEED, keeper=keeper(tmp_path, image, learning, resume=False))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("at_once")
def test_a_disk_without_room_does_not_end_the_descent(tmp_path, image, cloak):
    (tmp_path / "file").write_bytes(b"")
    kept = replace(keeper(tmp_path, image, cloak, resume=False), path=tmp_path / "file" / ".picture")
    assert cloak.apply(image, budget=EIGHTY, seed=SEED, keeper=kept).colours.any()
