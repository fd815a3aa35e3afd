"""Reproduce: repeats the checks of a record on the files in its package and compares the findings."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from artaudit.auditor.assessment.weighing import WITHHELD, assess
from artaudit.auditor.evidence import REPORT, read_files
from artaudit.auditor.examiners import examiners_for, findings_of
from artaudit.environment import environment
from artaudit.errors import PackageError
from artaudit.findings import COPY, KINDS, Finding
from artaudit.image import decode
from artaudit.matching import Portfolio, PortfolioEntry, describe, describers, fingerprint

SAME, DIFFERS, OPEN = "same", "differs", "not repeated"
TOLERANCE = 0.02
"""How far a score may differ between processors, as a share of the score or of its threshold."""


def reproduce(path: Path) -> dict[str, Any]:
    """Repeat every check of a package, or of an unpacked one named by its data/report.json; return the outcomes.

    The suspects are compared with the works whose originals are in the package, and the recorded findings are weighed
    again. Raises PackageError when files are missing or are not those that the record names.
    """
    files = _files(path)
    try:
        record = json.loads(files[REPORT])
        checks = [_repeat(check, record, files) for check in record["checks"]]
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise PackageError(f"{path} holds no readable record: see what `audit verify` says.") from error
    outcomes = {result["outcome"] for check in checks for result in (*check["findings"], check["assessment"])}
    return {"path": str(path), "same": DIFFERS not in outcomes, "environment": environment(), "checks": checks}


def _files(path: Path) -> Mapping[str, bytes]:
    if path.suffix != ".json":
        return read_files(path)
    folder = path.absolute().parents[1]
    try:
        return {
            file.relative_to(folder).as_posix(): file.read_bytes() for file in path.parent.rglob("*") if file.is_file()
        }
    except OSError as error:
        raise PackageError(f"{path} cannot be read ({error.strerror}): check the name.") from error


def _repeat(check: Mapping[str, Any], record: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, Any]:
    name = check["suspect"]["files"][0]["file"]
    suspect = decode(_named(name, check["suspect"]["sha256"], files), name=check["evidence"]["path"])
    portfolio, absent = _portfolio(record, files)
    repeated: dict[tuple[str, Any], list[Finding]] = {}
    for finding in findings_of(suspect, examiners_for(portfolio, _said_to_be(check["evidence"]))):
        repeated.setdefault((finding.examiner, finding.work), []).append(finding)
    findings = [
        _compare(recorded, repeated.get((recorded["examiner"], recorded["work"]), []), absent)
        for recorded in check["evidence"]["findings"]
    ]
    return {
        "check": check["id"],
        "environment": check["evidence"]["environment"],
        "findings": findings,
        "assessment": _weigh(check["evidence"]),
    }


def _weigh(evidence: Mapping[str, Any]) -> dict[str, str]:
    """Weigh the recorded findings again and compare the result with the recorded assessment."""
    recorded = evidence.get("assessment")
    if recorded is None:
        return {"outcome": OPEN, "why": "the record is of an edition that did not weigh findings"}
    again = assess([Finding.of(plain) for plain in evidence["findings"]], evidence["compared_with"])
    return {"outcome": SAME if json.loads(json.dumps(asdict(again))) == recorded else DIFFERS}


def _portfolio(record: Mapping[str, Any], files: Mapping[str, bytes]) -> tuple[Portfolio, set[int]]:
    """Return the works with originals in the package, under their recorded numbers, and the numbers of the others."""
    entries, absent, describer = [], set(), describers.chosen()
    for work in record["works"]:
        if not work["original_included"]:
            absent.add(work["id"])
            continue
        [name] = [entry["file"] for entry in work["files"] if "/original." in entry["file"]]
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
    """Return the kind that the picture was said to be when it was checked; "" if none was given."""
    kinds = [finding["details"].get("said_to_be") for finding in evidence["findings"]]
    return next((kind for kind in kinds if kind in KINDS), "")


def _compare(was: Mapping[str, Any], now: list[Finding], absent: set[int]) -> dict[str, Any]:
    """Compare a recorded finding (`was`) with the repeated ones (`now`); `absent` are works without an original."""
    result = {"examiner": was["examiner"], "claim": was["claim"], "holds": was["holds"], "score": was["score"]}
    if was["work"] in absent or was["details"].get("cloaked_version"):
        return {**result, "outcome": OPEN, "why": "the file it was compared with is not in the package"}
    if was["details"].get("other_detector"):
        return {**result, "outcome": OPEN, "why": "the detector that was asked is not the one that comes with artaudit"}
    model = was["details"].get("descriptor_model")
    if model is not None and model != getattr(describers.chosen(), "kind", None):
        return {**result, "outcome": OPEN, "why": f"the model of its descriptors, {model}, is not the one chosen here"}
    if was["work"] is None and Finding.of(was).question == COPY:
        return {**result, "outcome": OPEN, "why": "the works that it was compared with are in the registry alone"}
    was = {**was, **was["details"].get(WITHHELD, {})}
    match = next((finding for finding in now if finding.claim == was["claim"]), now[0] if now else None)
    if match is None:
        return {**result, "outcome": DIFFERS, "why": "it was not found again"}
    unchanged = match.claim == was["claim"] and match.holds is was["holds"] and match.threshold == was["threshold"]
    same = unchanged and _close(match.score, was)
    again = {"claim": match.claim, "holds": match.holds, "score": match.score, "threshold": match.threshold}
    return {**result, "outcome": SAME if same else DIFFERS, "again": again}


def _close(score: float | None, was: Mapping[str, Any]) -> bool:
    """Tell whether a score equals the recorded one within `TOLERANCE` of the score or of its threshold."""
    if score is None or was["score"] is None:
        return score is was["score"]
    threshold = abs(was["threshold"] or 0.0)
    return math.isclose(score, was["score"], rel_tol=TOLERANCE, abs_tol=TOLERANCE * threshold)
