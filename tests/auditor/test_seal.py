"""A seal kept outside finds a log that was rewritten or cut, even by somebody who redid its whole chain."""

import json
import sqlite3
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from artaudit.auditor.evidence import Seal, Trust
from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.cases import log_root
from artaudit.auditor.registry.hash_chain import GENESIS, canonical, link, moment
from artaudit.auditor.report import report
from artaudit.auditor.seal import _compared, broken_anchor, broken_seal, seal_log
from artaudit.auditor.signing import keys
from artaudit.errors import RegistryError, UsageError
from benchmarks.forgery_registry import behind_the_guards


@pytest.fixture
def path(tmp_path) -> Path:
    target = tmp_path / "registry.db"
    with Registry(target) as registry:
        for number in range(4):
            registry.add_case({"path": "a", "verdict": str(number)}, str(number).encode())
    return target


@pytest.fixture
def seal(path, tmp_path) -> Path:
    with Registry(path) as registry:
        seal_log(tmp_path / "seal.json", registry, Seal())
    return tmp_path / "seal.json"


def redo_chain(connection: sqlite3.Connection) -> None:
    """Write every link anew, as someone does who owns the file."""
    prev = GENESIS
    for seq, at, kind, payload in connection.execute("SELECT seq, at, kind, payload FROM events").fetchall():
        event = link(seq, at, kind, json.loads(payload), prev)
        values = (event.prev, event.hash, canonical(event.payload), seq)
        connection.execute("UPDATE events SET prev = ?, hash = ?, payload = ? WHERE seq = ?", values)
        prev = event.hash


def test_a_log_that_only_grew_agrees_with_its_seal(path, seal):
    with Registry(path) as registry:
        registry.case_store.open("more")
        assert broken_seal(seal, registry) == []
        assert registry.verify() == []


def test_a_log_rewritten_with_its_whole_chain_is_found(path, seal):
    def rewrite(connection):
        connection.execute("UPDATE events SET kind = 'note' WHERE seq = 2")
        redo_chain(connection)

    behind_the_guards(path, rewrite)
    with Registry(path) as registry:
        assert registry.verify() == []  # the chain alone cannot tell
        [problem] = broken_seal(seal, registry)
        assert problem.startswith("the log was rewritten: its first 4 events")


def test_a_log_cut_with_its_rows_is_found(path, seal):
    def cut(connection):
        connection.execute("DELETE FROM events WHERE seq > 2")
        connection.execute("DELETE FROM cases WHERE id > 2")
        connection.execute("DELETE FROM exports")
        connection.execute("DELETE FROM suspects WHERE sha256 NOT IN (SELECT suspect FROM cases)")

    behind_the_guards(path, cut)
    with Registry(path) as registry:
        assert registry.verify() == []
        [problem] = broken_seal(seal, registry)
        assert problem.startswith("the log was cut: 4 events were sealed")


def test_a_signed_seal_says_who_signed_and_a_change_to_it_is_found(path, tmp_path):
    keys.create(tmp_path / "keys", "Ada", "correct horse")
    signer = keys.unlock(tmp_path / "keys", "correct horse")
    target = tmp_path / "signed.json"
    with Registry(path) as registry:
        record = seal_log(target, registry, Seal(signer))
        assert record["root"] == log_root(list(registry.events())[:4])
        assert broken_seal(target, registry, Trust((signer.identity.chain[-1],))) == []
        target.write_bytes(target.read_bytes().replace(b'"size":4', b'"size":3'))
        assert any("no good signature" in problem for problem in broken_seal(target, registry))
        (tmp_path / "signed.json.p7s").unlink()
        assert any("is missing" in problem for problem in broken_seal(target, registry))


def test_the_log_keeps_that_it_was_sealed_and_nothing_is_overwritten(path, seal):
    with Registry(path) as registry:
        assert [event.kind for event in registry.events()][-1] == "export"
        with pytest.raises(UsageError, match="nothing is overwritten"):
            seal_log(seal, registry, Seal())


@pytest.mark.parametrize("words", [b"words", b"{}", b"[]", b'{"schema": "artaudit-seal/1"}', b"\xff", b"[" * 100_000])
def test_what_is_no_seal_is_a_clear_error(path, tmp_path, words):
    (tmp_path / "odd.json").write_bytes(words)
    with Registry(path) as registry:
        with pytest.raises(RegistryError, match="is no seal"):
            broken_seal(tmp_path / "odd.json", registry)
        with pytest.raises(RegistryError, match="cannot be read"):
            broken_seal(tmp_path / "missing.json", registry)


@pytest.fixture
def package(path, tmp_path) -> Path:
    """Return a package of an empty case that was opened after four checks."""
    with Registry(path) as registry:
        report(registry.case_store.open("a shop"), tmp_path / "case.zip", registry)
        registry.case_store.open("more")
    return tmp_path / "case.zip"


def cut_after(path: Path, last: int) -> None:
    def cut(connection):
        tables = ("cases", "exports", "openings")
        gone = connection.execute("SELECT payload FROM events WHERE seq > ?", (last,)).fetchall()
        for payload in (json.loads(text) for (text,) in gone):
            assert payload["table"] in tables
            connection.execute(f"DELETE FROM {payload['table']} WHERE id = ?", (payload["id"],))
        connection.execute("DELETE FROM events WHERE seq > ?", (last,))
        connection.execute("DELETE FROM suspects WHERE sha256 NOT IN (SELECT suspect FROM cases)")

    behind_the_guards(path, cut)


def test_an_issued_package_vouches_for_the_log_as_a_seal_does(path, package, tmp_path):
    with Registry(path) as registry, zipfile.ZipFile(package) as opened:
        assert broken_anchor(package, registry) == []
        opened.extractall(tmp_path / "bag")
        assert broken_anchor(tmp_path / "bag", registry) == []


@pytest.mark.parametrize(
    ("last", "words"), [(6, ""), (5, "does not hold that"), (4, "the log was cut: 5 events"), (1, "the log was cut")]
)
def test_a_registry_rolled_back_behind_an_issued_package_is_found(path, package, last, words):
    cut_after(path, last)
    with Registry(path) as registry:
        assert registry.verify() == []
        assert [words in problem for problem in broken_anchor(package, registry)] == [True] * bool(words)


def test_a_log_rewritten_after_a_package_was_issued_is_found(path, package):
    def rewrite(connection):
        connection.execute("UPDATE events SET kind = 'note' WHERE seq = 2")
        redo_chain(connection)

    behind_the_guards(path, rewrite)
    with Registry(path) as registry:
        assert registry.verify() == []
        [problem] = broken_anchor(package, registry)
        assert problem.startswith("the log was rewritten: its first 5 events")


def test_an_altered_package_is_no_anchor(path, package):
    package.write_bytes(package.read_bytes().replace(b"a shop", b"a shed"))
    with Registry(path) as registry:
        assert any("data/report.json cannot be read" in problem for problem in broken_anchor(package, registry))


def test_what_is_dated_after_the_timestamp_on_it_is_found(path):
    with Registry(path) as registry:
        log = list(registry.events())
    root, seen = log_root(log), moment(log[0].at)
    assert _compared(log, len(log), root, "", [seen]) == []
    [first, *_] = _compared(log, len(log), root, "", [seen - timedelta(hours=1)])
    assert first.startswith("event 1 is dated ")
    assert "but was timestamped before" in first


def dated(path: Path, times: list[str]) -> None:
    def rewrite(connection):
        for seq, at in enumerate(times, start=1):
            connection.execute("UPDATE events SET at = ? WHERE seq = ?", (at, seq))
        redo_chain(connection)

    behind_the_guards(path, rewrite)


def test_a_clock_that_ran_backwards_is_a_finding_and_a_sentence_in_the_report(path, tmp_path):
    dated(path, [f"{year}-03-01T00:00:00+00:00" for year in (2020, 2024, 2001, 2002)])
    with Registry(path) as registry:
        fault = "the clock ran backwards: event 3 is dated 2001-03-01T00:00:00, event 2 before it 2024-03-01T00:00:00"
        assert fault in registry.verify()
        report(registry.case_store.open("late"), tmp_path / "late.zip", registry)
        with zipfile.ZipFile(tmp_path / "late.zip") as opened:
            assert fault in opened.read("data/report.html").decode()


def test_a_clock_that_was_corrected_by_seconds_is_none_and_the_future_is_one(path):
    dated(path, [f"2020-03-01T00:0{minute}:00+00:00" for minute in (4, 3, 2, 5)])
    with Registry(path) as registry:
        assert registry.verify() == []
    dated(path, ["2020-03-01T00:00:00+00:00", "2020-03-01T00:00:00+00:00", "2020-03-01T00:00:00+00:00", "2999-01-01"])
    with Registry(path) as registry:
        assert registry.verify() == ["event 4 is dated 2999-01-01, which is still to come"]
