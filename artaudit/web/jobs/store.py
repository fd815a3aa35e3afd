"""The queue's file: SQLite with write-ahead logging, and locks that end with the process that holds them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from artaudit.errors import ArtauditError

BUSY_SECONDS = 10
Writing: TypeAlias = sqlite3.Connection
"""A connection within a transaction that writes."""

_TABLES = """
CREATE TABLE IF NOT EXISTS files (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, suffix TEXT NOT NULL, bytes INTEGER NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, lane TEXT NOT NULL, state TEXT NOT NULL, title TEXT NOT NULL,
    spec TEXT NOT NULL, batch TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0,
    stage TEXT NOT NULL DEFAULT '', result TEXT NOT NULL DEFAULT '{}', error TEXT NOT NULL DEFAULT '',
    wish TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL,
    started_at TEXT NOT NULL DEFAULT '', finished_at TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, lane, id);
CREATE INDEX IF NOT EXISTS jobs_by_batch ON jobs (batch, id);
"""


class Store:
    """One open file of jobs; every method is a transaction of its own and may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Make the file at `path` where it is missing."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_TABLES)

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Return the rows that a query selects."""
        with self._open() as connection:
            return [dict(row) for row in connection.execute(query, values)]

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Give a connection whose writes are kept all together or not at all."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
                connection.row_factory = sqlite3.Row
                yield connection
        except sqlite3.DatabaseError as error:
            raise ArtauditError(
                f"The queue in {self.path} failed ({error}): close what else uses it, or move the file away."
            ) from error


@contextmanager
def lock(path: Path) -> Iterator[bool]:
    """Hold the lock at `path` while the context lasts; False where another process holds it.

    The system takes it back from a process that ends, however it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            yield False
            return
        yield True
