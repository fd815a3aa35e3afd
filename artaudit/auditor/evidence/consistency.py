"""Checks that record, page and files of a package say the same, which redone manifests cannot hide."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import jinja2
from cryptography import x509

from artaudit.auditor.assessment.weighing import assess
from artaudit.auditor.evidence.casefile import SCHEMA, sha256
from artaudit.auditor.evidence.html import render
from artaudit.auditor.evidence.package import BAGIT, CA_FILE, PAGE, REPORT, TAG_MANIFEST, bag_info
from artaudit.auditor.evidence.pages import ALIKE, TEXTS, texts
from artaudit.auditor.registry.hash_chain import canonical, link
from artaudit.auditor.registry.merkle import root_by
from artaudit.auditor.signing.seals import Trust, check_seal
from artaudit.findings import Finding

REMADE = "made again from the record and compared"
NAMED = "names the record, but another edition of artaudit made it: its words were not compared"
"""What can be said of the page."""
UNREADABLE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What JSON of another form than the record's raises where it is read."""


def disagreements(files: Mapping[str, bytes], trust: Trust) -> tuple[list[str], dict[str, Any]]:
    """Say what in a package contradicts its record, and what the package is about; the files are not trusted."""
    if REPORT not in files:
        return [], {}
    try:
        record = json.loads(files[REPORT])
        problems = [*_record(record, files[REPORT]), *_named_files(record, files), *_log(record), *_bag(record, files)]
        problems += [*_custody(record), *_weighed(record), *_page(record, files), *_texts(record, files)]
        seal = check_seal(record["seal"], TAG_MANIFEST, files, _vouchers(files), trust)
        problems += seal.problems
        summary = {**_summary(record), **seal.as_dict(trust)}
    except UNREADABLE:
        return [f"{REPORT} is no readable record"], {}
    return problems, summary


def _summary(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "case": record["case"]["id"],
        "title": record["case"]["title"],
        "checks": [
            {
                "check": check["id"],
                "verdict": check["evidence"]["verdict"],
                "checked_at": check["evidence"]["checked_at"],
                "suspect_sha256": check["suspect"]["sha256"],
            }
            for check in record["checks"]
        ],
        "works_sha256": {str(work["id"]): work["sha256"] for work in record["works"]},
        "log_size": record["log"]["size"],
        "log_root": record["log"]["root"],
        "page": REMADE if record["page"] in ALIKE else NAMED,
    }


def _vouchers(files: Mapping[str, bytes]) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(files[CA_FILE]) if CA_FILE in files else []
    except ValueError:
        return []


def _record(record: Mapping[str, Any], data: bytes) -> Iterator[str]:
    """Check the record by itself."""
    if record["schema"] != SCHEMA:
        yield f"{REPORT} is of another schema than {SCHEMA}"
    if canonical(record).encode() != data:
        yield f"{REPORT} is not in its canonical form"
    known = {work["id"] for work in record["works"]}
    for check in record["checks"]:
        if check["evidence"]["sha256"] != check["suspect"]["sha256"]:
            yield f"check {check['id']} in {REPORT} is about another picture than the one in the package"
        for finding in check["evidence"]["findings"]:
            if finding["work"] is not None and finding["work"] not in known:
                yield f"{REPORT} refers to work {finding['work']}, which is not in the package"


def _named_files(record: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[str]:
    """Check that the payload is what the record names, and the pictures those that it is about."""
    suspects, works = [check["suspect"] for check in record["checks"]], record["works"]
    parts = [*suspects, *works, *record["pictures"], {"files": record["documents"]}]
    wanted = {str(one["file"]): str(one["sha256"]) for part in parts for one in part["files"]}
    for name, digest in wanted.items():
        if name not in files or sha256(files[name]) != digest:
            yield f"{name} is not the file that {REPORT} names"
    for name in sorted(files):
        if name.startswith("data/") and name not in wanted and name not in (REPORT, PAGE):
            yield f"{name} is not named by {REPORT}"
    if not all(map(_holds_original, suspects)):
        yield f"{REPORT} names no original of a checked picture with its digest"
    for work in works:
        if work["original_included"] is not _holds_original(work):
            yield f"{REPORT} names another file as the original of work {work['id']} than the one that was registered"


def _holds_original(part: Mapping[str, Any]) -> bool:
    """Whether the one original among the files is the one that the digest of the picture or work names."""
    return [one["sha256"] for one in part["files"] if "/original." in one["file"]] == [part["sha256"]]


def _log(record: Mapping[str, Any]) -> Iterator[str]:
    """Recompute the digest of every event, and the root that its proof leads to."""
    log = record["log"]
    for one in log["events"]:
        if link(one["seq"], one["at"], one["kind"], one["payload"], one["prev"]).hash != one["hash"]:
            yield f"event {one['seq']} in {REPORT} was changed after it was written"
        proof = [bytes.fromhex(step) for step in one["proof"]]
        reached = root_by(proof, one["hash"].encode(), one["seq"] - 1, log["size"])
        if reached is None or reached.hex() != log["root"]:
            yield f"event {one['seq']} in {REPORT} is not in the log whose root it names"


def _custody(record: Mapping[str, Any]) -> Iterator[str]:
    """Check that the log says what the record says of every exhibit's way."""
    events = {one["seq"]: one for one in record["log"]["events"]}
    for one in record["custody"]:
        event = events.get(one.get("event"))
        if "event" in one and (event is None or event["at"] != one["received_at"]):
            yield f"the custody of {one['exhibit']} in {REPORT} is not what the log says"


def _weighed(record: Mapping[str, Any]) -> Iterator[str]:
    """Weigh the findings again where this edition weighed them."""
    for check in record["checks"] if record["page"] in ALIKE else ():
        said = check["evidence"].get("assessment")
        if said is not None and said != _again(check["evidence"]):
            yield f"what check {check['id']} in {REPORT} is said to come to does not follow from its findings"


def _again(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Return what findings come to, nothing for such as cannot be weighed."""
    try:
        weighed = assess([Finding.of(one) for one in evidence["findings"]], evidence["compared_with"])
        again: dict[str, Any] = json.loads(json.dumps(asdict(weighed)))
    except UNREADABLE:
        return {}
    return again


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
    if record["page"] not in ALIKE:
        made = digest.encode() in page
    else:
        try:
            made = render(record, files, digest) == page
        except (jinja2.TemplateError, *UNREADABLE):
            made = False
    if not made:
        yield f"{PAGE} was not made from {REPORT}: do not rely on what it says"


def _texts(record: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[str]:
    """Make the texts again where this edition made them."""
    if record["page"] not in ALIKE:
        return
    try:
        made = texts(record)
    except (jinja2.TemplateError, *UNREADABLE):
        made = dict.fromkeys(TEXTS, b"")
    for name, data in made.items():
        if name in files and files[name] != data:
            yield f"{name} was not made from {REPORT}: do not rely on what it says"
