"""Verifies packages, which are not trusted: recomputes every digest and names every contradiction."""

from __future__ import annotations

import io
import re
import stat
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artaudit.auditor.evidence.casefile import sha256
from artaudit.auditor.evidence.consistency import disagreements
from artaudit.auditor.evidence.package import MANIFEST, MOST_BYTES, MOST_FILES, NAME, SUMS, TAG_MANIFEST, manifest, pack
from artaudit.auditor.signing.seals import Trust, seal_names
from artaudit.errors import PackageError

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_ENCRYPTED = 1


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a verification: `problems` as sentences, the number of files checked, and a summary of the case."""

    ok: bool
    problems: tuple[str, ...]
    checked: int
    summary: dict[str, Any]


def verify_package(path: Path, trust: Trust | None = None) -> Verification:
    """Recompute every digest of the package at `path` and verify its seal.

    With roots in `trust`, a signature or timestamp whose chain leads to none of them is a problem, and so is a missing
    one. Raises PackageError when it is no ZIP file or is too large to be a package.
    """
    data = _read(path)
    files, problems = _unpack(data, path)
    if not problems and pack(files) != data:
        problems.append("the ZIP file holds more than its files: something was added, or changed between them")
    problems += _against_manifest(files, MANIFEST, lambda name: name.startswith("data/"))
    problems += _against_sums(files)
    unlisted = {TAG_MANIFEST, SUMS, *seal_names(files, TAG_MANIFEST)}
    problems += _against_manifest(
        files, TAG_MANIFEST, lambda name: not name.startswith("data/") and name not in unlisted
    )
    contradictions, summary = disagreements(files, trust or Trust())
    problems += contradictions
    return Verification(not problems, tuple(problems), len(files), summary)


def read_files(path: Path) -> dict[str, bytes]:
    """Return the files of the package at `path` by name; raises PackageError when it is no whole package."""
    files, problems = _unpack(_read(path), path)
    if problems:
        raise PackageError(f"{path} is no whole package ({problems[0]}): see what `audit verify` says.")
    return files


def _read(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise PackageError(f"{path} is no file: name the package itself.")
        if path.stat().st_size > MOST_BYTES:
            raise PackageError(f"{path} is larger than any package: check the name.")
        return path.read_bytes()
    except OSError as error:
        raise PackageError(f"{path} cannot be opened ({error.strerror}): check the name.") from error


def _unpack(data: bytes, path: Path) -> tuple[dict[str, bytes], list[str]]:
    """Return the files that are safe to read, and what is wrong with the others."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
            if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise PackageError(f"{path} unpacks to more than any package: it is not one.")
            return _contents(package, entries)
    except (zipfile.BadZipFile, OSError, ValueError, OverflowError, EOFError, NotImplementedError) as error:
        raise PackageError(f"{path} is no whole ZIP file ({error}): ask for the package again.") from error


def _contents(package: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> tuple[dict[str, bytes], list[str]]:
    files: dict[str, bytes] = {}
    problems: list[str] = []
    taken: set[str] = set()
    for entry in entries:
        objection = _objection(entry, taken)
        if objection:
            problems.append(objection)
            continue
        taken.add(entry.filename.casefold())
        try:
            files[entry.filename] = package.read(entry)
        except (zipfile.BadZipFile, ValueError, EOFError, RuntimeError, NotImplementedError) as error:
            problems.append(f"{entry.filename} cannot be read ({error})")
    return files, problems


def _objection(entry: zipfile.ZipInfo, taken: set[str]) -> str:
    """Return why an entry is not read, "" if it is; names that differ in case only are one file on many computers."""
    if not NAME.fullmatch(entry.filename) or entry.filename != entry.orig_filename:
        return f"{entry.filename!r} is no name that a package holds"
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
        return f"{entry.filename} is a link or something else that is no file"
    if entry.filename.casefold() in taken:
        return f"{entry.filename} stands in the package twice"
    compressed = entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size
    if compressed or entry.flag_bits & _ENCRYPTED:
        return f"{entry.filename} is packed or encrypted, which packages never are"
    return ""


def _against_manifest(files: Mapping[str, bytes], name: str, belongs: Callable[[str], bool]) -> list[str]:
    """Compare the files for which `belongs` is true with the manifest `name`; return what is wrong."""
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
    present = {file for file in files if belongs(file)}
    problems += [f"{file} is missing" for file in sorted(listed.keys() - files.keys())]
    problems += [f"{file} is in no manifest" for file in sorted(present - listed.keys())]
    changed = sorted(file for file in present & listed.keys() if sha256(files[file]) != listed[file])
    problems += [f"{file} was changed: its digest is not the one in {name}" for file in changed]
    if not problems and files[name] != manifest({file: files[file] for file in present}):
        problems.append(f"{name} holds lines that do not belong there")
    return problems


def _against_sums(files: Mapping[str, bytes]) -> list[str]:
    """Compare the seals with their digests; whether all seals are present is for the record to say."""
    seals = {name: files[name] for name in seal_names(files, TAG_MANIFEST)}
    if SUMS not in files:
        return [f"{SUMS} is missing"] if seals else []
    lines = files[SUMS].decode("utf-8", "replace").splitlines(keepends=True)
    wanted = {name: manifest({name: data}).decode() for name, data in seals.items()}
    changed = [
        f"{name} was changed: its digest is not the one in {SUMS}" for name in seals if wanted[name] not in lines
    ]
    gone = {match[2] for line in lines if (match := _LINE.fullmatch(line.rstrip("\n"))) and match[2] not in files}
    rest = [line for line in lines if not any(line.endswith(f"  {name}\n") for name in seal_names(gone, TAG_MANIFEST))]
    if not changed and "".join(rest) != manifest(seals).decode():
        changed.append(f"{SUMS} holds lines that do not belong there")
    return changed
