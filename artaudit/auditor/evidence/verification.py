"""Verifies packages, which are not trusted: recomputes every digest and names every contradiction."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artaudit.auditor.evidence.casefile import sha256
from artaudit.auditor.evidence.consistency import disagreements
from artaudit.auditor.evidence.container import open_container
from artaudit.auditor.evidence.package import MANIFEST, SUMS, TAG_MANIFEST, manifest
from artaudit.auditor.signing.seals import Trust, seal_names
from artaudit.errors import PackageError

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a verification: `problems` as sentences, the number of files checked, and a summary of the case.

    `remarks` say what is not as artaudit packs it, though no file differs, and what could not be compared here.
    """

    ok: bool
    problems: tuple[str, ...]
    checked: int
    summary: dict[str, Any]
    remarks: tuple[str, ...] = ()


def verify_package(path: Path, trust: Trust | None = None) -> Verification:
    """Recompute every digest of the package at `path`, a ZIP file or the folder it was unpacked into, and its seal.

    What other tools change when they pack a package again is a remark; its files are judged. Where files were changed,
    pictures and PDF are not made again: digests say already that this is not what was written. With roots in `trust`, a
    signature or timestamp whose chain leads to none of them is a problem, and so is a missing one. Raises PackageError
    when it is neither or is too large to be a package.
    """
    opened = open_container(path)
    files, problems = opened.files, list(opened.problems)
    problems += _against_manifest(files, MANIFEST, lambda name: name.startswith("data/"))
    problems += _against_sums(files)
    unlisted = {TAG_MANIFEST, SUMS, *seal_names(files, TAG_MANIFEST)}
    problems += _against_manifest(
        files, TAG_MANIFEST, lambda name: not name.startswith("data/") and name not in unlisted
    )
    contradictions, uncompared, summary = disagreements(files, trust or Trust(), remake=not problems)
    problems += contradictions
    return Verification(not problems, tuple(problems), len(files), summary, (*opened.remarks, *uncompared))


def read_files(path: Path) -> dict[str, bytes]:
    """Return the files of the package at `path` by name; raises PackageError when it is no whole package."""
    opened = open_container(path)
    if opened.problems:
        raise PackageError(f"{path} is no whole package ({opened.problems[0]}): see what `audit verify` says.")
    return opened.files


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
