"""What the log holds about one work: who did what and when, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from artaudit.auditor.registry.changes import COPY, DETACHED, FIRST_REGISTERED, PATH, TITLE
from artaudit.auditor.registry.records import as_version
from artaudit.auditor.registry.store import Store

Row = tuple[str, int]


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One event about a work: its number in the log, time (UTC, ISO 8601), who acted, its kind, and what was done."""

    event: int
    at: str
    by: str
    kind: str
    what: str


def history(store: Store, work_id: int) -> list[HistoryLine]:
    """Return the log's events about a work and its versions, oldest first."""
    said = dict(_said(store, work_id))
    lines = []
    for event in store.events():
        row = (str(event.payload.get("table")), event.payload.get("id"))
        if row in said:
            by = str(event.payload.get("by", "not recorded"))
            lines.append(HistoryLine(event.seq, event.at, by, event.kind, said[row]))
    return lines


def _said(store: Store, work_id: int) -> Iterator[tuple[Row, str]]:
    """Yield every row about a work, by table and number, in words."""
    work = store.first("SELECT title, path FROM works WHERE id = ?", work_id) or {"title": "", "path": ""}
    yield ("works", work_id), f"registered as {work['title']!r} from {work['path']}"
    yield from _changes(store, "work", work_id, work)
    for row in store.rows("SELECT * FROM versions WHERE work = ? ORDER BY id", work_id):
        version = as_version(row)
        yield ("versions", version.id), f"{version.kind} version {version.path}"
        yield from _changes(store, "version", version.id, {"path": version.path})
    for row in store.rows("SELECT id, withdrawn, reason FROM withdrawals WHERE work = ?", work_id):
        yield ("withdrawals", row["id"]), _because("left out of checks" if row["withdrawn"] else "back", row["reason"])
    for row in store.rows("SELECT id, sha256 FROM manifests WHERE work = ?", work_id):
        yield ("manifests", row["id"]), f"signed, content credential {row['sha256'][:16]}"
    for row in store.rows("SELECT id, kind FROM descriptors WHERE work = ?", work_id):
        yield ("descriptors", row["id"]), f"described by {row['kind']}"


def _changes(store: Store, subject: str, number: int, registered: dict[str, Any]) -> Iterator[tuple[Row, str]]:
    """Yield the changes of a work or version, each with what held before."""
    query = "SELECT id, field, value FROM changes WHERE subject = ? AND number = ? ORDER BY id"
    held = {TITLE: str(registered.get("title", "")), PATH: str(registered["path"])}
    for row in store.rows(query, subject, number):
        field, value, before = row["field"], row["value"], held.get(row["field"], "")
        held[field] = value
        if field == PATH:
            said = f"lies at {value}, before at {before}"
        elif field == COPY:
            said = f"a copy lies at {value}"
        elif field == DETACHED:
            said = f"{registered['path']} is {'no version of it any more' if value else 'a version of it again'}"
        elif field == FIRST_REGISTERED:
            said = f"first registered {value}, as the imported portfolio says"
        else:
            said = f"{field}: {before!r} became {value!r}"
        yield ("changes", row["id"]), said


def _because(what: str, reason: str) -> str:
    return f"{what}: {reason}" if reason else what
