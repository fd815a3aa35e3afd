"""What the registry keeps, refuses and notices."""

import getpass
import io
import os
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.auditor.registry import Registry, default_path
from artaudit.auditor.registry.cases import SEAL
from artaudit.auditor.registry.hash_chain import GENESIS, canonical, digest, link
from artaudit.auditor.registry.schema import APPLICATION_ID, MIGRATIONS
from artaudit.auditor.registry.stamps import LogStamp
from artaudit.errors import RegistryError
from artaudit.image import Image, decode


def picture(shade: int) -> Image:
    buffer = io.BytesIO()
    Pillow.fromarray(np.full((8, 8, 3), shade, np.uint8)).save(buffer, "PNG")
    return decode(buffer.getvalue(), name=f"/somewhere/{shade}.png")


def add(registry: Registry, shade: int) -> int:
    work, _ = registry.add_work(picture(shade), title=f"shade {shade}", fingerprints={"pdq": b"p"}, preview=b"jpeg")
    return work.id


def spoil(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


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
        assert registry.count() == 0
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
    for statement in (
        "UPDATE works SET title = 'mine'",
        "DELETE FROM events",
        "UPDATE events SET at = 'now'",
        "INSERT OR REPLACE INTO events SELECT seq, at, 'forged', payload, prev, hash FROM events",
        """INSERT OR REPLACE INTO works SELECT id + 1, sha256, pixels_sha256, path, 'mine', width, height, format,
        registered_at, preview FROM works""",
        "INSERT OR REPLACE INTO fingerprints SELECT work, kind, x'00' FROM fingerprints",
    ):
        with pytest.raises(sqlite3.DatabaseError, match="append-only"):
            connection.execute(statement)
    connection.close()


def test_every_table_is_guarded_against_change_removal_and_replacement(path):
    with Registry(path) as registry:
        add(registry, 1)
        registry.add_version(1, picture(2), {})
        registry.withdraw(1, "sold")
        check = registry.add_case({"path": "a", "verdict": "v"}, b"bytes")
        opened = registry.case_store.open("title")
        registry.case_store.add(opened, check)
        registry.case_store.note(opened, "text")
        registry.case_store.exported(SEAL, None, "0" * 64, list(registry.events()))
        registry.add_manifest(1, b"c2pa")
        registry.fingerprint_store.add_descriptor(1, "model@0", b"numbers", b"sketch")
        registry.edit(1, title="another")
        registry.declaration_store.declare({"site": "", "files": []})
        registry.stamp_store.add(LogStamp(1, "0" * 64, "https://authority.example", b""))
    connection = sqlite3.connect(path)
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert len(tables) == 16
    for table in tables:
        column = connection.execute(f"SELECT name FROM pragma_table_info('{table}')").fetchone()[0]
        for statement in (
            f"UPDATE {table} SET {column} = {column}",
            f"DELETE FROM {table}",
            f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
        ):
            with pytest.raises(sqlite3.DatabaseError, match=f"{table} is append-only"):
                connection.execute(statement)
    connection.close()


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
        ("UPDATE events SET payload = 'not json' WHERE seq = 1", "event 1 was changed"),
        ("UPDATE events SET payload = '[]' WHERE seq = 1", "event 1 was changed"),
        ("UPDATE events SET payload = payload || ' ' WHERE seq = 1", "event 1 was changed"),
        ("UPDATE events SET payload = '{\"table\":[1]}' WHERE seq = 1", "event 1 names no row"),
        (
            'UPDATE events SET payload = \'{"id":1000000000000000000000000000000,"table":"works"}\' WHERE seq = 1',
            "of works was changed or removed after event 1",
        ),
        ("DELETE FROM events WHERE seq = 3", "row 1 of cases is in no event"),
        ("INSERT INTO suspects VALUES ('ab', x'00')", "suspect ab belongs to no case"),
        ("INSERT INTO fingerprints VALUES (9, 'pdq', x'00')", "a row of fingerprints refers to one that is missing"),
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


NO_GUARD = "CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT 1; END"
SWALLOWER = "CREATE TRIGGER quiet BEFORE INSERT ON cases BEGIN SELECT RAISE(IGNORE); END"


@pytest.mark.parametrize(
    ("statements", "says"),
    [
        (["DROP TRIGGER events_no_delete"], "events_no_delete is missing"),
        (["DROP TRIGGER events_no_delete", NO_GUARD], "events_no_delete is missing or changed"),
        ([SWALLOWER], "quiet is not the registry's"),
    ],
)
def test_a_registry_whose_guards_were_touched_is_not_opened(path, statements, says):
    Registry(path).__exit__(None, None, None)
    spoil(path, *statements)
    with pytest.raises(RegistryError, match=says):
        Registry(path)


def test_guards_that_go_while_the_registry_is_open_are_reported(path):
    with Registry(path) as registry:
        spoil(path, "DROP TRIGGER works_no_update")
        assert registry.verify() == ["trigger works_no_update is missing or changed"]


def test_a_forged_event_for_a_rewritten_row_does_not_hide_the_change(path):
    with Registry(path) as registry:
        add(registry, 1)
        events = list(registry.events())
        forged = link(2, events[0].at, "register", {**events[0].payload, "content": "0" * 64}, events[0].hash)
        values = f"2, '{forged.at}', 'register', '{canonical(forged.payload)}', '{forged.prev}', '{forged.hash}'"
        spoil(path, f"INSERT INTO events VALUES ({values})")
        assert registry.verify() == ["row 1 of works was changed or removed after event 2"]


def test_damaged_pages_are_reported_or_refused_never_called_intact(path):
    with Registry(path) as registry:
        for shade in range(5):
            add(registry, shade)
        registry.add_case({"path": "a", "verdict": "v"}, b"x" * 20_000)
    spoil(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    reported = 0
    for page in range(len(whole) // 4096):
        path.write_bytes(whole[: page * 4096] + b"\xa5" * 4096 + whole[(page + 1) * 4096 :])
        try:
            with Registry(path) as registry:
                assert registry.verify(), page
                reported += 1
        except RegistryError:
            continue
    assert reported


def test_a_row_that_is_no_longer_json_is_an_error_that_says_so(path):
    with Registry(path) as registry:
        add(registry, 1)
        registry.add_version(1, picture(2), {})
    tamper(path, "UPDATE versions SET receipt = '{'")
    with Registry(path) as registry, pytest.raises(RegistryError, match="not as it was written"):
        registry.versions()


def test_names_that_are_no_utf_8_are_kept(path):
    stray = os.fsdecode(b"/somewhere/\xff.png")
    with Registry(path) as registry:
        work, _ = registry.add_work(replace(picture(1), name=stray), title=stray, fingerprints={}, preview=b"")
        assert work.path == r"/somewhere/\udcff.png"
        case = registry.add_case({"path": stray, "verdict": "v"}, b"bytes")
        assert registry.case(case).evidence["path"] == stray
        assert registry.verify() == []


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_a_registry_of_an_older_version_is_brought_up_to_date(path, version):
    path.parent.mkdir()
    payload = {"table": "works", "id": 1, "content": content_of_old_work()}
    event = link(1, "2026-01-01", "register", payload, GENESIS)
    with sqlite3.connect(path) as old:
        for script in MIGRATIONS[:version]:
            old.executescript(script)
        old.execute("INSERT INTO works VALUES (1, 'a', 'b', 'p', 't', 8, 8, 'PNG', '2026-01-01', x'00')")
        values = (1, event.at, event.kind, canonical(payload), event.prev, event.hash)
        old.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", values)
        old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        old.execute(f"PRAGMA user_version = {version}")
    old.close()
    with Registry(path) as registry:
        assert registry.work(1).title == "t"
        add(registry, 1)
        assert registry.case_store.open("a case") == 1
        assert registry.verify() == []
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    connection.close()


def content_of_old_work() -> str:
    """Return the digest that a registry of the first version wrote of the work above."""
    row = {"id": 1, "sha256": "a", "pixels_sha256": "b", "path": "p", "title": "t", "width": 8, "height": 8}
    row |= {"format": "PNG", "registered_at": "2026-01-01", "preview": sha256(b"\0").hexdigest(), "fingerprints": []}
    return digest(row)


def test_the_log_says_who_acted(path, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_BY", "Ada")
    with Registry(path) as registry:
        add(registry, 1)
    monkeypatch.delenv("ARTAUDIT_BY")
    with Registry(path) as registry:
        registry.withdraw(1, "sold")
        assert [event.payload["by"] for event in registry.events()] == ["Ada", getpass.getuser()]


def test_manifests_are_kept_in_order(path):
    with Registry(path) as registry:
        number = add(registry, 1)
        for data in (b"first", b"second"):
            registry.add_manifest(number, data)
        assert [manifest.data for manifest in registry.manifests(number)] == [b"first", b"second"]
        assert registry.verify() == []


def test_another_process_holding_the_file_is_an_error_after_the_wait(path, monkeypatch):
    monkeypatch.setattr("artaudit.auditor.registry.store.BUSY_SECONDS", 0.1)
    with Registry(path) as registry:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(RegistryError, match="close what else is using it"):
            add(registry, 1)
        holder.execute("ROLLBACK")
        holder.close()
        assert add(registry, 1) == 1


def test_a_full_disk_keeps_the_registry_whole(path):
    with Registry(path) as registry:
        add(registry, 1)
        pages = registry._store.first("PRAGMA page_count")["page_count"]
        registry._store.first(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(RegistryError, match="make room on the disk"):
            registry.add_case({"path": "a", "verdict": "v"}, b"x" * 100_000)
        assert registry.cases() == []
        assert registry.verify() == []


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="needs POSIX permissions")
def test_a_read_only_folder_takes_no_registry_and_one_that_lies_there_is_only_read():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = folder / "kept.db"
        with Registry(kept) as registry:
            add(registry, 1)
        folder.chmod(0o555)
        kept.chmod(0o444)
        me = os.geteuid()
        if me == 0:
            os.seteuid(65534)  # root may write anywhere, so stop being root
        try:
            for target in (folder / "new.db", folder / "below" / "new.db"):
                with pytest.raises(RegistryError, match="choose another --db"):
                    Registry(target)
            with Registry(kept) as registry:
                assert registry.read_only and registry.count() == 1
                with pytest.raises(RegistryError, match="may only be read"):
                    registry.withdraw(1, "sold")
        finally:
            os.seteuid(me)
            folder.chmod(0o755)


def test_a_picture_registered_by_many_at_once_is_registered_once(path, monkeypatch):
    monkeypatch.setattr("artaudit.auditor.registry.store.BUSY_SECONDS", 60)  # however busy the computer is

    def register(_: int) -> bool:
        with Registry(path) as registry:
            return registry.add_work(picture(1), title="t", fingerprints={"pdq": b"p"}, preview=b"")[1]

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(register, range(16))) == 1
    with Registry(path) as registry:
        assert len(registry.works()) == 1
        assert registry.verify() == []


def test_many_may_create_the_file_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("artaudit.auditor.registry.store.BUSY_SECONDS", 60)  # however busy the computer is
    for number in range(20):
        together = Barrier(6)

        def create(_: int, path: Path = tmp_path / f"{number}.db", together: Barrier = together) -> list[str]:
            together.wait(timeout=60)
            with Registry(path) as registry:
                return registry.verify()

        with ThreadPoolExecutor(6) as pool:
            assert list(pool.map(create, range(6))) == [[]] * 6


def test_the_switch_to_write_ahead_waits_for_another_that_switches(path, monkeypatch):
    class Busy(sqlite3.Connection):
        refusals = 3

        def execute(self, statement, *values):
            if "journal_mode" in statement and Busy.refusals:
                Busy.refusals -= 1
                error = sqlite3.OperationalError("database is locked")
                error.sqlite_errorcode = sqlite3.SQLITE_BUSY
                raise error
            return super().execute(statement, *values)

    monkeypatch.setattr("artaudit.auditor.registry.store.sqlite3.connect", partial(sqlite3.connect, factory=Busy))
    with Registry(path) as registry:
        assert Busy.refusals == 0
        assert registry.verify() == []


def test_verify_is_not_misled_by_what_is_written_meanwhile(path):
    with Registry(path) as registry, ThreadPoolExecutor(1) as pool:

        def write() -> None:
            with Registry(path) as writer:
                for number in range(150):
                    writer.add_case({"path": "a", "verdict": "v"}, str(number).encode())

        writing = pool.submit(write)
        seen = [registry.verify()]
        while not writing.done():
            seen.append(registry.verify())
        writing.result()
        assert all(problems == [] for problems in seen)


def test_fingerprints_may_be_read_while_cases_are_added(path):
    with Registry(path) as registry:
        numbers = [add(registry, shade) for shade in range(3)]
        read = []
        for number, _ in registry.fingerprints("pdq"):
            registry.add_case({"path": "a", "verdict": "v"}, b"bytes")
            read.append(number)
        assert read == numbers
        assert len(registry.cases()) == 3


def test_files_that_are_no_registry_are_refused_and_left_alone(tmp_path):
    text = tmp_path / "text.db"
    text.write_text("these are words, many of them, and no database at all " * 30)
    before = text.read_bytes()
    with pytest.raises(RegistryError, match="failed as a registry"):
        Registry(text)
    assert text.read_bytes() == before
    recipes = tmp_path / "recipes.db"
    sqlite3.connect(recipes).execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(RegistryError, match="something else"):
        Registry(recipes)
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


def test_a_backup_that_fails_names_its_target_and_leaves_nothing(path, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"")
    with Registry(path) as registry:
        with pytest.raises(RegistryError, match=r"cannot be copied to .*copy\.db"):
            registry.backup(file / "copy.db")
        registry.backup(tmp_path / "backups" / "copy.db")
    assert [file.name for file in (tmp_path / "backups").iterdir()] == ["copy.db"]


def test_the_environment_chooses_the_file(monkeypatch, tmp_path):
    monkeypatch.setenv("ARTAUDIT_DB", str(tmp_path / "mine.db"))
    assert default_path() == tmp_path / "mine.db"
    monkeypatch.delenv("ARTAUDIT_DB")
    assert default_path().name == "registry.db"


WRITER = """
import secrets, sys
from pathlib import Path
import numpy as np
from artaudit.auditor.registry import Registry, store
from artaudit.image import Image
store.BUSY_SECONDS = 60  # however busy the computer is
with Registry(Path(sys.argv[1])) as registry:
    for number in range(100000):
        if sys.argv[2] == "checks":
            print(registry.add_case({"path": "a", "verdict": str(number)}, b"suspect"), flush=True)
        else:
            data = secrets.token_bytes(16)
            image = Image("a", data, "PNG", np.zeros((1, 1, 3), np.uint8))
            work, new = registry.add_work(image, title="t", fingerprints={"pdq": data}, preview=b"")
            assert new and registry.fingerprint_store.add_descriptor(work.id, "model@0", data, data)
            print(work.id, flush=True)
"""


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_registering_and_checking_are_killed(path):
    acknowledged: dict[str, list[int]] = {"checks": [], "registers": []}
    for _round in range(20):
        writers = {
            name: subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], stdout=subprocess.PIPE, text=True)
            for name in acknowledged
        }
        for name, writer in writers.items():  # the second goes on writing after the first was killed
            acknowledged[name] += [int(writer.stdout.readline()) for _ in range(13)]
            writer.kill()
            rest = writer.communicate()[0]
            acknowledged[name] += [int(line) for line in rest.split("\n")[:-1]]
    with Registry(path) as registry:
        for name, kept in (("checks", {line.id for line in registry.cases()}), ("registers", works_with(registry))):
            assert len(acknowledged[name]) == len(set(acknowledged[name])) >= 260
            assert set(acknowledged[name]) <= kept
        assert registry.verify() == []


def works_with(registry):
    return {work.id for work in registry.works() if registry.fingerprint_store.descriptor(work.id, "model@0")}


def test_evidence_about_other_bytes_is_refused(path):
    with Registry(path) as registry:
        with pytest.raises(RegistryError, match="changed while it was checked"):
            registry.add_case({"path": "a", "verdict": "v", "sha256": "0" * 64}, b"bytes")
        assert registry.cases() == []
