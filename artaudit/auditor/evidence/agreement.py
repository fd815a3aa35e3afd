"""Checks that record, page and files of a package say the same, which redone manifests cannot hide."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import jinja2

from artaudit.auditor.chain import canonical, link
from artaudit.auditor.evidence.casefile import SCHEMA, sha256
from artaudit.auditor.evidence.html import edition, render
from artaudit.auditor.evidence.package import BAGIT, PAGE, REPORT, bag_info

REMADE = "made again from the record and compared"
NAMED = "names the record, but another edition of artaudit made it: its words were not compared"
"""What can be said of the page."""
UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What JSON of another form than the record's raises where it is read."""


def disagreements(files: Mapping[str, bytes]) -> tuple[list[str], dict[str, Any]]:
    """Say what in a package contradicts its record, and what the package is about; the files are not trusted."""
    if REPORT not in files:
        return [], {}
    try:
        record = json.loads(files[REPORT])
        problems = [*_record(record, files[REPORT]), *_named_files(record, files), *_log(record), *_bag(record, files)]
        problems += _page(record, files)
        summary = _summary(record)
    except UNREADABLE:
        return [f"{REPORT} is no readable record"], {}
    return problems, summary


def _summary(record: Mapping[str, Any]) -> dict[str, Any]:
    evidence = record["evidence"]
    return {
        "case": record["case"],
        "verdict": evidence["verdict"],
        "checked_at": evidence["checked_at"],
        "suspect_sha256": record["suspect"]["sha256"],
        "works_sha256": {str(work["id"]): work["sha256"] for work in record["works"]},
        "page": REMADE if record["page"] == edition() else NAMED,
    }


def _record(record: Mapping[str, Any], data: bytes) -> Iterator[str]:
    """Check the record by itself."""
    if record["schema"] != SCHEMA:
        yield f"{REPORT} is of another schema than {SCHEMA}"
    if canonical(record).encode() != data:
        yield f"{REPORT} is not in its canonical form"
    if record["evidence"]["sha256"] != record["suspect"]["sha256"]:
        yield f"{REPORT} is about another picture than the one in the package"
    known = {work["id"] for work in record["works"]}
    for finding in record["evidence"]["findings"]:
        if finding["work"] is not None and finding["work"] not in known:
            yield f"{REPORT} refers to work {finding['work']}, which is not in the package"


def _named_files(record: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[str]:
    """Check that the payload is what the record names, and the pictures those that it is about."""
    suspect, works = record["suspect"], record["works"]
    parts = [suspect, *works, *record["overlays"]]
    wanted = {str(one["file"]): str(one["sha256"]) for part in parts for one in part["files"]}
    for name, digest in wanted.items():
        if name not in files or sha256(files[name]) != digest:
            yield f"{name} is not the file that {REPORT} names"
    for name in sorted(files):
        if name.startswith("data/") and name not in wanted and name not in (REPORT, PAGE):
            yield f"{name} is not named by {REPORT}"
    if not _holds_original(suspect):
        yield f"{REPORT} names no original of the checked picture with its digest"
    for work in works:
        if work["original_included"] is not _holds_original(work):
            yield f"{REPORT} names another file as the original of work {work['id']} than the one that was registered"


def _holds_original(part: Mapping[str, Any]) -> bool:
    """Whether the one original among the files is the one that the digest of the picture or work names."""
    return [one["sha256"] for one in part["files"] if "/original." in one["file"]] == [part["sha256"]]


def _log(record: Mapping[str, Any]) -> Iterator[str]:
    """Recompute the digest of every event."""
    for one in record["events"]:
        if link(one["seq"], one["at"], one["kind"], one["payload"], one["prev"]).hash != one["hash"]:
            yield f"event {one['seq']} in {REPORT} was changed after it was written"


def _bag(record: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[str]:
    """Check what the bag says about itself."""
    payload = {name: data for name, data in files.items() if name.startswith("data/")}
    if files.get("bagit.txt", BAGIT) != BAGIT:
        yield "bagit.txt does not declare a bag of BagIt 1.0"
    said = bag_info(record, payload)
    if files.get("bag-info.txt", said) != said:
        yield "bag-info.txt does not describe this package"


def _page(record: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[str]:
    """Make the page again where this edition made it; else look for the record's digest in it."""
    digest = sha256(files[REPORT])
    page = files.get(PAGE, b"")
    if record["page"] != edition():
        made = digest.encode() in page
    else:
        try:
            made = render(record, files, digest) == page
        except (jinja2.TemplateError, *UNREADABLE):
            made = False
    if not made:
        yield f"{PAGE} was not made from {REPORT}: do not rely on what it says"
