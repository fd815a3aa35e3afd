"""Where files of the portfolio lie now: one that was moved, or all that are gone, looked for in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from artaudit.auditor.registry import Registry, Work
from artaudit.auditor.registry.changes import PATH, Subject
from artaudit.errors import UsageError
from artaudit.image.sources import READABLE, sha256_of

ORIGINAL = "original"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that the registry knows: of a work, or of a version of it; `kind` says of which."""

    subject: Subject
    number: int
    work: Work
    kind: str
    sha256: str
    path: str


def move(work: Work, path: Path, registry: Registry) -> str:
    """Record that the file of a work lies at `path`, or in that folder under its name; return where.

    Raises UsageError when no such file is there, or another than the one that was registered.
    """
    target = (path / Path(work.path).name if path.is_dir() else path).resolve()
    if not target.is_file():
        raise UsageError(f"{target} is no file: move the picture there first, as only its place is recorded.")
    if sha256_of(target) != work.sha256:
        raise UsageError(f"{target} is not the file of work {work.id}: its digest is another; register it if you wish.")
    if str(target) != work.path:
        registry.change_store.change("work", work.id, PATH, str(target))
    return str(target)


def relocate(folder: Path, registry: Registry) -> tuple[list[KeptFile], list[KeptFile]]:
    """Search a folder for the files of works and versions that are gone; return what was found, and what is still gone.

    Files are told by their digests, whatever they are called; those found have their new place. Raises UsageError when
    `folder` is no folder.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder: name the one that the pictures were moved to.")
    gone = [file for file in _files(registry) if not Path(file.path).is_file()]
    there = _digests(folder) if gone else {}
    found = [replace(file, path=there[file.sha256]) for file in gone if file.sha256 in there]
    with registry.together():
        for file in found:
            registry.change_store.change(file.subject, file.number, PATH, file.path)
    return found, [file for file in gone if file.sha256 not in there]


def _files(registry: Registry) -> Iterator[KeptFile]:
    works = {work.id: work for work in registry.works(withdrawn=True)}
    for work in works.values():
        yield KeptFile("work", work.id, work, ORIGINAL, work.sha256, work.path)
    for version in registry.versions():
        yield KeptFile("version", version.id, works[version.work], version.kind, version.sha256, version.path)


def _digests(folder: Path) -> dict[str, str]:
    """Return by digest where the pictures below a folder lie; those that cannot be read are left out."""
    there = {}
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.suffix.lower() in READABLE and path.is_file():
            with suppress(OSError):
                there[sha256_of(path)] = str(path.resolve())
    return there


def state_of(path: str, sha256: str) -> str:
    """Say in a word whether the file at a path is the one with this digest: "unchanged", "changed" or "gone"."""
    try:
        return "unchanged" if sha256_of(Path(path)) == sha256 else "changed"
    except OSError:
        return "gone"


def described(work: Work, registry: Registry) -> dict[str, Any]:
    """Return a work as plain values, with its versions, its last credential, and whether the files are there."""
    credentials = registry.manifests(work.id)
    last = credentials[-1] if credentials else None
    versions = [
        {
            "kind": version.kind,
            "path": version.path,
            "there": Path(version.path).is_file(),
            "sha256": version.sha256,
            "added_at": version.added_at,
        }
        for version in registry.versions(work.id)
    ]
    return {
        **asdict(work),
        "there": Path(work.path).is_file(),
        "versions": versions,
        "credential": {"at": last.at, "by": last.by, "sha256": last.sha256} if last else None,
    }
