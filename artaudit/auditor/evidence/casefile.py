"""The content of a package: checks, works, pictures, notes and the extract of the log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from artaudit.auditor.evidence.enclosure import ABSENT, ORIGINALS, enclosed, sentence
from artaudit.auditor.evidence.log_stamps import StampFile, stamped
from artaudit.auditor.evidence.reporting.words import subject
from artaudit.auditor.registry.rows import file_name

SCHEMA = "artaudit-report/3"
NOT_RECORDED = "not recorded"
CLAIMED = ("url", "saved_at", "page", "server_date", "archive", "archive_sha256")
"""What the custody record repeats of the claims that a list or an archive makes about a saved file."""

LIMITS = (
    "A match shows that the picture, or a part of it, is a copy of a registered work.",
    "It does not show that any model was trained on the work, nor that a style was taken.",
    "What a file says about its own making is a claim: anyone can write or remove it.",
    "Rates and likelihood ratios hold for pictures like those they were measured on, which each finding names.",
    "That nothing was found does not show that there is nothing: strongly changed copies can be missed.",
    "The digests show that nothing in the package changed since it was written, not that what it says is true.",
)


CLOCK = "The times of the log are not to be relied on: {fault}."


@dataclass(frozen=True, slots=True)
class CheckFile:
    """One check: the evidence as plain JSON values, the bytes of the checked file, and a JPEG of it for the report.

    `enclosed` says whether the bytes go into the package.
    """

    id: int
    created_at: str
    evidence: dict[str, Any]
    suspect: bytes = field(repr=False)
    extension: str
    preview: bytes = field(repr=False)
    enclosed: bool = True

    def files(self) -> dict[str, bytes]:
        """Return the files of the check by their names in the package, the preview last."""
        original = {f"data/suspects/{self.id}/original.{self.extension}": self.suspect} if self.enclosed else {}
        return {**original, f"data/suspects/{self.id}/preview.jpg": self.preview}

    def as_dict(self) -> dict[str, Any]:
        """Return the record's entry for the check; of paths it holds the file name alone."""
        return {
            "id": self.id,
            "created_at": self.created_at,
            "evidence": {**self.evidence, "path": file_name(self.evidence["path"])},
            "suspect": {
                "sha256": sha256(self.suspect),
                "bytes": len(self.suspect),
                "original_included": self.enclosed,
                "files": entries(self.files()),
            },
        }


@dataclass(frozen=True, slots=True)
class WorkFile:
    """A registered work of the case; `preview` is a JPEG, `original` the registered bytes if they are enclosed.

    `absent` says why they are not, `features` are what matching compares, by kind, enclosed in their place. `manifest`
    is the content credential (C2PA) that the work was last signed with.
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
    features: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    absent: str = ABSENT

    def files(self) -> dict[str, bytes]:
        """Return the files of the work by their names in the package."""
        files = {f"data/works/{self.id}/preview.jpg": self.preview}
        if self.original is not None:
            files[f"data/works/{self.id}/original.{self.extension}"] = self.original
        files |= {f"data/works/{self.id}/features/{kind}.bin": data for kind, data in self.features.items()}
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
            **({} if self.original is not None else {"absent": self.absent}),
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
    inclusion proof under "proof", and under "row" what it is about, as far as packages show it. `faults` say where the
    log's times cannot be right, `stamps` are timestamps of earlier states of the log.
    """

    size: int
    root: str
    events: tuple[dict[str, Any], ...] = ()
    faults: tuple[str, ...] = ()
    stamps: tuple[StampFile, ...] = ()

    def files(self) -> dict[str, bytes]:
        """Return the timestamps of the log by their names in the package."""
        return {stamp.name: stamp.token for stamp in self.stamps}

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        stamps = [stamp.as_dict(sha256(stamp.token)) for stamp in self.stamps]
        log = {"size": self.size, "root": self.root, "events": list(self.events)}
        return {**log, **({"stamps": stamps} if stamps else {})}


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case: its checks, the works and illustrations that findings refer to, notes, and the log's extract.

    `enclose` is what of the files goes into the package, `stated` what the person who writes the report states about
    it.
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
    enclose: str = ORIGINALS
    stated: Mapping[str, Any] = field(default_factory=dict)

    def report(self) -> dict[str, Any]:
        """Return the record: plain JSON values that name every file of `files` by its digest."""
        checks, works = [check.as_dict() for check in self.checks], [work.as_dict() for work in self.works]
        inside = enclosed(self.enclose, checks, works)
        return {
            "schema": SCHEMA,
            "case": {"id": self.id, "title": self.title, "opened_at": self.opened_at, "notes": list(self.notes)},
            "exported": {"at": self.exported_at, "by": self.exported_by, **self.stated},
            "checks": checks,
            "works": works,
            "pictures": [picture.as_dict() for picture in self.pictures],
            "enclosed": inside,
            "custody": custody(checks, works, self.log.as_dict()),
            "log": self.log.as_dict(),
            "limits": [*LIMITS, sentence(inside), *(CLOCK.format(fault=fault) for fault in self.log.faults)],
        }

    def files(self) -> dict[str, bytes]:
        """Return every file that the record names, by its name in the package."""
        parts: list[CheckFile | WorkFile | PictureFile | LogExtract] = [
            *self.checks,
            *self.works,
            *self.pictures,
            self.log,
        ]
        return {name: data for part in parts for name, data in part.files().items()}


def custody(
    checks: Sequence[Mapping[str, Any]], works: Sequence[Mapping[str, Any]], log: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return for every exhibit of a record when it came in, from whom, from which file, and where it is kept.

    `checks`, `works` and `log` are those of the record.
    """
    return [*_checked(checks, log["events"]), *_registered(works, log)]


def _checked(checks: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for check in checks:
        here = "in the registry and in this package" if check["suspect"]["original_included"] else "in the registry"
        yield {
            "exhibit": f"checked picture {check['id']}",
            "sha256": check["suspect"]["sha256"],
            "source": check["evidence"]["path"],
            **{name: claim for name, claim in check["evidence"].get("source", {}).items() if name in CLAIMED},
            "kept": f"a copy of its bytes lies {here}; the log holds their digest",
            **_received(events, "cases", check["id"]),
        }


def _registered(works: Sequence[Mapping[str, Any]], log: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for work in works:
        received = _received(log["events"], "works", work["id"])
        stamp = stamped(log, received.get("event", 0))
        seen = (
            f"; {subject(stamp['authority'])} timestamped a log that held it, {stamp['at'][:19]} UTC" if stamp else ""
        )
        copied = ", and a copy of it is in this package" if work["original_included"] else ""
        yield {
            "exhibit": f"registered work {work['id']}",
            "sha256": work["sha256"],
            "source": work["path"],
            "kept": f"the registry holds its digests and a small picture; the file stayed with its owner{copied}{seen}",
            **received,
        }


def _received(events: Sequence[Mapping[str, Any]], table: str, number: int) -> dict[str, Any]:
    """Return when and by whom a row was written and in which event; empty if the log does not name it."""
    event = event_about(events, table, number)
    if event is None:
        return {}
    by = event["payload"].get("by", NOT_RECORDED)
    return {"received_at": event["at"], "received_by": by, "event": event["seq"]}


def event_about(events: Sequence[Mapping[str, Any]], table: str, number: int) -> Mapping[str, Any] | None:
    """Return the first event of a log's extract about a row; None when there is none."""
    about = (
        event for event in events if (event["payload"].get("table"), event["payload"].get("id")) == (table, number)
    )
    return next(about, None)


def entries(files: dict[str, bytes]) -> list[dict[str, str]]:
    """Return the record's entries for files: name and sha256 of each."""
    return [{"file": name, "sha256": sha256(data)} for name, data in files.items()]


def sha256(data: bytes) -> str:
    """Return the hexadecimal sha256 of some bytes."""
    return hashlib.sha256(data).hexdigest()
