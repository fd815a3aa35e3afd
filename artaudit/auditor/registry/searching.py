"""Which works have words in what is said of them, without reading all the rest of each."""

from __future__ import annotations

from artaudit.auditor.registry.changes import EDITABLE, TITLE
from artaudit.auditor.registry.store import Store

_NUMBERED = 2**62
"""More than the number of any work."""


def matching(store: Store, text: str, count: int, before: int | None, *, withdrawn: bool) -> list[int]:
    """Return at most `count` works before work `before`, the latest first, that have all words of `text`.

    Looked through are title, note, year and tags as they are now, whatever the case of letters.
    """
    words, said = text.casefold().split(), _said(store)
    left_out = set() if withdrawn else _withdrawn(store)
    found: list[int] = []
    query = "SELECT id, title FROM works WHERE id < ? ORDER BY id DESC"
    for row in store.stream(query, _NUMBERED if before is None else before):
        line = " ".join({TITLE: row["title"], **said.get(row["id"], {})}.values()).casefold()
        if row["id"] not in left_out and all(word in line for word in words):
            found.append(row["id"])
        if len(found) == count:
            break
    return found


def _said(store: Store) -> dict[int, dict[str, str]]:
    """Return what was changed of works by their numbers, the last value of each field."""
    fields = ", ".join(f"'{field}'" for field in EDITABLE)
    query = f"SELECT number, field, value FROM changes WHERE subject = 'work' AND field IN ({fields}) ORDER BY id"
    said: dict[int, dict[str, str]] = {}
    for row in store.stream(query):
        said.setdefault(row["number"], {})[row["field"]] = row["value"]
    return said


def _withdrawn(store: Store) -> set[int]:
    """Return the numbers of works that are withdrawn now."""
    last = {
        row["work"]: row["withdrawn"] for row in store.stream("SELECT work, withdrawn FROM withdrawals ORDER BY id")
    }
    return {work for work, withdrawn in last.items() if withdrawn}
