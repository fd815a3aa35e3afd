"""The content of a package: checks, works, pictures, notes and the extract of the log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PureWindowsPath
from typing import Any

SCHEMA = "artaudit-report/3"
NOT_RECORDED = "not recorded"
CLAIMED = ("url", "saved_at")
"""What the custody record repeats of the claims that a list makes about a saved file."""

LIMITS = (
    "A match shows that the picture, or a part of it, is a copy of a registered work.",
    "It does not show that any model was trained on the work, nor that a style was taken.",
    "What a file says about its own making is a claim: anyone can write or remove it.",
    "Rates and likelihood ratios hold for pictures like those they were measured on, which each finding names.",
    "That nothing was found does not show that there is nothing: strongly changed copies can be missed.",
    "The digests show that nothing in the package changed since it was written, not that what it says is true.",
)


@dataclass(frozen=True, slots=True)
class CheckFile:
    """One check: the evidence as plain JSON values, the bytes of the checked file, and a JPEG of it for the report."""

    id: int
    created_at: str
    evidence: dict[str, Any]
    suspect: bytes = field(repr=False)
    extension: str
    preview: bytes = field(repr=False)

    def files(self) -> dict[str, bytes]:
        """Return the files of the check by their names in the package."""
        return {
            f"data/suspects/{self.id}/original.{self.extension}": self.suspect,
            f"data/suspects/{self.id}/preview.jpg": self.preview,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return the record's entry for the check; of paths it holds the file name alone."""
        return {
            "id": self.id,
            "created_at": self.created_at,
            "evidence": {**self.evidence, "path": file_name(self.evidence["path"])},
            "suspect": {"sha256": sha256(self.suspect), "bytes": len(self.suspect), "files": entries(self.files())},
        }


@dataclass(frozen=True, slots=True)
class WorkFile:
    """A registered work of the case; `preview` is a JPEG, `original` the registered bytes if still at hand.

    `manifest` is the content credential (C2PA) that the work was last signed with.
    """

    id: int
    title: str
    path: str
    sha256: str
    pixels_sha256: str
    registered_at: str
    extension: str
    preview: bytes = field(repr=False)
    original: bytes | None = field(default=None, repr=False)
    manifest: bytes | None = field(default=None, repr=False)

    def files(self) -> dict[str, bytes]:
        """Return the files of the work by their names in the package."""
        files = {f"data/works/{self.id}/preview.jpg": self.preview}
        if self.original is not None:
            files[f"data/works/{self.id}/original.{self.extension}"] = self.original
        if self.manifest is not None:
            files[f"data/works/{self.id}/manifest.c2pa"] = self.manifest
        return files

    def as_dict(self) -> dict[str, Any]:
        """Return the record's entry for the work; of its path it holds the file name alone."""
        return {
            "id": self.id,
            "title": self.title,
            "path": file_name(self.path),
            "sha256": self.sha256,
            "pixels_sha256": self.pixels_sha256,
            "registered_at": self.registered_at,
            "original_included": self.original is not None,
            "files": entries(self.files()),
        }


@dataclass(frozen=True, slots=True)
class PictureFile:
    """An illustration (JPEG) of the finding at position `finding` (from 0) of the check with number `check`.

    `name` tells the illustrations of a finding apart, `caption` describes what is to be seen.
    """

    check: int
    finding: int
    name: str
    caption: str
    jpeg: bytes = field(repr=False)

    def files(self) -> dict[str, bytes]:
        """Return the illustration by its name in the package."""
        return {f"data/findings/{self.check}-{self.finding + 1:02}-{self.name}.jpg": self.jpeg}

    def as_dict(self) -> dict[str, Any]:
        """Return the record's entry for the illustration."""
        return {"check": self.check, "finding": self.finding, "caption": self.caption, "files": entries(self.files())}


@dataclass(frozen=True, slots=True)
class LogExtract:
    """The events of the registry's log about a case.

    `root` is the root (RFC 6962, hexadecimal) of the tree over all `size` events; each event of `events` has its
    inclusion proof under "proof".
    """

    size: int
    root: str
    events: tuple[dict[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"size": self.size, "root": self.root, "events": list(self.events)}

    def about(self, table: str, number: int) -> dict[str, Any]:
        """Return when and by whom a row was written and in which event; empty if the log does not name it."""
        for event in self.events:
            if (event["payload"].get("table"), event["payload"].get("id")) == (table, number):
                by = event["payload"].get("by", NOT_RECORDED)
                return {"received_at": event["at"], "received_by": by, "event": event["seq"]}
        return {}


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case: its checks, the works and illustrations that findings refer to, notes, and the log's extract.

    `stated` is what the person who writes the report states about it.
    """

    id: int
    title: str
    opened_at: str
    exported_at: str
    exported_by: str
    checks: tuple[CheckFile, ...]
    log: LogExtract
    works: tuple[WorkFile, ...] = ()
    pictures: tuple[PictureFile, ...] = ()
    notes: tuple[dict[str, str], ...] = ()
    stated: Mapping[str, Any] = field(default_factory=dict)

    def report(self) -> dict[str, Any]:
        """Return the record: plain JSON values that name every file of `files` by its digest."""
        return {
            "schema": SCHEMA,
            "case": {"id": self.id, "title": self.title, "opened_at": self.opened_at, "notes": list(self.notes)},
            "exported": {"at": self.exported_at, "by": self.exported_by, **self.stated},
            "checks": [check.as_dict() for check in self.checks],
            "works": [work.as_dict() for work in self.works],
            "pictures": [picture.as_dict() for picture in self.pictures],
            "custody": list(self._custody()),
            "log": self.log.as_dict(),
        }

    def files(self) -> dict[str, bytes]:
        """Return every file that the record names, by its name in the package."""
        parts: list[CheckFile | WorkFile | PictureFile] = [*self.checks, *self.works, *self.pictures]
        return {name: data for part in parts for name, data in part.files().items()}

    def _custody(self) -> Iterator[dict[str, Any]]:
        """Yield for every exhibit when it came in, from whom, from which file, and where it has been kept since."""
        for check in self.checks:
            yield {
                "exhibit": f"checked picture {check.id}",
                "sha256": sha256(check.suspect),
                "source": file_name(check.evidence["path"]),
                **{name: claim for name, claim in check.evidence.get("source", {}).items() if name in CLAIMED},
                "kept": "a copy of its bytes lies in the registry; the log holds their digest",
                **self.log.about("cases", check.id),
            }
        for work in self.works:
            yield {
                "exhibit": f"registered work {work.id}",
                "sha256": work.sha256,
                "source": file_name(work.path),
                "kept": "the registry holds its digests and a small picture; the file stayed with its owner",
                **self.log.about("works", work.id),
            }


def file_name(path: str) -> str:
    """Return the last part of a path, Windows or POSIX; folders would reveal things about a person's computer."""
    return PureWindowsPath(path).name or path


def entries(files: dict[str, bytes]) -> list[dict[str, str]]:
    """Return the record's entries for files: name and sha256 of each."""
    return [{"file": name, "sha256": sha256(data)} for name, data in files.items()]


def sha256(data: bytes) -> str:
    """Return the hexadecimal sha256 of some bytes."""
    return hashlib.sha256(data).hexdigest()
