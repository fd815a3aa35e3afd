"""The tables of the registry, all append-only, as numbered migrations."""

from __future__ import annotations

APPLICATION_ID = 0x41525441
"""Marks a SQLite file as a registry of artaudit ("ARTA")."""

_COLLIDES = {
    "events": "seq = NEW.seq OR hash = NEW.hash",
    "works": "id = NEW.id OR sha256 = NEW.sha256",
    "fingerprints": "work = NEW.work AND kind = NEW.kind",
    "versions": "id = NEW.id OR (work = NEW.work AND sha256 = NEW.sha256)",
    "withdrawals": "id = NEW.id",
    "suspects": "sha256 = NEW.sha256",
    "cases": "id = NEW.id",
    "openings": "id = NEW.id",
    "additions": "id = NEW.id",
    "notes": "id = NEW.id",
    "exports": "id = NEW.id",
    "manifests": "id = NEW.id",
    "stamps": "id = NEW.id",
    "descriptors": "id = NEW.id OR (work = NEW.work AND kind = NEW.kind)",
    "changes": "id = NEW.id",
    "declarations": "id = NEW.id",
}
"""By table, the condition for an existing row that a new row (NEW) would replace."""

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

_SECOND = "CREATE INDEX withdrawals_by_work ON withdrawals (work)"

_THIRD = """
CREATE TABLE openings (
  id INTEGER PRIMARY KEY, title TEXT NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL
) STRICT;
CREATE TABLE additions (
  id INTEGER PRIMARY KEY, number INTEGER NOT NULL, addition INTEGER NOT NULL REFERENCES cases (id), at TEXT NOT NULL,
  by TEXT NOT NULL
) STRICT;
CREATE INDEX additions_by_number ON additions (number);
CREATE TABLE notes (
  id INTEGER PRIMARY KEY, number INTEGER NOT NULL, text TEXT NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL
) STRICT;
CREATE INDEX notes_by_number ON notes (number);
CREATE TABLE exports (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, number INTEGER, sha256 TEXT NOT NULL, log_size INTEGER NOT NULL,
  log_root TEXT NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL
) STRICT;
CREATE TABLE manifests (
  id INTEGER PRIMARY KEY, work INTEGER NOT NULL REFERENCES works (id), sha256 TEXT NOT NULL, data BLOB NOT NULL,
  at TEXT NOT NULL, by TEXT NOT NULL
) STRICT;
CREATE INDEX manifests_by_work ON manifests (work);
"""

_FOURTH = """
CREATE TABLE descriptors (
  id INTEGER PRIMARY KEY, work INTEGER NOT NULL REFERENCES works (id), kind TEXT NOT NULL, data BLOB NOT NULL,
  sketches BLOB NOT NULL, at TEXT NOT NULL, UNIQUE (work, kind)
) STRICT;
"""

_FIFTH = """
CREATE TABLE changes (
  id INTEGER PRIMARY KEY, subject TEXT NOT NULL, number INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
  at TEXT NOT NULL, by TEXT NOT NULL
) STRICT;
CREATE INDEX changes_by_subject ON changes (subject, number, field);
CREATE TABLE declarations (
  id INTEGER PRIMARY KEY, content TEXT NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL
) STRICT;
CREATE TABLE stamps (
  id INTEGER PRIMARY KEY, log_size INTEGER NOT NULL, log_root TEXT NOT NULL, authority TEXT NOT NULL,
  token BLOB NOT NULL, at TEXT NOT NULL
) STRICT;
"""

MIGRATIONS = (_FIRST, _SECOND, _THIRD, _FOURTH, _FIFTH)
"""Scripts that bring a file from version n to n + 1, in order."""


def structures() -> dict[str, str]:
    """Return the statements, one line each, that made the tables and indexes of the newest version, by name."""
    statements = [" ".join(part.split()) for script in MIGRATIONS for part in script.split(";") if part.strip()]
    return {statement.split()[2]: statement for statement in statements}


def triggers() -> dict[str, str]:
    """Return the triggers, by name, that refuse to update, delete or replace a row.

    INSERT OR REPLACE removes a row without firing DELETE triggers, https://www.sqlite.org/lang_conflict.html.
    """
    statements = {}
    for table, same_row in _COLLIDES.items():
        replaces = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same_row}) "
        for name, verb, condition in (
            ("update", "UPDATE", ""),
            ("delete", "DELETE", ""),
            ("replace", "INSERT", replaces),
        ):
            statements[f"{table}_no_{name}"] = (
                f"CREATE TRIGGER {table}_no_{name} BEFORE {verb} ON {table} {condition}"
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
    return statements
