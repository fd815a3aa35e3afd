"""Reproduce: the checks of a record are made again, on the very bytes of its package, and compared with it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from artaudit.auditor.assessment.weighing import SPARED, assess
from artaudit.auditor.evidence import REPORT, read_files
from artaudit.auditor.examiners import findings_of, ready
from artaudit.errors import PackageError
from artaudit.findings import COPY, KINDS, Finding
from artaudit.image import decode
from artaudit.matching import Portfolio, PortfolioEntry, describe, describers, fingerprint
from artaudit.protect.receipt import environment

SAME, DIFFERS, OPEN = "same", "differs", "not repeated"
TOLERANCE = 0.02
"""How far a score may move from one kind of processor to another, of itself or of its bar."""


def reproduce(path: Path) -> dict[str, Any]:
    """Make every check of a package, or of an unpacked one by its data/report.json, again; return what came of it.

    The suspects are compared with the works whose originals are in the package, and the recorded findings are weighed
    again. Raises PackageError when the files
    are not there or not those that the record names.
    """
    files = _files(path)
    try:
        record = json.loads(files[REPORT])
        checks = [_repeat(check, record, files) for check in record["checks"]]
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise PackageError(f"{path} holds no readable record: see what `audit verify` says.") from error
    outcomes = {one["outcome"] for check in checks for one in (*check["findings"], check["assessment"])}
    return {"path": str(path), "same": DIFFERS not in outcomes, "environment": environment(), "checks": checks}


def _files(path: Path) -> Mapping[str, bytes]:
    if path.suffix != ".json":
        return read_files(path)
    folder = path.absolute().parents[1]
    try:
        return {one.relative_to(folder).as_posix(): one.read_bytes() for one in path.parent.rglob("*") if one.is_file()}
    except OSError as error:
        raise PackageError(f"{path} cannot be read ({error.strerror}): check the name.") from error


def _repeat(check: Mapping[str, Any], record: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, Any]:
    name = check["suspect"]["files"][0]["file"]
    suspect = decode(_named(name, check["suspect"]["sha256"], files), name=check["evidence"]["path"])
    portfolio, absent = _portfolio(record, files)
    found: dict[tuple[str, Any], list[Finding]] = {}
    for one in findings_of(suspect, ready(portfolio, _said_to_be(check["evidence"]))):
        found.setdefault((one.examiner, one.work), []).append(one)
    findings = [
        _compare(one, found.get((one["examiner"], one["work"]), []), absent) for one in check["evidence"]["findings"]
    ]
    return {
        "check": check["id"],
        "environment": check["evidence"]["environment"],
        "findings": findings,
        "assessment": _weigh(check["evidence"]),
    }


def _weigh(evidence: Mapping[str, Any]) -> dict[str, str]:
    """Say whether the recorded findings come to what the record says they do."""
    said = evidence.get("assessment")
    if said is None:
        return {"outcome": OPEN, "why": "the record is of an edition that did not weigh findings"}
    again = assess([Finding.of(one) for one in evidence["findings"]], evidence["compared_with"])
    return {"outcome": SAME if json.loads(json.dumps(asdict(again))) == said else DIFFERS}


def _portfolio(record: Mapping[str, Any], files: Mapping[str, bytes]) -> tuple[Portfolio, set[int]]:
    """Return what to compare with, under the numbers of the record, and the works that are not in the package."""
    entries, absent, describer = [], set(), describers.chosen()
    for work in record["works"]:
        if not work["original_included"]:
            absent.add(work["id"])
            continue
        [name] = [one["file"] for one in work["files"] if "/original." in one["file"]]
        image = decode(_named(name, work["sha256"], files), name=name)
        prints = fingerprint(image)
        entries.append(
            PortfolioEntry(
                work["id"],
                work["title"],
                image.sha256,
                image.pixels_sha256,
                prints["pdq"],
                prints["keypoints"],
                descriptors=describe(image, describer) if describer else b"",
            )
        )
    return Portfolio(entries, describer=describer), absent


def _named(name: str, digest: str, files: Mapping[str, bytes]) -> bytes:
    data = files[name]
    if hashlib.sha256(data).hexdigest() != digest:
        raise PackageError(f"{name} is not the file that the record names: see what `audit verify` says.")
    return data


def _said_to_be(evidence: Mapping[str, Any]) -> str:
    """Return what the picture was said to be when it was checked, nothing where nobody said so."""
    told = [one["details"].get("said_to_be") for one in evidence["findings"]]
    return next((one for one in told if one in KINDS), "")


def _compare(was: Mapping[str, Any], now: list[Finding], absent: set[int]) -> dict[str, Any]:
    """Say whether one of the findings of today is the one of the record."""
    said = {"examiner": was["examiner"], "claim": was["claim"], "holds": was["holds"], "score": was["score"]}
    if was["work"] in absent or was["details"].get("cloaked_version"):
        return {**said, "outcome": OPEN, "why": "the file it was compared with is not in the package"}
    if was["details"].get("other_detector"):
        return {**said, "outcome": OPEN, "why": "the detector that was asked is not the one that comes with artaudit"}
    model = was["details"].get("descriptor_model")
    if model is not None and model != getattr(describers.chosen(), "kind", None):
        return {**said, "outcome": OPEN, "why": f"the model of its descriptors, {model}, is not the one chosen here"}
    if was["work"] is None and Finding.of(was).question == COPY:
        return {**said, "outcome": OPEN, "why": "the works that it was compared with are in the registry alone"}
    was = {**was, **was["details"].get(SPARED, {})}
    match = next((one for one in now if one.claim == was["claim"]), now[0] if now else None)
    if match is None:
        return {**said, "outcome": DIFFERS, "why": "it was not found again"}
    alike = match.claim == was["claim"] and match.holds is was["holds"] and match.threshold == was["threshold"]
    same = alike and _close(match.score, was)
    again = {"claim": match.claim, "holds": match.holds, "score": match.score, "threshold": match.threshold}
    return {**said, "outcome": SAME if same else DIFFERS, "again": again}


def _close(score: float | None, was: Mapping[str, Any]) -> bool:
    """Say whether a score is the recorded one, but for a small part of itself or of the bar it is held against."""
    if score is None or was["score"] is None:
        return score is was["score"]
    bar = abs(was["threshold"] or 0.0)
    return math.isclose(score, was["score"], rel_tol=TOLERANCE, abs_tol=TOLERANCE * bar)
