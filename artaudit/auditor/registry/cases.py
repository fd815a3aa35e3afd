"""Cases: opening them, adding checks and notes, recording exports; the log holds who did what and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from artaudit.auditor.registry.changes import CLOSED, TITLE, ChangeStore
from artaudit.auditor.registry.hash_chain import Event, now
from artaudit.auditor.registry.merkle import root
from artaudit.auditor.registry.rows import disclosed
from artaudit.auditor.registry.store import Store
from artaudit.errors import RegistryError

PACKAGE, SEAL = "package", "seal"
"""What is exported: a case's package, or the root of the log alone."""


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote about a case."""

    text: str
    at: str
    by: str


@dataclass(frozen=True, slots=True)
class CaseFolder:
    """One case: that of a single check, or one opened to gather several; `checks` are the numbers of its checks."""

    id: int
    title: str
    opened_at: str
    checks: tuple[int, ...]
    notes: tuple[Note, ...]
    closed: bool = False


class CaseStore:
    """Reads and appends titles, further checks, notes, exports and closings of cases.

    Every check opens its own case; `open` makes a case without a check. Both kinds share one series of numbers.
    """

    def __init__(self, store: Store) -> None:
        """Work on the registry's file."""
        self._store = store
        self._changes = ChangeStore(store)

    def next_number(self) -> int:
        """Return the number of the next case; call it inside `writing` only."""
        query = "SELECT coalesce(max(id), 0) + 1 AS next FROM (SELECT id FROM cases UNION ALL SELECT id FROM openings)"
        row = self._store.first(query)
        return int(row["next"]) if row else 1

    def open(self, title: str) -> int:
        """Open a case that will gather checks; return its number."""
        with self._store.writing():
            row = {"id": self.next_number(), "title": title, "at": now(), "by": self._store.by}
            return self._store.append("open", "openings", row)

    def add(self, case_id: int, check_id: int) -> bool:
        """Put the check of case `check_id` into case `case_id` too; False when it is there already."""
        with self._store.writing():
            if check_id in self.folder(case_id).checks:
                return False
            if not self._is_check(check_id):
                raise RegistryError(
                    f"Case {check_id} holds no check of its own: name a case that `audit check` printed."
                )
            row = {"number": case_id, "addition": check_id, "at": now(), "by": self._store.by}
            self._store.append("add", "additions", row)
            return True

    def note(self, case_id: int, text: str) -> None:
        """Append a note to a case."""
        with self._store.writing():
            row = {"number": self.folder(case_id).id, "text": text, "at": now(), "by": self._store.by}
            self._store.append("note", "notes", row)

    def rename(self, case_id: int, title: str) -> bool:
        """Call a case otherwise from now on; False when it is called that already."""
        return self._change(case_id, TITLE, title, differs=self.folder(case_id).title != title)

    def close(self, case_id: int, reason: str = "") -> bool:
        """Leave a case out of lists from now on; False when it is closed already."""
        return self._change(case_id, CLOSED, reason or "closed", differs=not self.folder(case_id).closed)

    def reopen(self, case_id: int) -> bool:
        """Take a closed case into lists again; False when it is open."""
        return self._change(case_id, CLOSED, "", differs=self.folder(case_id).closed)

    def exported(self, kind: str, case_id: int | None, sha256: str, log: list[Event]) -> None:
        """Record that a package or a seal with this digest was written, and the size and root of the log then."""
        with self._store.writing():
            row = {"kind": kind, "number": case_id, "sha256": sha256, "log_size": len(log), "log_root": log_root(log)}
            self._store.append("export", "exports", {**row, "at": now(), "by": self._store.by})

    def exports(self) -> set[str]:
        """Return the digests of all packages and seals that were written."""
        return {row["sha256"] for row in self._store.rows("SELECT sha256 FROM exports")}

    def folder(self, case_id: int) -> CaseFolder:
        """Return one case; raises RegistryError when there is none with this number."""
        opened = self._store.first("SELECT title, at FROM openings WHERE id = ?", case_id)
        own = self._store.first("SELECT created_at AS at FROM cases WHERE id = ?", case_id)
        first = opened or own
        if first is None:
            raise RegistryError(f"There is no case {case_id} in {self._store.path}: see `audit case list`.")
        added = self._store.rows("SELECT addition FROM additions WHERE number = ? ORDER BY id", case_id)
        checks = [case_id] * self._is_check(case_id) + [row["addition"] for row in added]
        notes = self._store.rows("SELECT text, at, by FROM notes WHERE number = ? ORDER BY id", case_id)
        last = self._changes.last("case", case_id)
        title = last[TITLE].value if TITLE in last else opened["title"] if opened else ""
        closed = CLOSED in last and bool(last[CLOSED].value)
        return CaseFolder(case_id, title, first["at"], tuple(checks), tuple(Note(**row) for row in notes), closed)

    def folders(self) -> list[CaseFolder]:
        """Return all cases, ordered by number."""
        numbers = self._store.rows("SELECT id FROM cases UNION SELECT id FROM openings ORDER BY id")
        return [self.folder(row["id"]) for row in numbers]

    def rows_about(self, case_id: int) -> set[tuple[str, int]]:
        """Return (table, row number) of every row about a case: checks, opening, additions, notes, exports, changes."""
        columns = (("openings", "id"), ("additions", "number"), ("notes", "number"), ("exports", "number"))
        query = " UNION ALL ".join(
            f"SELECT '{table}' AS kind, id FROM {table} WHERE {column} = ?1" for table, column in columns
        )
        query += " UNION ALL SELECT 'changes', id FROM changes WHERE subject = 'case' AND number = ?1"
        rows = {(row["kind"], row["id"]) for row in self._store.rows(query, case_id)}
        return rows | {("cases", number) for number in self.folder(case_id).checks}

    def disclosed(self, table: str, number: int) -> dict[str, Any]:
        """Return a row of a logged table as packages show it."""
        return disclosed(self._store.row(table, number))

    def history(self, case_id: int) -> list[Event]:
        """Return the log's events about a case."""
        rows = self.rows_about(case_id)
        return [
            event for event in self._store.events() if (event.payload.get("table"), event.payload.get("id")) in rows
        ]

    def _change(self, case_id: int, field: str, value: str, *, differs: bool) -> bool:
        if differs:
            self._changes.change("case", case_id, field, value)
        return differs

    def _is_check(self, number: int) -> bool:
        return self._store.first("SELECT 1 AS known FROM cases WHERE id = ?", number) is not None


def log_root(events: list[Event]) -> str:
    """Return the Merkle root over a log, hexadecimal; the leaves are the events' hashes in hexadecimal."""
    return root([event.hash.encode() for event in events]).hex()
