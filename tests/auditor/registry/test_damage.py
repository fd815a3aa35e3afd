"""Damaged registries: one sentence, no silent wrong answer, and what can be proved is written into a new file."""

import random
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.auditor.check import check
from artaudit.auditor.register import register
from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.recovery import recover
from artaudit.auditor.report import report
from artaudit.errors import ArtauditError, RegistryError

COUNTERS = {*range(24, 28), *range(28, 32), *range(40, 44), *range(48, 52), *range(92, 100)}
"""Bytes of a file's header that hold counters, suggestions and SQLite's version, and the size while those agree."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """Return the folder of a closed registry with works, a version, a case, notes and changes."""
    folder = tmp_path_factory.mktemp("whole")
    noise = np.random.default_rng(0)
    with Registry(folder / "registry.db") as registry:
        for number in range(6):
            small = noise.integers(0, 256, (8, 8, 3), np.uint8)
            Pillow.fromarray(small).resize((160, 160)).save(folder / f"{number}.png")
            register(folder / f"{number}.png", registry)
        Pillow.open(folder / "0.png").save(folder / "0.webp", lossless=True)
        register(folder / "0.webp", registry)
        case = check(folder / "0.png", registry, [])[0]
        registry.case_store.note(case, "a note")
        registry.edit(1, title="another title")
        registry.withdraw(2, "sold")
    return folder


@pytest.fixture
def damaged(whole, tmp_path):
    """Return what writes a copy of the registry with other bytes at some places."""
    data = (whole / "registry.db").read_bytes()

    def write(changes: dict[int, bytes], name: str = "registry.db") -> Path:
        copy = bytearray(data)
        for at, other in changes.items():
            copy[at : at + len(other)] = other
        for suffix in ("", "-wal", "-shm"):
            (tmp_path / f"{name}{suffix}").unlink(missing_ok=True)
        (tmp_path / name).write_bytes(copy)
        return tmp_path / name

    write.data = data
    return write


def said(path: Path) -> tuple:
    """Return everything that a registry answers."""
    with Registry(path, create=False) as registry:
        works = registry.works(withdrawn=True)
        return (
            works,
            registry.versions(),
            [registry.preview(work.id) for work in works],
            [list(registry.fingerprints(kind)) for kind in ("pdq", "keypoints")],
            [registry.history(work.id) for work in works],
            registry.case_store.folders(),
            registry.cases(),
            [registry.case(line.id) for line in registry.cases()],
            list(registry.events()),
        )


def flips(data: bytes) -> list[tuple[int, int]]:
    chance = random.Random(0)
    header = [(at, 1 << chance.randrange(8)) for at in range(100)]
    used = [at for at in range(100, len(data)) if data[at]]  # most of the rest is space that no row uses
    return header + [(at, 1 << chance.randrange(8)) for at in chance.sample(used, 150)]


def test_a_flipped_bit_is_found_or_changes_no_answer(whole, damaged):
    right, passed = said(whole / "registry.db"), set()
    for at, bit in flips(damaged.data):
        path = damaged({at: bytes([damaged.data[at] ^ bit])})
        try:
            with Registry(path, create=False) as registry:
                problems = registry.verify()
        except RegistryError as error:
            problems = [str(error)]
        assert all("\n" not in problem for problem in problems)
        if not problems:
            passed.add(at)
            assert said(path) == right, at
    assert {at for at in passed if at < 100} <= COUNTERS


def test_every_command_on_a_damaged_registry_says_one_sentence(damaged, tmp_path):
    for at, bit in flips(damaged.data)[::3]:
        path = damaged({at: bytes([damaged.data[at] ^ bit])})
        target = tmp_path / f"{at}.zip"
        for act in (
            lambda registry, target=target: report(1, target, registry),
            lambda registry: registry.case_store.note(1, "more"),
            lambda registry, at=at: registry.backup(tmp_path / f"{at}.db"),
            lambda registry: [registry.history(1), registry.cases(), registry.case_store.folders(), registry.works()],
        ):
            with suppress(ArtauditError), Registry(path, create=False) as registry:
                act(registry)


def test_a_report_does_not_pass_on_a_changed_row(damaged, tmp_path):
    at = damaged.data.rindex(b"a note")
    path = damaged({at: b"a vote"})
    with Registry(path) as registry, pytest.raises(RegistryError, match=r"is damaged.*recover"):
        report(1, tmp_path / "case.zip", registry)
    assert not (tmp_path / "case.zip").exists()


def test_a_whole_registry_is_recovered_as_it_is(whole, tmp_path):
    done = recover(whole / "registry.db", tmp_path / "new.db", "me")
    assert (done.lost, (tmp_path / "new.db.lost.txt").exists()) == ((), False)
    assert said(tmp_path / "new.db") == said(whole / "registry.db")
    with Registry(tmp_path / "new.db") as registry:
        assert registry.verify() == []


def test_what_is_not_yet_in_the_file_itself_is_recovered_from_the_log_of_writes(whole, tmp_path):
    path = tmp_path / "open.db"
    shutil.copy(whole / "registry.db", path)
    with Registry(path) as registry:
        registry.case_store.note(1, "the newest note")
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", f"{tmp_path / 'killed.db'}{suffix}")
    recover(tmp_path / "killed.db", tmp_path / "new.db", "me")
    with Registry(tmp_path / "new.db") as registry:
        assert registry.case_store.folder(1).notes[-1].text == "the newest note"


@pytest.mark.parametrize("what", ["header", "first page", "a work", "the log"])
def test_what_can_be_proved_is_recovered_whatever_is_damaged(whole, damaged, tmp_path, what):
    data = damaged.data
    with Registry(whole / "registry.db") as registry:
        titles = {work.id: work.title for work in registry.works(withdrawn=True)}
        third = next(event for event in registry.events() if event.seq == 3)
    everywhere = {"a work": (b"4.png", b"9.png"), "the log": (third.hash.encode(), b"0" * 64)}
    changes = {"header": {0: b"\xff" * 16, 18: b"\xff" * 82}, "first page": {0: b"\xff" * 4096}}.get(what)
    if changes is None:
        was, now = everywhere[what]
        changes = {at: now for at in range(len(data)) if data.startswith(was, at)}
    path = damaged(changes)
    before = path.read_bytes()
    done = recover(path, tmp_path / "new.db", "me")
    assert path.read_bytes() == before
    with Registry(tmp_path / "new.db") as registry:
        found = {work.id: work.title for work in registry.works(withdrawn=True)}
        problems = registry.verify()
        assert register(whole / "5.png", registry)[1] is False  # it goes on where it was
    lost = {"a work": {5}, "the log": {3, 4}}.get(what, set())  # the fourth event names the hash of the third
    assert found == {number: title for number, title in titles.items() if number not in lost}
    assert bool(done.lost) == bool(lost) == (tmp_path / "new.db.lost.txt").exists()
    assert (problems == []) == (what != "a work"), problems
    assert all(" 5 of works" in line for line in problems)


def test_nothing_is_recovered_from_what_is_no_registry_and_nothing_overwritten(whole, tmp_path):
    (tmp_path / "words").write_bytes(b"these are words" * 1000)
    with pytest.raises(RegistryError, match="no event"):
        recover(tmp_path / "words", tmp_path / "new.db", "me")
    with pytest.raises(RegistryError, match="exists"):
        recover(whole / "registry.db", tmp_path / "words", "me")
    assert {path.name for path in tmp_path.iterdir()} == {"words"}
