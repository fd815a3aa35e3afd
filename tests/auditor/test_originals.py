"""An original is found where it was moved to, or where a copy of it was registered, and only if it is unchanged."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from artaudit.auditor.places import move, relocate, state_of
from artaudit.auditor.register import Wish, register, register_all
from artaudit.auditor.registry import Registry
from artaudit.auditor.trial import find_pair
from artaudit.datasets.photographs import photograph
from artaudit.errors import ImageError, UsageError
from artaudit.image import read


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    path = tmp_path / "harbour.png"
    Image.open(io.BytesIO(photograph("china.jpg"))).resize((240, 160)).save(path)
    return path


@pytest.fixture
def registry(tmp_path: Path):
    with Registry(tmp_path / "registry.db") as opened:
        yield opened


def cloaked(harbour: Path, registry: Registry, work: int) -> Path:
    """Write another picture that the registry takes for the cloaked version of a work."""
    path = harbour.with_name("harbour-cloaked.png")
    Image.open(harbour).rotate(180).save(path)
    image = read(path)
    receipt = {"schema": "artaudit-receipt/3", "input": {"pixels_sha256": read(harbour).pixels_sha256}}
    registry.add_version(work, replace(image, name=str(path)), receipt)
    return path


def test_a_trial_uses_a_registered_copy_when_the_first_file_is_gone(harbour, registry, tmp_path):
    work, _ = register(harbour, registry)
    version = cloaked(harbour, registry, work.id)
    copy = tmp_path / "copy.png"
    copy.write_bytes(harbour.read_bytes())
    register(copy, registry)
    harbour.unlink()
    pair = find_pair(version, registry)
    assert pair.clean.name == str(copy)
    copy.unlink()
    with pytest.raises(ImageError, match="audit works move 1 PATH"):
        find_pair(version, registry)


def test_a_cloak_of_a_resized_version_is_tried_beside_that_version(harbour, registry, tmp_path):
    work, _ = register(harbour, registry)
    small = tmp_path / "small.png"
    Image.open(harbour).resize((120, 80)).save(small)
    assert register(small, registry)[0].id == work.id
    version = cloaked(small, registry, work.id)
    assert find_pair(version, registry).clean.name == str(small)


def test_a_signed_or_copied_version_is_no_cloak(harbour, registry, tmp_path):
    register(harbour, registry)
    Image.open(harbour).save(tmp_path / "copy.png", compress_level=1)
    [enter] = register_all([tmp_path / "copy.png"], registry, Wish())
    assert enter().version == "copied"
    assert find_pair(tmp_path / "copy.png", registry).receipt is None


def test_a_work_follows_its_file_alone(harbour, registry, tmp_path):
    work, _ = register(harbour, registry)
    (tmp_path / "deep").mkdir()
    harbour.rename(tmp_path / "deep" / "1.png")
    assert move(work, tmp_path / "deep" / "1.png", registry) == str(tmp_path / "deep" / "1.png")
    moved = registry.work(work.id)
    assert (moved.path, state_of(moved.path, moved.sha256)) == (str(tmp_path / "deep" / "1.png"), "unchanged")
    (tmp_path / "other.png").write_bytes(b"another")
    with pytest.raises(UsageError, match="is not the file of work 1"):
        move(work, tmp_path / "other.png", registry)
    assert relocate(tmp_path, registry) == ([], [])
