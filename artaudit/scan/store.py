"""The file of a scan: what was looked at and what was found, in SQLite, written by one process.

Rows of a batch and how far their shard is are kept together or not at all, so a scan that is killed goes on where the
last batch ended, and no picture counts twice: its digest is the key.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from artaudit.errors import ScanError
from artaudit.scan.rows import KEPT, Outcome, Row

SCHEMA = "artaudit-scan/1"
NAME = "scan.db"
_TABLES = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS shards (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, state TEXT NOT NULL,
    position INTEGER NOT NULL DEFAULT 0, absent INTEGER NOT NULL DEFAULT 0, finished INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE IF NOT EXISTS pictures (
    digest BLOB PRIMARY KEY, shard INTEGER NOT NULL REFERENCES shards, place INTEGER NOT NULL, outcome TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS findings (
    digest BLOB PRIMARY KEY, outcome TEXT NOT NULL, row TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS places (
    digest BLOB NOT NULL, shard INTEGER NOT NULL REFERENCES shards, place INTEGER NOT NULL, key TEXT NOT NULL,
    context TEXT NOT NULL, PRIMARY KEY (digest, shard, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS left_out (
    shard INTEGER NOT NULL REFERENCES shards, place INTEGER NOT NULL, key TEXT NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (shard, place)
) STRICT, WITHOUT ROWID;
"""


class Store:
    """An open file of a scan; a context manager. One process at a time may write.

    Raises ScanError for a file that is none, and where another process writes.
    """

    def __init__(self, folder: Path, *, write: bool = True) -> None:
        """Open the scan in `folder`; with `write` it is made where it is missing, and held until it is closed."""
        self.folder, path = folder, folder / NAME
        if not write and not path.is_file():
            raise ScanError(f"{folder} is no scan: name the folder that `audit scan -o` wrote.")
        self._held = sqlite3.connect(folder / "lock", timeout=0, isolation_level=None) if write else None
        if self._held:
            self._hold(self._held)
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=10)
        with self._told():
            if write:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.executescript(_TABLES)
                self._connection.execute("INSERT OR IGNORE INTO about VALUES ('schema', ?)", (SCHEMA,))
            if self.about("schema") != SCHEMA:
                raise ScanError(f"{path} is of another version of artaudit ({self.about('schema')}).")

    def __enter__(self) -> Store:  # noqa: PYI034 - a final class
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        if self._held:
            self._held.close()

    def about(self, name: str) -> str:
        """Return what is kept about the scan as a whole, "" for nothing."""
        row = self._connection.execute("SELECT value FROM about WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def tell(self, **values: str) -> None:
        """Keep values about the scan as a whole."""
        with self._writing():
            self._connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", values.items())

    def begin(self, path: str, kind: str, state: str) -> tuple[int, int, bool]:
        """Return the number of a shard, the place to go on from, and whether it is finished.

        A shard whose file is in another state than before begins anew.
        """
        with self._writing():
            found = self._connection.execute(
                "SELECT id, position, finished FROM shards WHERE path = ? AND state = ?", (path, state)
            ).fetchone()
            if found:
                return int(found[0]), int(found[1]), bool(found[2])
            self._connection.execute(
                "INSERT INTO shards (path, kind, state) VALUES (?, ?, ?) ON CONFLICT (path) DO UPDATE SET "
                "kind = excluded.kind, state = excluded.state, position = 0, absent = 0, finished = 0",
                (path, kind, state),
            )
            (number,) = self._connection.execute("SELECT id FROM shards WHERE path = ?", (path,)).fetchone()
            self._connection.execute("DELETE FROM left_out WHERE shard = ?", (number,))
            return int(number), 0, False

    def outcome(self, digest: str) -> Outcome | None:
        """Return what became of a picture, None for one that was not looked at yet."""
        query = "SELECT outcome FROM pictures WHERE digest = ?"
        row = self._connection.execute(query, (bytes.fromhex(digest),)).fetchone()
        return row[0] if row else None

    def add(self, shard: int, rows: Sequence[Row], *, finished: bool) -> None:
        """Append rows of a shard, in their order, and how far it is, together or not at all."""
        with self._writing():
            for row in rows:
                self._add(shard, row)
            position = max((row["place"] + 1 for row in rows), default=0)
            absent = sum(row["outcome"] == "absent" for row in rows)
            self._connection.execute(
                "UPDATE shards SET position = max(position, ?), absent = absent + ?, finished = ? WHERE id = ?",
                (position, absent, int(finished), shard),
            )

    def counts(self) -> dict[str, int]:
        """Return how many pictures had each outcome, how many were looked at in all, and how many of them repeat."""
        counts = dict(self._connection.execute("SELECT outcome, count(*) FROM pictures GROUP BY outcome"))
        whole, absent, shards, finished = self._connection.execute(
            "SELECT coalesce(sum(position), 0), coalesce(sum(absent), 0), count(*), coalesce(sum(finished), 0) "
            "FROM shards"
        ).fetchone()
        (left,) = self._connection.execute("SELECT count(*) FROM left_out").fetchone()
        once = sum(counts.values()) + absent + left
        counts |= {"absent": absent, "refused": counts.get("refused", 0) + left}
        return {**counts, "pictures": whole, "repeated": max(0, whole - once), "shards": shards, "finished": finished}

    def findings(self, *outcomes: Outcome) -> Iterator[tuple[Row, list[dict[str, Any]]]]:
        """Yield the rows with one of some outcomes, each with all places where the same bytes were seen."""
        marks = ", ".join("?" * len(outcomes))
        query = f"SELECT digest, row FROM findings WHERE outcome IN ({marks}) ORDER BY rowid"  # noqa: S608 - marks alone
        for digest, text in self._connection.execute(query, outcomes):
            yield json.loads(text), self._places(digest)

    def left_out(self, most: int) -> list[tuple[str, str, str]]:
        """Return shard, key and reason of what could not be read at all, at most so many."""
        query = "SELECT path, key, reason FROM left_out JOIN shards ON shards.id = shard LIMIT ?"
        return list(self._connection.execute(query, (most,)))

    def shards(self) -> list[dict[str, Any]]:
        """Return all shards: path, kind, position and whether each is finished."""
        names = ("path", "kind", "position", "finished")
        rows = self._connection.execute("SELECT path, kind, position, finished FROM shards ORDER BY id")
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _places(self, digest: bytes) -> list[dict[str, Any]]:
        query = (
            "SELECT path, places.place, key, context FROM places JOIN shards ON shards.id = places.shard "
            "WHERE digest = ? ORDER BY shard, places.place"
        )
        rows: Iterable[tuple[str, int, str, str]] = self._connection.execute(query, (digest,))
        return [{"shard": path, "place": at, "key": key, "context": json.loads(text)} for path, at, key, text in rows]

    def _add(self, shard: int, row: Row) -> None:
        """Keep one row; of a digest that is known, only where else it was seen."""
        if not row["sha256"]:
            if row["outcome"] == "refused":
                values = (shard, row["place"], row["key"], row.get("reason", ""))
                self._connection.execute("INSERT OR IGNORE INTO left_out VALUES (?, ?, ?, ?)", values)
            return
        digest, outcome = bytes.fromhex(row["sha256"]), row["outcome"]
        self._connection.execute(
            "INSERT INTO pictures VALUES (?, ?, ?, ?) ON CONFLICT (digest) DO UPDATE SET outcome = excluded.outcome, "
            "shard = excluded.shard, place = excluded.place "
            "WHERE pictures.outcome = 'listed' AND excluded.outcome != 'listed'",
            (digest, shard, row["place"], outcome),
        )
        if outcome not in KEPT:
            return
        self._connection.execute(
            "INSERT INTO findings VALUES (?, ?, ?) ON CONFLICT (digest) DO UPDATE SET outcome = excluded.outcome, "
            "row = excluded.row WHERE findings.outcome = 'listed' AND excluded.outcome != 'listed'",
            (digest, outcome, json.dumps(row)),
        )
        seen = (digest, shard, row["place"], row["key"], json.dumps(row["context"]))
        self._connection.execute("INSERT OR IGNORE INTO places VALUES (?, ?, ?, ?, ?)", seen)

    def _hold(self, held: sqlite3.Connection) -> None:
        try:
            held.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            held.close()
            raise ScanError(f"Another scan writes into {self.folder}: wait for it, or name another folder.") from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._told():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise ScanError(f"{self.folder / NAME} failed ({error}): see whether the disk is full.") from error
