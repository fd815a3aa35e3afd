"""Verifies a package that nobody vouches for: every digest recomputed, every disagreement named."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artaudit.auditor.chain import canonical
from artaudit.auditor.evidence.casefile import SCHEMA, sha256
from artaudit.auditor.evidence.package import MANIFEST, PAGE, REPORT, TAG_MANIFEST, pack
from artaudit.errors import PackageError

MOST_BYTES = 2 << 30
MOST_FILES = 10_000
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of it: `problems` in sentences, how many files were checked, and what the package is about."""

    ok: bool
    problems: tuple[str, ...]
    checked: int
    summary: dict[str, Any]


def verify_package(path: Path) -> Verification:
    """Recompute every digest of the package at `path`.

    Raises PackageError when it is no ZIP file or is too large to be a package.
    """
    data = _read(path)
    files, problems = _unpack(data, path)
    if not problems and pack(files) != data:
        problems.append("the ZIP file holds more than its files: something was added, or changed between them")
    problems += _against_manifest(files, MANIFEST, lambda name: name.startswith("data/"))
    problems += _against_manifest(
        files, TAG_MANIFEST, lambda name: not name.startswith("data/") and name != TAG_MANIFEST
    )
    found, summary = _record(files)
    problems += found
    return Verification(not problems, tuple(problems), len(files), summary)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise PackageError(f"{path} is larger than any package: check the name.")
        return path.read_bytes()
    except OSError as error:
        raise PackageError(f"{path} cannot be opened ({error.strerror}): check the name.") from error


def _unpack(data: bytes, path: Path) -> tuple[dict[str, bytes], list[str]]:
    """Return the files that may be read, and what is wrong with the others."""
    files: dict[str, bytes] = {}
    problems: list[str] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
            if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise PackageError(f"{path} unpacks to more than any package: it is not one.")
            for entry in entries:
                trouble = _trouble(entry, files)
                if trouble:
                    problems.append(trouble)
                    continue
                try:
                    files[entry.filename] = package.read(entry)
                except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:
                    problems.append(f"{entry.filename} cannot be read ({error})")
    except (zipfile.BadZipFile, OSError, ValueError, OverflowError, EOFError, NotImplementedError) as error:
        raise PackageError(f"{path} is no whole ZIP file ({error}): ask for the package again.") from error
    return files, problems


def _trouble(entry: zipfile.ZipInfo, files: Mapping[str, bytes]) -> str:
    if not _NAME.fullmatch(entry.filename) or entry.filename != entry.orig_filename:
        return f"{entry.filename!r} is no name that a package holds"
    if entry.filename in files:
        return f"{entry.filename} stands in the package twice"
    if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 or entry.compress_size != entry.file_size:
        return f"{entry.filename} is packed or encrypted, which packages never are"
    return ""


def _against_manifest(files: Mapping[str, bytes], name: str, belongs: Callable[[str], bool]) -> list[str]:
    """Compare the files that belong to a manifest with what it says."""
    if name not in files:
        return [f"{name} is missing"]
    listed: dict[str, str] = {}
    problems = []
    for number, line in enumerate(files[name].decode("utf-8", "replace").splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None:
            problems.append(f"line {number} of {name} is no digest and name")
        else:
            listed[match[2]] = match[1]
    present = {one for one in files if belongs(one)}
    problems += [f"{one} is missing" for one in sorted(listed.keys() - files.keys())]
    problems += [f"{one} is in no manifest" for one in sorted(present - listed.keys())]
    changed = sorted(one for one in present & listed.keys() if sha256(files[one]) != listed[one])
    return problems + [f"{one} was changed: its digest is not the one in {name}" for one in changed]


def _record(files: Mapping[str, bytes]) -> tuple[list[str], dict[str, Any]]:
    """Check that the record is canonical and agrees with the files it names, and the page with the record."""
    if REPORT not in files:
        return [], {}
    try:
        record = json.loads(files[REPORT])
        named = [record["suspect"], *record["overlays"], *(one for work in record["works"] for one in work["files"])]
        wanted = {str(one["file"]): str(one["sha256"]) for one in named}
        evidence = record["evidence"]
        summary = {"case": record["case"], "verdict": evidence["verdict"], "checked_at": evidence["checked_at"]}
        problems = [] if record["schema"] == SCHEMA else [f"{REPORT} is of another schema than {SCHEMA}"]
        if evidence["sha256"] != record["suspect"]["sha256"]:
            problems.append(f"{REPORT} is about another picture than the one in the package")
        plain = canonical(record).encode() == files[REPORT]
    except (ValueError, KeyError, TypeError, RecursionError):
        return [f"{REPORT} is no readable record"], {}
    if not plain:
        problems.append(f"{REPORT} is not in its canonical form")
    for name, digest in wanted.items():
        if name not in files or sha256(files[name]) != digest:
            problems.append(f"{name} is not the file that {REPORT} names")
    if sha256(files[REPORT]).encode() not in files.get(PAGE, b""):
        problems.append(f"{PAGE} was made from another record")
    return problems, summary
