"""Everything a package is made from, handed over in one piece."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

SCHEMA = "artaudit-report/1"


@dataclass(frozen=True, slots=True)
class WorkFile:
    """A registered work of the case; `preview` is a JPEG, `original` the registered bytes where still at hand."""

    id: int
    title: str
    path: str
    sha256: str
    pixels_sha256: str
    registered_at: str
    extension: str
    preview: bytes = field(repr=False)
    original: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OverlayFile:
    """The picture (JPEG) that shows the match of the finding at position `finding`."""

    finding: int
    jpeg: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CaseFile:
    """One case: its evidence as plain JSON values, the suspect's bytes, and what the findings refer to.

    `suspect_preview` is a JPEG for the report; `events` are the log's entries about the case and its works.
    """

    id: int
    created_at: str
    evidence: dict[str, Any]
    suspect: bytes = field(repr=False)
    suspect_extension: str
    suspect_preview: bytes = field(repr=False)
    works: tuple[WorkFile, ...] = ()
    overlays: tuple[OverlayFile, ...] = ()
    events: tuple[dict[str, Any], ...] = ()

    def report(self) -> dict[str, Any]:
        """Return the record: plain JSON values that name every other file by its digest."""
        return {
            "schema": SCHEMA,
            "case": self.id,
            "created_at": self.created_at,
            "evidence": self.evidence,
            "suspect": {"file": self.suspect_name, "sha256": sha256(self.suspect), "bytes": len(self.suspect)},
            "works": [self._work(work) for work in self.works],
            "overlays": [
                {"finding": one.finding, "file": self.overlay_name(one), "sha256": sha256(one.jpeg)}
                for one in self.overlays
            ],
            "events": list(self.events),
            "limits": list(LIMITS),
        }

    @property
    def suspect_name(self) -> str:
        """Where the suspect lies in the package."""
        return f"data/suspect/original.{self.suspect_extension}"

    @staticmethod
    def overlay_name(overlay: OverlayFile) -> str:
        """Return where the picture of a match lies in the package."""
        return f"data/matches/{overlay.finding + 1:02}-overlay.jpg"

    @staticmethod
    def work_names(work: WorkFile) -> tuple[str, str]:
        """Return where a work's preview and its original lie in the package."""
        return f"data/works/{work.id}/preview.jpg", f"data/works/{work.id}/original.{work.extension}"

    def _work(self, work: WorkFile) -> dict[str, Any]:
        preview, original = self.work_names(work)
        files = [{"file": preview, "sha256": sha256(work.preview)}]
        if work.original is not None:
            files.append({"file": original, "sha256": sha256(work.original)})
        return {
            "id": work.id,
            "title": work.title,
            "path": work.path,
            "sha256": work.sha256,
            "pixels_sha256": work.pixels_sha256,
            "registered_at": work.registered_at,
            "original_included": work.original is not None,
            "files": files,
        }


LIMITS = (
    "A match shows that the picture, or a part of it, is a copy of a registered work.",
    "It does not show that any model was trained on the work, nor that a style was taken.",
    "What a file says about its own making is a claim: anyone can write or remove it.",
    "That nothing was found does not show that there is nothing: strongly changed copies can be missed.",
    "The time is that of the computer that made this package; it is not vouched for by anybody else.",
    "The digests show that nothing in the package changed since it was written, not that what it says is true.",
)


def sha256(data: bytes) -> str:
    """Return the hexadecimal sha256 of some bytes."""
    return hashlib.sha256(data).hexdigest()
