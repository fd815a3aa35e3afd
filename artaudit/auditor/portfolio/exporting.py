"""Writes a portfolio into a folder: a record with digests, a table, and a folder for each work."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import shutil
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from artaudit.auditor.originals import original_of
from artaudit.auditor.places import state_of
from artaudit.auditor.registry import Registry, Version, Work
from artaudit.auditor.registry.changes import EDITABLE, FIRST_REGISTERED, TAGS
from artaudit.auditor.registry.hash_chain import canonical, now
from artaudit.errors import ImageError
from artaudit.image.sources import sha256_of
from artaudit.image.writing import ensure_new, write_atomically
from artaudit.spreadsheets import guarded

SCHEMA = "artaudit-portfolio/1"
RECORD, TABLE = "portfolio.json", "portfolio.csv"
FINGERPRINTS = ("pdq", "keypoints")
THUMBNAIL, ORIGINAL = "thumbnail", "original"

_KEPT = ("id", "sha256", "pixels_sha256", "width", "height", "format", "registered_at", "withdrawn")
_COLUMNS = (*("id", "title", "year", "tags", "note"), *_KEPT[1:], "original", "versions")


def export(folder: Path, registry: Registry, *, originals: bool = True) -> dict[str, Any]:
    """Write all works, with their originals and versions where they are at hand, into a new folder; return the record.

    Without `originals` the small pictures stand for them. Raises UsageError where `folder` is there already, and
    ImageError where it cannot be written; then nothing is left of it.
    """
    ensure_new(folder, "name another folder")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as beside:
            inside = Path(beside) / folder.name
            works = [_written(work, inside, registry, originals=originals) for work in registry.works(withdrawn=True)]
            record = {"schema": SCHEMA, "exported_at": now(), "exported_by": registry.by, "works": works}
            write_atomically(inside / TABLE, _table(works).encode("utf-8-sig"))
            write_atomically(inside / RECORD, f"{canonical(record)}\n".encode())
            inside.replace(folder)
    except OSError as error:
        raise ImageError(f"{folder} cannot be written ({error.strerror}): choose another place.") from error
    return record


def _written(work: Work, inside: Path, registry: Registry, *, originals: bool) -> dict[str, Any]:
    """Write the files of a work; return its entry in the record."""
    own = _Folder(inside, f"works/{work.id:04}-{_plain(work.title)}")
    files = {THUMBNAIL: own.write("thumbnail.jpg", registry.preview(work.id))}
    for kind in FINGERPRINTS:
        files[kind] = own.write(f"{kind}.bin", registry.fingerprint_store.fingerprint(work.id, kind))
    original = original_of(work, registry) if originals else None
    if original is not None:
        files[ORIGINAL] = own.write(f"original/{_plain(Path(work.path).stem)}{Path(work.path).suffix}", original.data)
    versions = registry.versions(work.id)
    return {
        **{name: value for name, value in asdict(work).items() if name in _KEPT},
        "name": Path(work.path).name,
        "said": _said(work, registry),
        "files": files,
        "versions": [_version(number, version, own, copied=originals) for number, version in enumerate(versions, 1)],
        "credentials": [
            {"at": manifest.at, "by": manifest.by, **own.write(f"credential-{number}.c2pa", manifest.data)}
            for number, manifest in enumerate(registry.manifests(work.id), 1)
        ],
    }


def _said(work: Work, registry: Registry) -> dict[str, dict[str, str]]:
    """Return title, note, year and tags with when they were last changed (never: empty), and the first registration."""
    last = registry.change_store.last("work", work.id)
    values = {field: getattr(work, field) for field in EDITABLE} | {TAGS: ", ".join(work.tags)}
    first = last[FIRST_REGISTERED].value if FIRST_REGISTERED in last else work.registered_at
    said = {field: {"value": value, "at": last[field].at if field in last else ""} for field, value in values.items()}
    return said | {FIRST_REGISTERED: {"value": first, "at": ""}}


def _version(number: int, version: Version, own: _Folder, *, copied: bool) -> dict[str, Any]:
    """Write the receipt of a version, and its file if it is at hand; return its entry."""
    path = Path(version.path)
    files = {"receipt": own.write(f"version-{number}.receipt.json", f"{canonical(version.receipt)}\n".encode())}
    if copied and state_of(version.path, version.sha256) == "unchanged":
        files["picture"] = own.copy(f"versions/{number}-{_plain(path.stem)}{path.suffix}", path)
    kept = {"sha256": version.sha256, "pixels_sha256": version.pixels_sha256, "added_at": version.added_at}
    return {**kept, "name": path.name, "files": files}


class _Folder:
    """The folder of one work; what is written into it is named, with its digest, from the folder of the portfolio."""

    def __init__(self, top: Path, name: str) -> None:
        self._top, self._name = top, name

    def write(self, name: str, data: bytes) -> dict[str, str]:
        write_atomically(self._top / self._name / name, data)
        return {"file": f"{self._name}/{name}", "sha256": hashlib.sha256(data).hexdigest()}

    def copy(self, name: str, path: Path) -> dict[str, str]:
        target = self._top / self._name / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        return {"file": f"{self._name}/{name}", "sha256": sha256_of(target)}


def _plain(text: str) -> str:
    """Return a text as a name of a file on any system."""
    return re.sub(r"[^\w-]+", "-", text).strip("-")[:60] or "untitled"


def _table(works: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    for work in works:
        said = {field: work["said"][field]["value"] for field in EDITABLE}
        versions = "; ".join(version["name"] for version in work["versions"])
        original = work["files"].get(ORIGINAL, {}).get("file", "")
        table.writerow(guarded({**work, **said, "versions": versions, "original": original}))
    return text.getvalue()
