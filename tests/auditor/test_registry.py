"""What the registry keeps, refuses and notices."""

import io
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.auditor.registry import Registry, default_path
from artaudit.errors import RegistryError
from artaudit.image import Image, decode


def picture(shade: int) -> Image:
    buffer = io.BytesIO()
    Pillow.fromarray(np.full((8, 8, 3), shade, np.uint8)).save(buffer, "PNG")
    return decode(buffer.getvalue(), name=f"/somewhere/{shade}.png")


def add(registry: Registry, shade: int) -> int:
    work, _ = registry.add_work(picture(shade), title=f"shade {shade}", fingerprints={"pdq": b"p"}, preview=b"jpeg")
    return work.id


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "registry.db"


def test_a_work_comes_back_as_it_was_registered(path):
    with Registry(path) as registry:
        number = add(registry, 10)
    with Registry(path) as registry:
        work = registry.work(number)
        assert (work.title, work.path, work.width, work.format) == ("shade 10", "/somewhere/10.png", 8, "PNG")
        assert work.sha256 == picture(10).sha256
        assert registry.preview(number) == b"jpeg"
        assert list(registry.fingerprints("pdq")) == [(number, b"p")]
        assert registry.verify() == []


def test_registering_the_same_bytes_twice_changes_nothing(path):
    with Registry(path) as registry:
        assert add(registry, 1) == add(registry, 1)
        assert len(registry.works()) == 1
        assert len(list(registry.events())) == 1


def test_cloaked_versions_are_found_by_bytes_and_by_pixels(path):
    with Registry(path) as registry:
        number = add(registry, 1)
        assert registry.add_version(number, picture(2), {"seed": 5})
        assert not registry.add_version(number, picture(2), {"seed": 5})
        [(work, version)] = registry.find(pixels_sha256=picture(2).pixels_sha256)
        assert (work.id, version.receipt) == (number, {"seed": 5})
        [(work, version)] = registry.find(sha256=picture(1).sha256)
        assert (work.id, version) == (number, None)


def test_a_withdrawn_work_is_left_out_until_it_is_restored(path):
    with Registry(path) as registry:
        number = add(registry, 1)
        registry.withdraw(number, "sold")
        assert registry.works() == []
        assert list(registry.fingerprints("pdq")) == []
        assert registry.works(withdrawn=True)[0].withdrawn
        registry.restore(number, "bought back")
        assert [work.id for work in registry.works()] == [number]
        assert [event.kind for event in registry.events()] == ["register", "withdraw", "restore"]


def test_a_case_keeps_the_evidence_and_the_suspects_bytes(path):
    with Registry(path) as registry:
        first = registry.add_case({"path": "a", "verdict": "v", "findings": []}, b"bytes")
        second = registry.add_case({"path": "a", "verdict": "w", "findings": []}, b"bytes")
        assert registry.case(first).suspect == b"bytes"
        assert registry.case(second).evidence["verdict"] == "w"
        assert [line.verdict for line in registry.cases()] == ["v", "w"]
        assert registry.verify() == []


def test_unknown_numbers_are_errors(path):
    with Registry(path) as registry:
        for ask in (registry.work, registry.case, registry.preview):
            with pytest.raises(RegistryError, match="There is no"):
                ask(99)


def test_nothing_can_be_changed_or_removed_through_sql(path):
    with Registry(path) as registry:
        add(registry, 1)
    connection = sqlite3.connect(path)
    for statement in ("UPDATE works SET title = 'mine'", "DELETE FROM events", "UPDATE events SET at = 'now'"):
        with pytest.raises(sqlite3.DatabaseError, match="append-only"):
            connection.execute(statement)


def tamper(path: Path, statement: str) -> list[str]:
    """Do what an attacker with the file does: drop the guards, change, put the guards back."""
    connection = sqlite3.connect(path)
    guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    for _, sql in guards:
        connection.execute(sql)
    connection.commit()
    connection.close()
    with Registry(path) as registry:
        return registry.verify()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE works SET title = 'mine' WHERE id = 2", "row 2 of works was changed"),
        ("DELETE FROM fingerprints WHERE work = 1", "row 1 of works was changed"),
        ("UPDATE events SET at = '1999' WHERE seq = 2", "event 2 was changed"),
        ("DELETE FROM events WHERE seq = 2", "events 2 to 2 are missing"),
        ("DELETE FROM cases", "row 1 of cases was changed or removed"),
        ("UPDATE suspects SET data = x'00'", "row 1 of cases was changed"),
        ("UPDATE events SET payload = 'not json' WHERE seq = 1", "cannot be read"),
        (
            "INSERT INTO withdrawals (work, withdrawn, reason, at) VALUES (1, 1, '', '')",
            "row 1 of withdrawals is in no event",
        ),
    ],
)
def test_tampering_behind_the_guards_is_found(path, statement, says):
    with Registry(path) as registry:
        add(registry, 1)
        add(registry, 2)
        registry.add_case({"path": "a", "verdict": "v"}, b"bytes")
    assert any(says in problem for problem in tamper(path, statement))


def test_a_registry_without_its_guards_is_not_opened(path):
    Registry(path).__exit__(None, None, None)
    connection = sqlite3.connect(path)
    connection.execute("DROP TRIGGER events_no_delete")
    connection.commit()
    with pytest.raises(RegistryError, match="append-only"):
        Registry(path)


def test_files_that_are_no_registry_are_refused_and_left_alone(tmp_path):
    text = tmp_path / "text.db"
    text.write_text("these are words, many of them, and no database at all " * 30)
    before = text.read_bytes()
    with pytest.raises(RegistryError, match="failed as a registry"):
        Registry(text)
    assert text.read_bytes() == before
    other = tmp_path / "other.db"
    sqlite3.connect(other).execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(RegistryError, match="something else"):
        Registry(other)
    with pytest.raises(RegistryError, match="choose another --db"):
        Registry(tmp_path)
    newer = tmp_path / "newer.db"
    Registry(newer).__exit__(None, None, None)
    sqlite3.connect(newer).execute("PRAGMA user_version = 99")
    with pytest.raises(RegistryError, match="newer artaudit"):
        Registry(newer)


def test_a_backup_is_whole_and_overwrites_nothing(path, tmp_path):
    with Registry(path) as registry:
        add(registry, 1)
        registry.backup(tmp_path / "copy.db")
        with pytest.raises(RegistryError, match="nothing is overwritten"):
            registry.backup(tmp_path / "copy.db")
    with Registry(tmp_path / "copy.db") as copy:
        assert len(copy.works()) == 1
        assert copy.verify() == []


def test_the_environment_chooses_the_file(monkeypatch, tmp_path):
    monkeypatch.setenv("ARTAUDIT_DB", str(tmp_path / "mine.db"))
    assert default_path() == tmp_path / "mine.db"
    monkeypatch.delenv("ARTAUDIT_DB")
    assert default_path().name == "registry.db"


WRITER = """
import sys
from pathlib import Path
from artaudit.auditor.registry import Registry
with Registry(Path(sys.argv[1])) as registry:
    for number in range(100000):
        print(registry.add_case({"path": sys.argv[2], "verdict": str(number)}, sys.argv[2].encode()), flush=True)
"""


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_writers_are_killed(path):
    acknowledged = set()
    for _round in range(4):
        writers = [
            subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], stdout=subprocess.PIPE)
            for name in ("one", "two")
        ]
        time.sleep(4)
        for writer in writers:
            os.kill(writer.pid, signal.SIGKILL)
            output = writer.communicate()[0]
            acknowledged |= {int(line) for line in output.decode().split("\n")[:-1]}
    with Registry(path) as registry:
        kept = {line.id for line in registry.cases()}
        assert len(acknowledged) > 20
        assert acknowledged <= kept
        assert registry.verify() == []
