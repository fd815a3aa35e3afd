"""Takes an exported portfolio over into a registry: every file by its digest, all of it or nothing.

The log says when a work came in; what the folder says of earlier dates is kept as what the folder says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from artaudit.auditor.portfolio.exporting import FINGERPRINTS, ORIGINAL, RECORD, SCHEMA, THUMBNAIL
from artaudit.auditor.registry import Registry, Work
from artaudit.auditor.registry.changes import COPY, EDITABLE, FIRST_REGISTERED, PATH, TAGS, TITLE
from artaudit.auditor.registry.hash_chain import now
from artaudit.auditor.registry.records import KnownFile
from artaudit.errors import ArtauditError, UsageError
from artaudit.image import decode
from artaudit.image.sources import sha256_of
from artaudit.matching.keypoints import Keypoints
from artaudit.matching.pdq import PdqHash

_FILE_BYTES = 1 << 30
_LONGEST = 4096
_DIGEST = 64


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What became of one work of the folder; `notes` say what else was taken or left."""

    work: Work
    new: bool
    notes: tuple[str, ...]


def import_portfolio(folder: Path, registry: Registry) -> list[TakenOver]:
    """Take over all works of an exported portfolio; of works known here, what was said of them later than here.

    Raises UsageError when `folder` is no exported portfolio or a file of it is not what its record names; then nothing
    is taken over.
    """
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
        if record["schema"] != SCHEMA:
            raise UsageError(f"{folder} is of another form than {SCHEMA}: export it again.")
        entries = [_Entry(folder, plain) for plain in record["works"]]
        with registry.together():
            return [_take(entry, registry) for entry in entries]
    except (OSError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise UsageError(
            f"{folder} is no whole exported portfolio: export it again with `audit works export`."
        ) from error


class _Entry:
    """One work of the record, not trusted: whatever is asked of it has the right form, or ValueError is raised."""

    def __init__(self, folder: Path, plain: Mapping[str, Any]) -> None:
        self._folder, self._plain = folder, plain
        self.file = self.known(plain, ORIGINAL)
        self.withdrawn = plain["withdrawn"] is True
        self.preview = self.data(plain["files"][THUMBNAIL])
        self.fingerprints = {kind: self.data(plain["files"][kind]) for kind in FINGERPRINTS}
        _ensure_readable(self.preview, self.fingerprints)

    def said(self, field: str) -> tuple[str, str]:
        """Return what is said in a field, and when (empty: at the registration)."""
        said = self._plain["said"][field]
        return _text(said["value"]), min(_text(said["at"]), now())

    def versions(self) -> list[tuple[KnownFile, dict[str, Any]]]:
        """Return the versions, each with its receipt."""
        sizes = {name: self._plain[name] for name in ("width", "height", "format")}
        return [
            (self.known({**sizes, **plain}, "picture"), _object(self.data(plain["files"]["receipt"])))
            for plain in self._plain["versions"]
        ]

    def credentials(self) -> list[bytes]:
        """Return the content credentials, oldest first."""
        return [self.data(plain) for plain in self._plain["credentials"]]

    def known(self, plain: Mapping[str, Any], name: str) -> KnownFile:
        """Return a picture's file, at its place in the folder; without it, at one where nothing lies."""
        place = str(self._folder.resolve() / Path(_text(plain["name"])).name)
        sha256 = _digest(plain["sha256"])
        if name in plain["files"]:
            place = str(self._path(plain["files"][name], sha256))
        size = {side: _count(plain[side]) for side in ("width", "height")}
        return KnownFile(sha256, _digest(plain["pixels_sha256"]), place, format=_text(plain["format"]), **size)

    def data(self, named: Mapping[str, Any]) -> bytes:
        """Return the bytes of a file that the record names."""
        return self._path(named, _digest(named["sha256"])).read_bytes()

    def _path(self, named: Mapping[str, Any], sha256: str) -> Path:
        """Return where a file lies; it must be inside the folder and have this digest."""
        name = PurePosixPath(_text(named["file"]))
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder.resolve()) or not path.is_file() or path.stat().st_size > _FILE_BYTES:
            raise UsageError(f"{self._folder} holds no file {name}: export it again.")
        if sha256_of(path) != sha256:
            raise UsageError(f"{path} is not the file that {RECORD} names: export it again.")
        return path


def _take(entry: _Entry, registry: Registry) -> TakenOver:
    title, _ = entry.said(TITLE)
    work, new = registry.add_work(
        entry.file,
        title=title or "untitled",
        fingerprints=entry.fingerprints,
        preview=entry.preview,
        kind="import",
    )
    notes = [*_said(entry, work, registry), *_placed(entry, work, registry)]
    if new:
        registry.change_store.change("work", work.id, FIRST_REGISTERED, entry.said(FIRST_REGISTERED)[0])
        if entry.withdrawn:
            registry.withdraw(work.id, "withdrawn in the imported portfolio")
    elif entry.withdrawn != work.withdrawn:
        notes.append(f"it is {'' if entry.withdrawn else 'not '}withdrawn there, which was left as it is here")
    for file, receipt in entry.versions():
        if registry.add_version(work.id, file, receipt):
            notes.append(f"version {Path(file.name).name}")
    known = {manifest.sha256 for manifest in registry.manifests(work.id)}
    for data in entry.credentials():
        if hashlib.sha256(data).hexdigest() not in known:
            registry.add_manifest(work.id, data)
            notes.append("a content credential")
    return TakenOver(registry.work(work.id), new, tuple(notes))


def _said(entry: _Entry, work: Work, registry: Registry) -> list[str]:
    """Take what was said later there than here; return what changed."""
    last, notes = registry.change_store.last("work", work.id), []
    ours = {field: getattr(work, field) for field in EDITABLE} | {TAGS: ", ".join(work.tags)}
    for field in EDITABLE:
        value, at = entry.said(field)
        held_since = last[field].at if field in last else ""
        if value != ours[field] and at > held_since and (value or field != TITLE):
            registry.change_store.change("work", work.id, field, value, at=at)
            notes.append(f"{field} {value!r}, before {ours[field]!r}")
    return notes


def _placed(entry: _Entry, work: Work, registry: Registry) -> list[str]:
    """Keep where the original lies in the folder, where it is not known here already."""
    place = entry.file.name
    if not Path(place).is_file() or place in (work.path, *registry.change_store.paths(work.id)):
        return []
    gone = not Path(work.path).is_file()
    registry.change_store.change("work", work.id, PATH if gone else COPY, place)
    return [f"it lies at {place} now"] if gone else []


def _ensure_readable(preview: bytes, fingerprints: Mapping[str, bytes]) -> None:
    """Raise ValueError for a small picture or fingerprints that comparisons could not read."""
    try:
        kind = decode(preview, name=THUMBNAIL).format
        PdqHash.from_bytes(fingerprints["pdq"])
        Keypoints.from_bytes(fingerprints["keypoints"])
    except ArtauditError as error:
        raise ValueError(str(error)) from error
    if kind != "JPEG":
        raise ValueError("a small picture is no JPEG")


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        raise ValueError("no plain text")
    return value


def _digest(value: object) -> str:
    text = _text(value)
    if len(text) != _DIGEST or not set(text) <= set("0123456789abcdef"):
        raise ValueError("no digest")
    return text


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 31:
        raise ValueError("no count")
    return value


def _object(data: bytes) -> dict[str, Any]:
    value = json.loads(data)
    if not isinstance(value, dict):
        raise TypeError("no JSON object")
    return value
