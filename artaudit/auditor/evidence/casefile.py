"""Everything a package is made from, handed over in one piece."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

SCHEMA = "artaudit-report/1"

LIMITS = (
    "A match shows that the picture, or a part of it, is a copy of a registered work.",
    "It does not show that any model was trained on the work, nor that a style was taken.",
    "What a file says about its own making is a claim: anyone can write or remove it.",
    "That nothing was found does not show that there is nothing: strongly changed copies can be missed.",
    "The time is that of the computer that made this package; it is not vouched for by anybody else.",
    "The digests show that nothing in the package changed since it was written, not that what it says is true.",
)


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

    def files(self) -> dict[str, bytes]:
        """Return the files of the work by their names in the package."""
        found = {f"data/works/{self.id}/preview.jpg": self.preview}
        if self.original is not None:
            found[f"data/works/{self.id}/original.{self.extension}"] = self.original
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return what the record says of the work."""
        return {
            "id": self.id,
            "title": self.title,
            "path": self.path,
            "sha256": self.sha256,
            "pixels_sha256": self.pixels_sha256,
            "registered_at": self.registered_at,
            "original_included": self.original is not None,
            "files": named(self.files()),
        }


@dataclass(frozen=True, slots=True)
class OverlayFile:
    """The picture (JPEG) that shows the match of the finding at position `finding`."""

    finding: int
    jpeg: bytes = field(repr=False)

    def files(self) -> dict[str, bytes]:
        """Return the picture by its name in the package."""
        return {f"data/matches/{self.finding + 1:02}-overlay.jpg": self.jpeg}


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
        """Return the record: plain JSON values that name every file of `files` by its digest."""
        return {
            "schema": SCHEMA,
            "case": self.id,
            "created_at": self.created_at,
            "evidence": self.evidence,
            "suspect": {
                "sha256": sha256(self.suspect),
                "bytes": len(self.suspect),
                "files": named(self._suspect_files()),
            },
            "works": [work.as_dict() for work in self.works],
            "overlays": [{"finding": one.finding, "files": named(one.files())} for one in self.overlays],
            "events": list(self.events),
            "limits": list(LIMITS),
        }

    def files(self) -> dict[str, bytes]:
        """Return every file that the record names, by its name in the package."""
        found = self._suspect_files()
        for work in self.works:
            found |= work.files()
        for overlay in self.overlays:
            found |= overlay.files()
        return found

    def _suspect_files(self) -> dict[str, bytes]:
        return {
            f"data/suspect/original.{self.suspect_extension}": self.suspect,
            "data/suspect/preview.jpg": self.suspect_preview,
        }


def named(files: dict[str, bytes]) -> list[dict[str, str]]:
    """Return names and digests of files as the record keeps them."""
    return [{"file": name, "sha256": sha256(data)} for name, data in files.items()]


def sha256(data: bytes) -> str:
    """Return the hexadecimal sha256 of some bytes."""
    return hashlib.sha256(data).hexdigest()
