"""Declarations: what was said to machines, on which site, and when; the log vouches for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from artaudit.auditor.registry.hash_chain import canonical, now
from artaudit.auditor.registry.records import as_json
from artaudit.auditor.registry.store import Store


@dataclass(frozen=True, slots=True)
class Declaration:
    """What was declared, as plain JSON values, when (UTC, ISO 8601) and by whom."""

    id: int
    content: dict[str, Any]
    at: str
    by: str


class DeclarationStore:
    """Reads and appends declarations."""

    def __init__(self, store: Store) -> None:
        """Work on the registry's file."""
        self._store = store

    def declare(self, content: dict[str, Any]) -> int:
        """Append a declaration; return its number."""
        with self._store.writing():
            row = {"content": canonical(content), "at": now(), "by": self._store.by}
            return self._store.append("declare", "declarations", row)

    def all(self) -> list[Declaration]:
        """Return every declaration, oldest first."""
        rows = self._store.rows("SELECT id, content, at, by FROM declarations ORDER BY id")
        return [Declaration(**{**row, "content": as_json(row["content"])}) for row in rows]
