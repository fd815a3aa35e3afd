"""Changes of what was said about works, versions and cases: each is a new row, and the last one holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from artaudit.auditor.registry.hash_chain import now
from artaudit.auditor.registry.store import Store

Subject = Literal["work", "version", "case"]

TITLE, NOTE, YEAR, TAGS, PATH = "title", "note", "year", "tags", "path"
EDITABLE = (TITLE, NOTE, YEAR, TAGS)
"""What an artist says about a work and may say otherwise later."""

COPY = "copy"
"""Another place where the very file lies; a subject may have several."""

DETACHED, CLOSED = "detached", "closed"
"""What is on with any text and off with the empty one."""

FIRST_REGISTERED = "first registered"
"""When an imported work was first registered, as the portfolio it came from says."""

_VERBS = {
    PATH: ("move", "move"),
    COPY: ("locate", "locate"),
    DETACHED: ("detach", "attach"),
    CLOSED: ("close", "reopen"),
    FIRST_REGISTERED: ("date", "date"),
}
"""The log's word for a change of a field, and for one that empties it; "edit" for all others."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `field` of a subject is `value` from then on; `at` is UTC, ISO 8601."""

    field: str
    value: str
    at: str
    by: str


def last_value(subject: Subject, number: str, field: str, otherwise: str) -> str:
    """Return the SQL of a field as last changed; `number` and `otherwise` are columns or literals."""
    return (
        f"coalesce((SELECT value FROM changes WHERE subject = '{subject}' AND number = {number} "
        f"AND field = '{field}' ORDER BY id DESC LIMIT 1), {otherwise})"
    )


class ChangeStore:
    """Reads and appends changes."""

    def __init__(self, store: Store) -> None:
        """Work on the registry's file."""
        self._store = store

    def change(self, subject: Subject, number: int, field: str, value: str, *, at: str = "") -> None:
        """Append one change; `at` is when it was made, by default now."""
        row = {"subject": subject, "number": number, "field": field, "value": value}
        verb = _VERBS.get(field, ("edit", "edit"))[not value]
        with self._store.writing():
            self._store.append(verb, "changes", {**row, "at": at or now(), "by": self._store.by})

    def last(self, subject: Subject, number: int) -> dict[str, Change]:
        """Return the change that holds of every field that was ever changed."""
        return {change.field: change for change in self.all(subject, number)}

    def all(self, subject: Subject, number: int) -> list[Change]:
        """Return every change of a subject, oldest first."""
        query = "SELECT field, value, at, by FROM changes WHERE subject = ? AND number = ? ORDER BY id"
        return [Change(**row) for row in self._store.rows(query, subject, number)]

    def paths(self, work_id: int) -> list[str]:
        """Return every place where the very file of a work was seen, the last one first."""
        query = (
            "SELECT path AS value FROM works WHERE id = ?1 UNION ALL SELECT value FROM (SELECT value FROM changes "
            f"WHERE subject = 'work' AND number = ?1 AND field IN ('{PATH}', '{COPY}') ORDER BY id)"
        )
        return [row["value"] for row in self._store.rows(query, work_id)][::-1]

    def edit(self, work_id: int, said: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """Append what is `wanted` of a work and differs from what was `said`; return old and new value by field."""
        differs = {field: (said[field], value) for field, value in wanted.items() if said[field] != value}
        with self._store.writing():
            for field, (_, value) in differs.items():
                self.change("work", work_id, field, value)
        return differs
