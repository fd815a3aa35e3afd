"""The tables of the registry, all append-only, as numbered migrations."""

from __future__ import annotations

APPLICATION_ID = 0x41525441
"""Marks a SQLite file as a registry of artaudit ("ARTA")."""

TABLES = ("events", "works", "fingerprints", "versions", "withdrawals", "suspects", "cases")

_FIRST = """
CREATE TABLE events (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL,
  prev TEXT NOT NULL, hash TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE works (
  id INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, pixels_sha256 TEXT NOT NULL, path TEXT NOT NULL,
  title TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL, format TEXT NOT NULL,
  registered_at TEXT NOT NULL, preview BLOB NOT NULL
) STRICT;
CREATE INDEX works_by_pixels ON works (pixels_sha256);
CREATE TABLE fingerprints (
  work INTEGER NOT NULL REFERENCES works (id), kind TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (work, kind)
) STRICT;
CREATE TABLE versions (
  id INTEGER PRIMARY KEY, work INTEGER NOT NULL REFERENCES works (id), sha256 TEXT NOT NULL,
  pixels_sha256 TEXT NOT NULL, path TEXT NOT NULL, receipt TEXT NOT NULL, added_at TEXT NOT NULL,
  UNIQUE (work, sha256)
) STRICT;
CREATE INDEX versions_by_sha256 ON versions (sha256);
CREATE INDEX versions_by_pixels ON versions (pixels_sha256);
CREATE TABLE withdrawals (
  id INTEGER PRIMARY KEY, work INTEGER NOT NULL REFERENCES works (id), withdrawn INTEGER NOT NULL,
  reason TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
CREATE TABLE suspects (sha256 TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE cases (
  id INTEGER PRIMARY KEY, suspect TEXT NOT NULL REFERENCES suspects (sha256), evidence TEXT NOT NULL,
  created_at TEXT NOT NULL
) STRICT;
"""

MIGRATIONS = (_FIRST,)
"""What brings a file from version n to n + 1, in order."""


def triggers() -> dict[str, str]:
    """Return the triggers, by name, that refuse every change and every removal of a row."""
    return {
        f"{table}_no_{verb}": (
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        for table in TABLES
        for verb in ("update", "delete")
    }
