"""The portfolio: works, their cloaked versions and the cases of checks; append-only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from artaudit.auditor.registry.cases import CaseStore
from artaudit.auditor.registry.fingerprints import FingerprintStore
from artaudit.auditor.registry.hash_chain import Event, canonical, now
from artaudit.auditor.registry.owner import who
from artaudit.auditor.registry.stamps import StampStore
from artaudit.auditor.registry.store import Store
from artaudit.errors import RegistryError
from artaudit.image import Image

_WORK = "id, sha256, pixels_sha256, path, title, width, height, format, registered_at"
_WITHDRAWN = "coalesce((SELECT withdrawn FROM withdrawals WHERE work = works.id ORDER BY id DESC LIMIT 1), 0)"
_VERSION = "work, sha256, pixels_sha256, path, receipt, added_at"


@dataclass(frozen=True, slots=True)
class Work:
    """One registered picture; `path` is where its file lay at registration."""

    id: int
    sha256: str
    pixels_sha256: str
    path: str
    title: str
    width: int
    height: int
    format: str
    registered_at: str
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class Version:
    """A cloaked version of a work, with its receipt."""

    work: int
    sha256: str
    pixels_sha256: str
    path: str
    receipt: dict[str, Any]
    added_at: str


@dataclass(frozen=True, slots=True)
class Case:
    """One check of one picture: the evidence as plain JSON values and the picture's original bytes."""

    id: int
    evidence: dict[str, Any]
    suspect: bytes
    created_at: str


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case as one line of a list."""

    id: int
    created_at: str
    path: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A content credential of a work: the C2PA manifest store as it was signed."""

    work: int
    sha256: str
    data: bytes
    at: str
    by: str


class Registry:
    """Reads and appends; use it as a context manager.

    Raises RegistryError when the file is no registry, damaged, locked, unwritable or of a newer version.
    """

    def __init__(self, path: Path) -> None:
        """Open the registry at `path`, creating folder and file where there is none."""
        self.path = path
        self._store = Store(path, who())
        self.case_store = CaseStore(self._store)
        self.fingerprint_store = FingerprintStore(self._store)
        self.stamp_store = StampStore(self._store)

    def __enter__(self) -> Registry:  # noqa: PYI034 - a final class
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.close()

    def together(self) -> AbstractContextManager[None]:
        """Return a context whose writes are kept all together or not at all."""
        return self._store.writing()

    def add_work(
        self, image: Image, *, title: str, fingerprints: Mapping[str, bytes], preview: bytes
    ) -> tuple[Work, bool]:
        """Register a picture; return the work, and False when the same bytes were registered before."""
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
            return self.work(self._store.append("register", "works", row, fingerprints)), True

    def add_version(self, work_id: int, image: Image, receipt: dict[str, Any]) -> bool:
        """Append a cloaked version of a work; False when it is already known."""
        with self._store.writing():
            if (
                self._store.first("SELECT id FROM versions WHERE work = ? AND sha256 = ?", work_id, image.sha256)
                is not None
            ):
                return False
            row = {
                "work": self.work(work_id).id,
                "sha256": image.sha256,
                "pixels_sha256": image.pixels_sha256,
                "path": image.name,
                "receipt": canonical(receipt),
                "added_at": now(),
            }
            self._store.append("protect", "versions", row)
            return True

    def withdraw(self, work_id: int, reason: str) -> None:
        """Leave a work out of checks from now on."""
        self._set_withdrawn(work_id, reason, withdrawn=True)

    def restore(self, work_id: int, reason: str) -> None:
        """Take a withdrawn work back in."""
        self._set_withdrawn(work_id, reason, withdrawn=False)

    def works(self, *, withdrawn: bool = False) -> list[Work]:
        """Return all works, ordered by number; withdrawn ones only on request."""
        rows = self._store.rows(f"SELECT {_WORK}, {_WITHDRAWN} AS withdrawn FROM works ORDER BY id")
        return [work for work in map(_as_work, rows) if withdrawn or not work.withdrawn]

    def count(self) -> int:
        """Return the number of works that checks compare with: all that are not withdrawn."""
        row = self._store.first(f"SELECT count(*) AS number FROM works WHERE NOT {_WITHDRAWN}")
        return int(row["number"]) if row else 0

    def work(self, work_id: int) -> Work:
        """Return one work; raises RegistryError when there is none with this number."""
        row = self._store.first(f"SELECT {_WORK}, {_WITHDRAWN} AS withdrawn FROM works WHERE id = ?", work_id)
        if row is None:
            raise RegistryError(f"There is no work {work_id} in {self.path}: see `audit works list`.")
        return _as_work(row)

    def versions(self, work_id: int | None = None) -> list[Version]:
        """Return the cloaked versions of one work or of all."""
        where, values = ("WHERE work = ?", (work_id,)) if work_id is not None else ("", ())
        return [
            _as_version(row)
            for row in self._store.rows(f"SELECT {_VERSION} FROM versions {where} ORDER BY id", *values)
        ]

    def fingerprints(self, kind: str) -> Iterator[tuple[int, bytes]]:
        """Yield (work, fingerprint) of every work that is not withdrawn."""
        query = (
            "SELECT work, data FROM fingerprints JOIN works ON works.id = work "
            f"WHERE kind = ? AND NOT {_WITHDRAWN} ORDER BY work"
        )
        for row in self._store.stream(query, kind):
            yield row["work"], row["data"]

    def preview(self, work_id: int) -> bytes:
        """Return the small JPEG of a work that was made at its registration."""
        row = self._store.first("SELECT preview FROM works WHERE id = ?", self.work(work_id).id)
        return bytes(row["preview"]) if row else b""

    def find(self, *, sha256: str | None = None, pixels_sha256: str | None = None) -> list[tuple[Work, Version | None]]:
        """Return works, and cloaked versions with their works, that have these bytes or these pixels."""
        column, value = ("sha256", sha256) if sha256 is not None else ("pixels_sha256", pixels_sha256)
        works = self._store.rows(f"SELECT {_WORK}, {_WITHDRAWN} AS withdrawn FROM works WHERE {column} = ?", value)
        versions = self._store.rows(f"SELECT {_VERSION} FROM versions WHERE {column} = ?", value)
        found: list[tuple[Work, Version | None]] = [(_as_work(row), None) for row in works]
        return found + [(self.work(row["work"]), _as_version(row)) for row in versions]

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
        return Case(row["id"], _json(row["evidence"]), bytes(row["data"]), row["created_at"])

    def cases(self) -> list[CaseLine]:
        """Return all cases, a line each."""
        lines = []
        for row in self._store.stream("SELECT id, created_at, evidence FROM cases ORDER BY id"):
            evidence = _json(row["evidence"])
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

    def events(self) -> Iterator[Event]:
        """Yield the log from its beginning."""
        return self._store.events()

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


def _as_work(row: dict[str, Any]) -> Work:
    return Work(**{**row, "withdrawn": bool(row["withdrawn"])})


def _as_version(row: dict[str, Any]) -> Version:
    return Version(**{**row, "receipt": _json(row["receipt"])})


def _json(text: str) -> dict[str, Any]:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RegistryError(
            "The registry holds a row that is not as it was written: see `audit db verify` and restore a backup."
        ) from error
