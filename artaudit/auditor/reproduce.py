"""Reproduce: repeats the checks of a record on the files in its package and compares the findings."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from artaudit.auditor.assessment.weighing import WITHHELD, assess
from artaudit.auditor.evidence import REPORT, read_files
from artaudit.auditor.evidence.casefile import sha256
from artaudit.auditor.evidence.enclosure import FINGERPRINTS, features_name
from artaudit.auditor.examiners import examiners_for, findings_of
from artaudit.auditor.plugin_examiner import NOT_LOOKED_AT, absent_plugin
from artaudit.environment import environment
from artaudit.errors import PackageError
from artaudit.findings import COPY, KINDS, Finding
from artaudit.image import decode
from artaudit.matching import Describer, Portfolio, PortfolioEntry, describe, describers, fingerprint
from artaudit.matching.examiner import as_worded_now
from artaudit.visible import told_alike

SAME, DIFFERS, OPEN = "same", "differs", "not repeated"
TOLERANCE = 0.02
"""How far a score may differ between processors, as a share of the score or of its threshold."""


def reproduce(path: Path, shown: Sequence[Path] = ()) -> dict[str, Any]:
    """Repeat every check of a package, or of an unpacked one named by its data/report.json; return the outcomes.

    The suspects are compared with the works whose originals or features are in the package, and the recorded findings
    are weighed again. `shown` are files that the package does not enclose: checked pictures or originals of works.
    Raises PackageError when files are missing or are not those that the record names.
    """
    files, originals = _files(path), {sha256(data): data for data in map(_read, shown)}
    try:
        record = json.loads(files[REPORT])
        checks = [_repeat(check, record, files, originals) for check in record["checks"]]
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise PackageError(f"{path} holds no readable record: see what `audit verify` says.") from error
    outcomes = {result["outcome"] for check in checks for result in (*check["findings"], check["assessment"])}
    return {"path": str(path), "same": DIFFERS not in outcomes, "environment": environment(), "checks": checks}


def _files(path: Path) -> Mapping[str, bytes]:
    if path.suffix != ".json":
        return read_files(path)
    folder = path.absolute().parents[1]
    return {file.relative_to(folder).as_posix(): _read(file) for file in path.parent.rglob("*") if file.is_file()} or {
        REPORT: _read(path)
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PackageError(f"{path} cannot be read ({error.strerror}): check the name.") from error


def _repeat(
    check: Mapping[str, Any], record: Mapping[str, Any], files: Mapping[str, bytes], originals: Mapping[str, bytes]
) -> dict[str, Any]:
    """Repeat one check; `originals` are files that were shown beside the package, by digest."""
    portfolio, absent = _portfolio(record, files, originals)
    data = _original(check["suspect"], files, originals)
    if data is None:
        name = f"{check['evidence']['path']}, sha256 {check['suspect']['sha256']}"
        findings = [
            _told(recorded, OPEN, f"the checked picture ({name}) is not in the package: show it with --original")
            for recorded in check["evidence"]["findings"]
        ]
    else:
        suspect = decode(data, name=check["evidence"]["path"])
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


def _original(part: Mapping[str, Any], files: Mapping[str, bytes], originals: Mapping[str, bytes]) -> bytes | None:
    """Return the bytes of a checked picture or work: as the package encloses them, else as they were shown."""
    names = [entry["file"] for entry in part["files"] if "/original." in entry["file"]]
    return _named(names[0], part["sha256"], files) if names else originals.get(part["sha256"])


def _weigh(evidence: Mapping[str, Any]) -> dict[str, str]:
    """Weigh the recorded findings again and compare the result with the recorded assessment."""
    recorded = evidence.get("assessment")
    if recorded is None:
        return {"outcome": OPEN, "why": "the record is of an edition that did not weigh findings"}
    again = assess([Finding.of(plain) for plain in evidence["findings"]], evidence["compared_with"])
    return {"outcome": SAME if json.loads(json.dumps(asdict(again))) == recorded else DIFFERS}


def _portfolio(
    record: Mapping[str, Any], files: Mapping[str, bytes], originals: Mapping[str, bytes]
) -> tuple[Portfolio, dict[int, str]]:
    """Return the works to compare with, under their recorded numbers, and for the others what would have to be shown.

    They are known by their originals, else by the features that the package encloses.
    """
    entries, absent, describer = [], dict[int, str](), describers.chosen()
    for work in record["works"]:
        data = _original(work, files, originals)
        features = _features(work, files)
        if data is not None:
            image = decode(data, name=work["path"])
            features = fingerprint(image) | ({describer.kind: describe(image, describer)} if describer else {})
        elif not features.keys() >= set(FINGERPRINTS):
            absent[work["id"]] = f"{work['path']}, sha256 {work['sha256']}"
            continue
        pdq, keypoints = (features[kind] for kind in FINGERPRINTS)
        described = next((features[kind] for kind in _kinds(describer) if kind in features), b"")
        names = work["id"], work["title"], work["sha256"], work["pixels_sha256"]
        entries.append(PortfolioEntry(*names, pdq, keypoints, descriptors=described))
    return Portfolio(entries, describer=describer), absent


def _features(work: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the features of a work that the package encloses, by kind."""
    entries = [entry for entry in work["files"] if "/features/" in entry["file"]]
    return {PurePosixPath(entry["file"]).stem: _named(entry["file"], entry["sha256"], files) for entry in entries}


def _kinds(describer: Describer | None) -> tuple[str, ...]:
    return () if describer is None else (describer.kind, features_name(describer.kind))


def _named(name: str, digest: str, files: Mapping[str, bytes]) -> bytes:
    data = files[name]
    if sha256(data) != digest:
        raise PackageError(f"{name} is not the file that the record names: see what `audit verify` says.")
    return data


def _said_to_be(evidence: Mapping[str, Any]) -> str:
    """Return the kind that the picture was said to be when it was checked; "" if none was given."""
    kinds = [finding["details"].get("said_to_be") for finding in evidence["findings"]]
    return next((kind for kind in kinds if kind in KINDS), "")


def _told(was: Mapping[str, Any], outcome: str, why: str = "") -> dict[str, Any]:
    """Return the outcome for a recorded finding (`was`)."""
    said = {name: was[name] for name in ("examiner", "claim", "holds", "score")}
    return {**said, "outcome": outcome, **({"why": why} if why else {})}


def _why_open(was: Mapping[str, Any], absent: Mapping[int, str]) -> str:
    """Return why a recorded finding cannot be repeated here, "" if it can."""
    if was["work"] in absent:
        return f"the original ({absent[was['work']]}) is not in the package: show it with --original"
    if was["details"].get("cloaked_version"):
        return "the cloaked version that it was compared with is not in the package"
    if was["details"].get("other_detector"):
        return "the detector that was asked is not the one that comes with artaudit"
    model = was["details"].get("descriptor_model")
    if model is not None and model != getattr(describers.chosen(), "kind", None):
        return f"the model of its descriptors, {model}, is not the one chosen here"
    if was["work"] is None and Finding.of(was).question == COPY:
        return "the works that it was compared with are in the registry alone"
    return absent_plugin(was)


def _compare(was: Mapping[str, Any], now: list[Finding], absent: Mapping[int, str]) -> dict[str, Any]:
    """Compare a recorded finding (`was`) with the repeated ones (`now`); `absent` are works that must be shown."""
    why = _why_open(was, absent)
    if why:
        return _told(was, OPEN, why)
    was = {**was, **was["details"].get(WITHHELD, {})}
    was["claim"] = as_worded_now(was["claim"])
    same_words = [finding for finding in now if told_alike(finding.claim) == told_alike(was["claim"])]
    match = next(iter((*same_words, *now)), None)
    if match is None:
        return _told(was, DIFFERS, "it was not found again")
    if match.method == NOT_LOOKED_AT != was["method"]:
        return _told(was, OPEN, match.claim)
    unchanged = bool(same_words) and match.holds is was["holds"] and match.threshold == was["threshold"]
    same = unchanged and _close(match.score, was)
    again = {"claim": match.claim, "holds": match.holds, "score": match.score, "threshold": match.threshold}
    return {**_told(was, SAME if same else DIFFERS), "again": again}


def _close(score: float | None, was: Mapping[str, Any]) -> bool:
    """Tell whether a score equals the recorded one within `TOLERANCE` of the score or of its threshold."""
    if score is None or was["score"] is None:
        return score is was["score"]
    threshold = abs(was["threshold"] or 0.0)
    return math.isclose(score, was["score"], rel_tol=TOLERANCE, abs_tol=TOLERANCE * threshold)
