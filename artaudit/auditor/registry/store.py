"""The registry's file: safe opening, whole transactions, and a log with a digest of every row.

Durability follows SQLite's own advice on write-ahead logging, https://www.sqlite.org/wal.html.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from artaudit.auditor.registry.access import advice, may_write, prepare_place, read_only_address
from artaudit.auditor.registry.clock import faults
from artaudit.auditor.registry.hash_chain import (
    GENESIS,
    Event,
    broken_links,
    canonical,
    digest,
    link,
    now,
)
from artaudit.auditor.registry.rows import DISCLOSED, disclosed, fields_of, payload_or_empty, plain, storable
from artaudit.auditor.registry.schema import APPLICATION_ID, MIGRATIONS, triggers
from artaudit.auditor.registry.soundness import strange_header, strange_structures
from artaudit.errors import RegistryError

BUSY_SECONDS = 4

LOGGED = (
    *("works", "versions", "withdrawals", "cases", "openings", "additions", "notes", "exports", "manifests"),
    *("descriptors", "changes", "declarations", "stamps"),
)
"""Tables whose rows the log names, each row with a digest of its content."""


class Store:
    """One open registry file.

    Raises RegistryError when the file is no registry, damaged, locked, unwritable or of a newer version.
    """

    def __init__(self, path: Path, by: str, *, create: bool = True) -> None:
        """Open the file at `path`, creating folder and file if missing, unless `create` is False.

        Events record `by` as the person who acted. `read_only` says that this user may only read the file.
        """
        self.path, self.by = path, by
        with self.clear_errors():
            prepare_place(path, create=create)
            self.read_only = path.exists() and not may_write(path)
            place = read_only_address(path) if self.read_only else path.absolute()
            self._connection = sqlite3.connect(place, timeout=BUSY_SECONDS, isolation_level=None, uri=self.read_only)
            self._db = Database(self._connection, execute_plugins=False)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Return the rows that a query selects."""
        return list(self.stream(query, *values))

    def stream(self, query: str, *values: object) -> Iterator[dict[str, Any]]:
        """Yield the rows that a query selects, one at a time, so that they need not all fit into memory."""
        with self.clear_errors():
            yield from self._db.query(query, values)

    def first(self, query: str, *values: object) -> dict[str, Any] | None:
        """Return the first row that a query selects, or None."""
        rows = self.rows(query, *values)
        return rows[0] if rows else None

    def writing(self) -> AbstractContextManager[None]:
        """Return a context for one writing transaction, kept whole or not at all; a nested one joins the outer one."""
        if self.read_only:
            raise RegistryError(f"{self.path} may only be read: check its permissions or choose another --db.")
        return nullcontext() if self._connection.in_transaction else self._transaction("BEGIN IMMEDIATE")

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with self.clear_errors():
            self._connection.execute(begin)
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def kept(self, write: Callable[[], bool]) -> bool:
        """Let `write` append rows, and take them back where it returns False or they break a rule; inside `writing`."""
        self._connection.execute("SAVEPOINT attempt")
        try:
            done = write()
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            done = False
        if not done:
            self._connection.execute("ROLLBACK TO attempt")
        self._connection.execute("RELEASE attempt")
        return done

    def insert(self, table: str, row: dict[str, Any]) -> int:
        """Append a row and return its number; inside `writing` only."""
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        values = tuple(map(storable, row.values()))
        cursor = self._connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)
        return int(cursor.lastrowid or 0)

    def append(
        self, kind: str, table: str, row: dict[str, Any], fingerprints: Mapping[str, bytes] | None = None
    ) -> int:
        """Append a row of a logged table with its event, and a work's fingerprints; inside `writing` only."""
        number = self.insert(table, row)
        for name, data in (fingerprints or {}).items():
            self.insert("fingerprints", {"work": number, "kind": name, "data": data})
        last = self.first("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1") or {"seq": 0, "hash": GENESIS}
        written = self.row(table, number)
        payload = {"table": table, "id": number, "content": digest(written), "by": self.by}
        payload[DISCLOSED] = digest(disclosed(written))
        event = link(last["seq"] + 1, now(), kind, payload, last["hash"])
        self.insert("events", {**fields_of(event), "payload": canonical(event.payload)})
        return number

    def events(self) -> Iterator[Event]:
        """Yield the log from its beginning; a payload that cannot be read comes back empty."""
        for row in self.stream("SELECT seq, at, kind, payload, prev, hash FROM events ORDER BY seq"):
            seq, at, kind, payload, prev, own = row.values()  # a damaged schema may call its columns otherwise
            yield Event(seq, at, kind, payload_or_empty(payload), prev, own)

    def problems(self) -> list[str]:
        """Return faults of the file, the triggers, the log's chain and the rows as sentences; empty when intact."""
        problems: list[str] = []
        try:
            with self._transaction("BEGIN"):
                for check in (self._damage, self._broken_guards, self._broken_log):
                    problems += check()
        except RegistryError as error:
            problems.append(str(error))
        except (LookupError, TypeError, ValueError) as error:  # of columns and values that no registry has
            problems.append(f"the log cannot be read ({type(error).__name__})")
        return problems

    def backup(self, target: Path) -> None:
        """Write a whole copy to `target`, which must not exist yet."""
        from artaudit.image.writing import ensure_new  # noqa: PLC0415 - heavy

        ensure_new(target, kind=RegistryError)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
                copy = Path(folder) / "copy"
                self._connection.execute("VACUUM INTO ?", (str(copy),))
                _flush(copy, os.O_RDWR)
                copy.replace(target)
            if os.name == "posix":
                _flush(target.parent, os.O_RDONLY)
        except (sqlite3.DatabaseError, UnicodeDecodeError, OSError) as error:
            raise RegistryError(
                f"{self.path} cannot be copied to {target} ({error}): choose another place or see `audit db verify`."
            ) from error

    @contextmanager
    def clear_errors(self) -> Iterator[None]:
        """Turn errors of SQLite and the file system into a RegistryError of one sentence."""
        try:
            yield
        except sqlite3.ProgrammingError:
            raise
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise RegistryError(f"{self.path} failed as a registry ({error}): {advice(str(error))}.") from error
        except OSError as error:
            raise RegistryError(f"{self.path} cannot be opened ({error.strerror}): choose another --db.") from error

    def _prepare(self) -> None:
        run = self._connection.execute
        run("PRAGMA foreign_keys = ON")
        with self._transaction("BEGIN"):  # one snapshot, whatever another process writes meanwhile
            application, version = (run(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
            tables = self._db.table_names()
        if application not in (0, APPLICATION_ID) or (application == 0 and tables):
            raise RegistryError(f"{self.path} is a database of something else: choose another --db.")
        if version > len(MIGRATIONS):
            raise RegistryError(f"{self.path} was written by a newer artaudit: update this one.")
        if not self.read_only:
            self._write_ahead()
            run("PRAGMA synchronous = FULL")
        if version < len(MIGRATIONS):
            self._migrate()
        if broken := self._broken_guards():
            raise RegistryError(f"{self.path} is not safely append-only ({broken[0]}): restore it from a backup.")

    def _write_ahead(self) -> None:
        """Switch to write-ahead logging, with retries: SQLite does not wait here when another process switches too."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def _migrate(self) -> None:
        with self.writing():
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            for number, script in list(enumerate(MIGRATIONS, start=1))[version:]:
                for statement in filter(str.strip, script.split(";")):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {number}")
            present = self._guards()
            for name, statement in triggers().items():
                if name not in present:
                    self._connection.execute(statement)
            self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")

    def _guards(self) -> dict[str, str]:
        rows = self.rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return {row["name"]: row["sql"] for row in rows}

    def _broken_guards(self) -> list[str]:
        """Return which triggers are missing, changed or foreign; a foreign one can discard what is written."""
        present, wanted = self._guards(), triggers()
        missing = [f"trigger {name} is missing or changed" for name in wanted if present.get(name) != wanted[name]]
        return missing + [f"trigger {name} is not the registry's" for name in present if name not in wanted]

    def _damage(self) -> list[str]:
        lines = [" ".join(row["integrity_check"].split()) for row in self.rows("PRAGMA integrity_check")]
        orphans = self.rows("PRAGMA foreign_key_check")
        made = self.rows("SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL")
        return [
            *(f"SQLite: {line}" for line in lines if line != "ok"),
            *(f"a row of {row['table']} refers to one that is missing" for row in orphans),
            *strange_header(self.path),
            *strange_structures({row["name"]: row["sql"] for row in made}),
        ]

    def _broken_log(self) -> list[str]:
        events = list(self.events())
        late = faults([(event.seq, event.at) for event in events])
        return broken_links(events) + self._disagreements(events) + late

    def row(self, table: str, number: int) -> dict[str, Any]:
        """Return a row with digests for bytes, with a work's fingerprints or a case's file; empty if it is missing."""
        row = self.first(f"SELECT * FROM {table} WHERE id = ?", number)
        if row is None:
            return {}
        if table == "works":
            fingerprints = self.rows("SELECT kind, data FROM fingerprints WHERE work = ? ORDER BY kind", number)
            row["fingerprints"] = [[fingerprint["kind"], fingerprint["data"]] for fingerprint in fingerprints]
        if table == "cases":
            suspect = self.first("SELECT data FROM suspects WHERE sha256 = ?", row["suspect"]) or {"data": b""}
            row["data"] = suspect["data"]
        return {name: plain(value) for name, value in row.items()}

    def differs(self, event: Event) -> bool:
        """Whether the row of an event is missing or another than the event vouches for."""
        row = self.row(event.payload["table"], event.payload["id"])
        shown = digest(disclosed(row)) if row else ""
        return digest(row) != event.payload.get("content") or event.payload.get(DISCLOSED, shown) != shown

    def _disagreements(self, events: list[Event]) -> list[str]:
        """Compare every event with the row that it names, and every row with the log; return what differs."""
        problems, named = [], set()
        present = {(table, row["id"]) for table in LOGGED for row in self.rows(f"SELECT id FROM {table}")}
        for event in events:
            table, number = event.payload.get("table"), event.payload.get("id")
            if not isinstance(number, int) or table not in LOGGED:
                problems.append(f"event {event.seq} names no row")
                continue
            named.add((table, number))
            if (table, number) not in present or self.differs(event):
                problems.append(f"row {number} of {table} was changed or removed after event {event.seq}")
        problems += [f"row {number} of {table} is in no event of the log" for table, number in sorted(present - named)]
        stray = self.rows("SELECT sha256 FROM suspects WHERE sha256 NOT IN (SELECT suspect FROM cases)")
        return problems + [f"suspect {row['sha256']} belongs to no case" for row in stray]


def _flush(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
