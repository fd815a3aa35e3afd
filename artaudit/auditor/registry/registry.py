"""The portfolio: works, their cloaked versions and the cases of checks; append-only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from artaudit.auditor.registry.access import damaged
from artaudit.auditor.registry.cases import CaseStore
from artaudit.auditor.registry.changes import DETACHED, EDITABLE, TAGS, TITLE, ChangeStore
from artaudit.auditor.registry.declarations import DeclarationStore
from artaudit.auditor.registry.fingerprints import FingerprintStore
from artaudit.auditor.registry.hash_chain import Event, canonical, now
from artaudit.auditor.registry.history import HistoryLine, history
from artaudit.auditor.registry.owner import who
from artaudit.auditor.registry.records import (
    SCHEMA,
    Case,
    CaseLine,
    KnownFile,
    Manifest,
    Version,
    Work,
    as_json,
    as_version,
    as_work,
)
from artaudit.auditor.registry.searching import matching
from artaudit.auditor.registry.selections import ATTACHED, VERSION, WITHDRAWN, WORK
from artaudit.auditor.registry.stamps import StampStore
from artaudit.auditor.registry.store import Store
from artaudit.errors import ArtauditError, RegistryError

if TYPE_CHECKING:  # pictures load more than a list may wait for
    from artaudit.image import Image

_NAMED = 5


class Registry:
    """Reads and appends; use it as a context manager. `read_only` tells of a file that this user may only read.

    Raises RegistryError when the file is no registry, damaged, locked, of a newer version, or not to be written.
    """

    def __init__(self, path: Path, *, create: bool = True, by: str | None = None) -> None:
        """Open the registry at `path`, which is made where `create` allows it; `by` is who acts [default: `who()`]."""
        self.path = path
        self.by = by or who()
        self._store = Store(path, self.by, create=create)
        self.read_only = self._store.read_only
        self.case_store = CaseStore(self._store)
        self.change_store = ChangeStore(self._store)
        self.declaration_store = DeclarationStore(self._store)
        self.fingerprint_store = FingerprintStore(self._store)
        self.stamp_store = StampStore(self._store)

    def __enter__(self) -> Registry:  # noqa: PYI034 - a final class
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if isinstance(error, Exception) and not isinstance(error, ArtauditError) and self._store.problems():
                raise RegistryError(damaged(self.path)) from error
        finally:
            self._store.close()

    def together(self) -> AbstractContextManager[None]:
        """Return a context whose writes are kept all together or not at all."""
        return self._store.writing()

    def add_work(
        self,
        image: Image | KnownFile,
        *,
        title: str,
        fingerprints: Mapping[str, bytes],
        preview: bytes,
        kind: str = "register",
    ) -> tuple[Work, bool]:
        """Register a picture; return the work, and False when the same bytes were registered before.

        `kind` is the log's word for it.
        """
        with self._store.writing():
            known = self._store.first("SELECT id FROM works WHERE sha256 = ?", image.sha256)
            if known is not None:
                return self.work(known["id"]), False
            row = {
                "sha256": image.sha256,
                "pixels_sha256": image.pixels_sha256,
                "path": image.name,
                "title": title,
                "width": image.width,
                "height": image.height,
                "format": image.format,
                "registered_at": now(),
                "preview": preview,
            }
            return self.work(self._store.append(kind, "works", row, fingerprints)), True

    def add_version(self, work_id: int, image: Image | KnownFile, receipt: dict[str, Any]) -> bool:
        """Append a version of a work; False when it is already known. One that was detached belongs to it again."""
        with self._store.writing():
            query = "SELECT id FROM versions WHERE work = ? AND sha256 = ?"
            known = self._store.first(query, work_id, image.sha256)
            if known is not None:
                detached = self.change_store.last("version", known["id"]).get(DETACHED)
                if detached is None or not detached.value:
                    return False
                self.change_store.change("version", known["id"], DETACHED, "")
                return True
            row = {
                "work": self.work(work_id).id,
                "sha256": image.sha256,
                "pixels_sha256": image.pixels_sha256,
                "path": image.name,
                "receipt": canonical(receipt),
                "added_at": now(),
            }
            self._store.append("version" if receipt.get("schema") == SCHEMA else "protect", "versions", row)
            return True

    def withdraw(self, work_id: int, reason: str) -> None:
        """Leave a work out of checks from now on."""
        self._set_withdrawn(work_id, reason, withdrawn=True)

    def restore(self, work_id: int, reason: str) -> None:
        """Take a withdrawn work back in."""
        self._set_withdrawn(work_id, reason, withdrawn=False)

    def works(self, *, withdrawn: bool = False) -> list[Work]:
        """Return all works, ordered by number; withdrawn ones only on request."""
        rows = self._store.rows(f"SELECT {WORK} FROM works ORDER BY id")
        return [work for work in map(as_work, rows) if withdrawn or not work.withdrawn]

    def latest(self, count: int, before: int | None = None, *, withdrawn: bool = False) -> list[Work]:
        """Return the `count` works that were registered last, or last before work `before`, the latest first."""
        which = "id < ?1" if withdrawn else f"id < ?1 AND NOT {WITHDRAWN}"
        query = f"SELECT {WORK} FROM works WHERE {which} ORDER BY id DESC LIMIT ?2"
        return [as_work(row) for row in self._store.rows(query, 2**62 if before is None else before, count)]

    def search(self, text: str, count: int, before: int | None = None, *, withdrawn: bool = False) -> list[Work]:
        """Return what `latest` does, of works that have all words of `text` in title, note, year and tags."""
        return [self.work(number) for number in matching(self._store, text, count, before, withdrawn=withdrawn)]

    def count(self) -> int:
        """Return the number of works that checks compare with: all that are not withdrawn."""
        row = self._store.first(f"SELECT count(*) AS number FROM works WHERE NOT {WITHDRAWN}")
        return int(row["number"]) if row else 0

    def work(self, work_id: int) -> Work:
        """Return one work; raises RegistryError when there is none with this number."""
        row = self._store.first(f"SELECT {WORK} FROM works WHERE id = ?", work_id)
        if row is None:
            raise RegistryError(f"There is no work {work_id} in {self.path}: see `audit works list`.")
        return as_work(row)

    def registered_as(self, work_id: int) -> tuple[str, str]:
        """Return title and path of a work as they were registered, whatever was changed since."""
        row = self._store.first("SELECT title, path FROM works WHERE id = ?", self.work(work_id).id) or {}
        return row.get("title", ""), row.get("path", "")

    def edit(self, work_id: int, **wanted: str) -> dict[str, tuple[str, str]]:
        """Change title, note, year or tags of a work; return old and new value of each field that changed.

        Raises RegistryError for an empty title.
        """
        if not wanted.get(TITLE, "title").strip():
            raise RegistryError("A title has at least one letter: name another.")
        with self._store.writing():
            work = self.work(work_id)
            said = {field: getattr(work, field) for field in EDITABLE} | {TAGS: ", ".join(work.tags)}
            return self.change_store.edit(work.id, said, wanted)

    def named(self, name: str, *, withdrawn: bool = True) -> Work:
        """Return the work with this number or title, whatever the case of its letters.

        Raises RegistryError when there is none, or several that have the title.
        """
        works = self.works(withdrawn=withdrawn)
        found = [work for work in works if str(work.id) == name.strip()]
        found = found or [work for work in works if work.title.casefold() == name.strip().casefold()]
        if len(found) == 1:
            return found[0]
        near = found or [work for work in works if name.strip() and name.strip().casefold() in work.title.casefold()]
        listed = ", ".join(f"{work.id} ({work.title})" for work in near[:_NAMED])
        if found:
            raise RegistryError(f"{len(found)} works are called {name!r}: name one by its number, {listed}.")
        meant = f"did you mean {listed}?" if near else "see `audit works list`."
        raise RegistryError(f"There is no work {name!r} in {self.path}: {meant}")

    def history(self, work_id: int) -> list[HistoryLine]:
        """Return what the log holds about a work and its versions, oldest first."""
        return history(self._store, self.work(work_id).id)

    def versions(self, work_id: int | None = None) -> list[Version]:
        """Return the versions of one work or of all, without those that were detached."""
        which, values = (" AND work = ?", (work_id,)) if work_id is not None else ("", ())
        query = f"SELECT {VERSION} FROM versions WHERE {ATTACHED}{which} ORDER BY id"
        return [as_version(row) for row in self._store.rows(query, *values)]

    def fingerprints(self, kind: str) -> Iterator[tuple[int, bytes]]:
        """Yield (work, fingerprint) of every work that is not withdrawn."""
        query = (
            "SELECT work, data FROM fingerprints JOIN works ON works.id = work "
            f"WHERE kind = ? AND NOT {WITHDRAWN} ORDER BY work"
        )
        for row in self._store.stream(query, kind):
            yield row["work"], row["data"]

    def preview(self, work_id: int) -> bytes:
        """Return the small JPEG of a work that was made at its registration."""
        row = self._store.first("SELECT preview FROM works WHERE id = ?", self.work(work_id).id)
        return bytes(row["preview"]) if row else b""

    def find(self, *, sha256: str | None = None, pixels_sha256: str | None = None) -> list[tuple[Work, Version | None]]:
        """Return works, and versions with their works, that have these bytes or these pixels."""
        column, value = ("sha256", sha256) if sha256 is not None else ("pixels_sha256", pixels_sha256)
        works = self._store.rows(f"SELECT {WORK} FROM works WHERE {column} = ?", value)
        versions = self._store.rows(f"SELECT {VERSION} FROM versions WHERE {column} = ? AND {ATTACHED}", value)
        found: list[tuple[Work, Version | None]] = [(as_work(row), None) for row in works]
        return found + [(self.work(row["work"]), as_version(row)) for row in versions]

    def add_case(self, evidence: dict[str, Any], suspect: bytes) -> int:
        """Append the evidence of a check and the checked file's bytes; return the number of the case.

        Raises RegistryError for evidence about other bytes.
        """
        name = hashlib.sha256(suspect).hexdigest()
        if evidence.get("sha256", name) != name:
            raise RegistryError(f"{evidence.get('path')} changed while it was checked: check it again.")
        with self._store.writing():
            if self._store.first("SELECT 1 AS known FROM suspects WHERE sha256 = ?", name) is None:
                self._store.insert("suspects", {"sha256": name, "data": suspect})
            number = self.case_store.next_number()
            row = {"id": number, "suspect": name, "evidence": canonical(evidence), "created_at": now()}
            return self._store.append("check", "cases", row)

    def case(self, case_id: int) -> Case:
        """Return one case; raises RegistryError when there is none with this number."""
        query = "SELECT * FROM cases JOIN suspects ON suspects.sha256 = suspect WHERE cases.id = ?"
        row = self._store.first(query, case_id)
        if row is None:
            raise RegistryError(f"There is no case {case_id} in {self.path}: check a picture first.")
        return Case(row["id"], as_json(row["evidence"]), bytes(row["data"]), row["created_at"])

    def cases(self) -> list[CaseLine]:
        """Return all cases, a line each."""
        lines = []
        for row in self._store.stream("SELECT id, created_at, evidence FROM cases ORDER BY id"):
            evidence = as_json(row["evidence"])
            lines.append(CaseLine(row["id"], row["created_at"], evidence["path"], evidence["verdict"]))
        return lines

    def add_manifest(self, work_id: int, data: bytes) -> None:
        """Append the content credential (C2PA) that a work was signed with."""
        digest = hashlib.sha256(data).hexdigest()
        row = {"work": self.work(work_id).id, "sha256": digest, "data": data, "at": now(), "by": self._store.by}
        with self._store.writing():
            self._store.append("sign", "manifests", row)

    def manifests(self, work_id: int) -> list[Manifest]:
        """Return the content credentials that a work was signed with, oldest first."""
        rows = self._store.rows("SELECT work, sha256, data, at, by FROM manifests WHERE work = ? ORDER BY id", work_id)
        return [Manifest(**row) for row in rows]

    def rows_about(self, work_id: int) -> set[tuple[str, int]]:
        """Return (table, row number) of the content credentials of a work and of what describes it."""
        tables = ("manifests", "descriptors")
        query = " UNION ALL ".join(f"SELECT '{table}' AS kind, id FROM {table} WHERE work = ?1" for table in tables)
        return {(row["kind"], row["id"]) for row in self._store.rows(query, work_id)}

    def events(self) -> Iterator[Event]:
        """Yield the log from its beginning."""
        return self._store.events()

    def differs(self, event: Event) -> bool:
        """Tell whether the row that an event of the log vouches for is missing, or another."""
        return self._store.differs(event)

    def verify(self) -> list[str]:
        """Return faults of the file, the chain and the rows, compared with the log, as sentences; empty when intact."""
        return self._store.problems()

    def backup(self, target: Path) -> None:
        """Write a whole copy to `target`, which must not exist yet."""
        self._store.backup(target)

    def _set_withdrawn(self, work_id: int, reason: str, *, withdrawn: bool) -> None:
        row = {"work": self.work(work_id).id, "withdrawn": int(withdrawn), "reason": reason, "at": now()}
        with self._store.writing():
            self._store.append("withdraw" if withdrawn else "restore", "withdrawals", row)
