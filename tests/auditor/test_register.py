"""Many pictures become works as one alone does, in order, and one that cannot be read stops no other."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from artaudit.auditor.originals import original_of
from artaudit.auditor.register import Enrolment, Wish, register, register_all
from artaudit.auditor.registry import Registry
from artaudit.datasets.drawings import draw
from artaudit.datasets.photographs import photograph
from artaudit.errors import ImageError
from artaudit.image import read

KINDS = ("pdq", "keypoints")


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{number}.png" for number in range(7)]
    for number, path in enumerate(paths):
        draw(np.random.default_rng(number)).resize((96, 96)).save(path)
    return paths


def prints(registry: Registry, work: int) -> list[bytes]:
    return [registry.fingerprint_store.fingerprint(work, kind) for kind in KINDS] + [registry.preview(work)]


def test_many_are_registered_in_order_with_what_each_alone_would_have(paths, tmp_path):
    with Registry(tmp_path / "many.db") as many, Registry(tmp_path / "single.db") as single:
        entered = [enter() for enter in register_all(paths, many)]
        assert [(done.work.id, done.work.title, done.new) for done in entered] == [
            (number + 1, path.stem, True) for number, path in enumerate(paths)
        ]
        for path, done in zip(paths, entered, strict=True):
            assert prints(many, done.work.id) == prints(single, register(path, single)[0].id)


def test_what_is_known_or_comes_twice_is_registered_once(paths, tmp_path):
    with Registry(tmp_path / "works.db") as registry:
        first, _ = register(paths[0], registry, "the first")
        again = [enter() for enter in register_all([paths[0], paths[1], paths[1]], registry)]
        assert [(done.work.title, done.new) for done in again] == [("the first", False), ("1", True), ("1", False)]
        assert again[0].work.id == first.id
        assert registry.count() == 2


def test_one_that_cannot_be_read_stops_no_other(paths, tmp_path):
    paths[1].write_bytes(b"no picture")
    entered = []
    with Registry(tmp_path / "works.db") as registry:
        for number, enter in enumerate(register_all(paths, registry)):
            if number == 1:
                with pytest.raises(ImageError):
                    enter()
            else:
                entered.append(enter().work.title)
    assert entered == ["0", "2", "3", "4", "5", "6"]


def entry(registry: Registry, path: Path, wish: Wish | None = None) -> Enrolment:
    [enter] = register_all([path], registry, wish or Wish())
    return enter()


def test_a_title_on_registering_again_is_taken_aloud_and_undone_by_another(paths, tmp_path):
    with Registry(tmp_path / "works.db") as registry:
        assert entry(registry, paths[0]).work.title == "0"
        named = entry(registry, paths[0], Wish("Harbour"))
        assert (named.work.title, named.new, named.notes) == ("Harbour", False, ("its title was '0'",))
        assert entry(registry, paths[0]).work.title == "Harbour"
        assert entry(registry, paths[0], Wish("0")).work.title == "0"
        assert [event.kind for event in registry.events()] == ["register", "edit", "edit"]
        assert registry.verify() == []


def test_what_is_withdrawn_is_said_when_it_is_registered_again(paths, tmp_path):
    with Registry(tmp_path / "works.db") as registry:
        work = entry(registry, paths[0]).work
        registry.withdraw(work.id, "")
        assert "withdrawn" in entry(registry, paths[0]).notes[0]


def test_the_very_file_at_another_place_is_used_when_the_first_is_gone(paths, tmp_path):
    copy = tmp_path / "second" / "copy.png"
    copy.parent.mkdir()
    copy.write_bytes(paths[0].read_bytes())
    with Registry(tmp_path / "works.db") as registry:
        work = entry(registry, paths[0]).work
        assert entry(registry, copy).notes == (f"a copy of {paths[0]}",)
        assert entry(registry, copy).notes == ()
        assert registry.work(work.id).path == str(paths[0])
        paths[0].unlink()
        assert original_of(registry.work(work.id), registry).name == str(copy)
        assert entry(registry, copy).work.path == str(copy)
        copy.write_bytes(paths[1].read_bytes())
        assert original_of(registry.work(work.id), registry) is None


@pytest.fixture
def harbour(tmp_path: Path) -> Path:
    path = tmp_path / "harbour.png"
    Image.open(io.BytesIO(photograph("china.jpg"))).resize((480, 320)).save(path)
    return path


def with_receipt(path: Path, harbour: Path) -> None:
    """Write the harbour with another look and a receipt that says so, as a cloak made elsewhere would have it."""
    picture = Image.open(harbour).convert("RGB")
    Image.blend(picture, picture.rotate(180), 0.3).save(path)
    both = {"input": harbour, "output": path}
    described = {name: {"sha256": read(file).sha256} for name, file in both.items()}
    path.with_name("harbour.receipt.json").write_text(json.dumps({"schema": "artaudit-receipt/3", **described}))


def as_is(path: Path, harbour: Path) -> None:
    Image.open(harbour).save(path, compress_level=1)


def smaller(path: Path, harbour: Path) -> None:
    Image.open(harbour).resize((240, 160)).save(path, quality=80)


def saved_again(path: Path, harbour: Path) -> None:
    Image.open(harbour).save(path, quality=70)


@pytest.mark.parametrize(
    ("name", "make", "kind", "said"),
    [
        ("harbour-cloaked.png", with_receipt, "cloaked", "its receipt lies beside it"),
        ("copy.png", as_is, "copied", "its pixels are the same"),
        ("small.jpg", smaller, "resized", "it looks the same"),
        ("again.jpg", saved_again, "changed", "it looks the same"),
    ],
)
def test_a_version_of_a_registered_work_is_recorded_with_it(harbour, tmp_path, name, make, kind, said):
    version = tmp_path / "versions" / name
    version.parent.mkdir()
    make(version, harbour)
    with Registry(tmp_path / "works.db") as registry:
        work = entry(registry, harbour).work
        done = entry(registry, version, Wish("another"))
        assert (done.work.id, done.new, done.version, done.notes[0]) == (work.id, False, kind, said)
        assert "'another' was not taken" in done.notes[1]
        [kept] = registry.versions(work.id)
        assert (kept.kind, kept.path) == (kind, str(version))
        assert registry.count() == 1
        assert register(version, registry) == (registry.work(work.id), False)
        assert registry.verify() == []


def test_as_new_makes_a_work_of_a_version_and_registering_again_keeps_it(harbour, tmp_path):
    smaller(tmp_path / "small.jpg", harbour)
    with Registry(tmp_path / "works.db") as registry:
        first = entry(registry, harbour).work
        entry(registry, tmp_path / "small.jpg")
        own = entry(registry, tmp_path / "small.jpg", Wish(as_new=True))
        assert (own.new, own.work.id, registry.versions(first.id)) == (True, 2, [])
        assert entry(registry, tmp_path / "small.jpg").work.id == 2
        assert [event.kind for event in registry.events()] == ["register", "version", "detach", "register"]


def text_on_it(picture: Image.Image) -> Image.Image:
    ImageDraw.Draw(picture).text((50, 40), "SOLD OUT", fill="white", font_size=30)
    return picture


@pytest.mark.parametrize(
    "vary",
    [
        text_on_it,
        lambda picture: picture.convert("L"),
        lambda picture: picture.crop((20, 0, 480, 320)),
        ImageOps.mirror,
        ImageOps.invert,
    ],
)
def test_another_state_of_a_work_is_a_work_of_its_own(harbour, tmp_path, vary):
    vary(Image.open(harbour).convert("RGB")).save(tmp_path / "other.png")
    with Registry(tmp_path / "works.db") as registry:
        entry(registry, harbour)
        assert entry(registry, tmp_path / "other.png").new


def test_a_receipt_that_is_damaged_or_about_other_pictures_proves_nothing(harbour, tmp_path):
    other = tmp_path / "harbour-cloaked.png"
    draw(np.random.default_rng(9)).resize((200, 200)).save(other)
    with Registry(tmp_path / "works.db") as registry:
        entry(registry, harbour)
        for number, text in enumerate(
            ("[", "[" * 100_000, '{"output": 3}', '{"input": {}, "output": {"sha256": "x"}}')
        ):
            (tmp_path / "harbour.receipt.json").write_text(text)
            draw(np.random.default_rng(9 + number)).resize((200, 200)).save(other)
            assert entry(registry, other).new
