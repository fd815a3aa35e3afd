"""Compares record, page and files of a package with each other; recomputed manifests cannot hide contradictions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import jinja2
from cryptography import x509

from artaudit.auditor.assessment.weighing import assess
from artaudit.auditor.evidence.beyond import beyond
from artaudit.auditor.evidence.casefile import SCHEMA, sha256
from artaudit.auditor.evidence.enclosure import enclosed, sentence
from artaudit.auditor.evidence.html import render
from artaudit.auditor.evidence.log_stamps import broken_stamps
from artaudit.auditor.evidence.logged import contradictions
from artaudit.auditor.evidence.package import BAGIT, CA_FILE, PAGE, REPORT, TAG_MANIFEST, bag_info
from artaudit.auditor.evidence.pages import ALIKE, TEXTS, texts
from artaudit.auditor.evidence.pdf_check import check_pdf
from artaudit.auditor.evidence.redrawing import UNREADABLE, not_redrawn
from artaudit.auditor.registry.clock import to_come
from artaudit.auditor.registry.hash_chain import canonical
from artaudit.auditor.signing.seals import SealCheck, Trust, check_seal
from artaudit.findings import Finding

REMADE = "made again from the record and compared"
UNREAD = (
    f"{PAGE}, the other texts and the PDF were not compared with {REPORT}, as another edition of artaudit wrote them: "
    f"do not rely on what they say, read {REPORT}"
)
NAMED = "names the record, but another edition of artaudit made it: its words were not compared"
"""Whether the page was compared with the record."""


def disagreements(
    files: Mapping[str, bytes], trust: Trust, *, remake: bool = True
) -> tuple[list[str], list[str], dict[str, Any]]:
    """Return what contradicts the record of a package, what could not be compared, and a summary of the record.

    The files are not trusted. With `remake` pictures and PDF are made again, which takes longest.
    """
    if REPORT not in files:
        return [], [], {}
    try:
        record = json.loads(files[REPORT])
        problems = [*_record(record, files[REPORT]), *_named_files(record, files), *_enclosed(record)]
        problems += [*contradictions(record), *_bag(record, files), *_weighed(record), *_worded(record)]
        problems += [*_page(record, files), *_texts(record, files), *beyond(record, files)]
        problems += broken_stamps(record["log"], files, trust.authorities, named=record["page"] in ALIKE)
        seal = check_seal(record["seal"], TAG_MANIFEST, files, _vouchers(files), trust)
        problems += [*_sealed(record, files, seal), *seal.problems]
        made, unmade = _made_again(record, files) if remake else ([], [])
        summary = {**_summary(record), **seal.as_dict(trust)}
    except UNREADABLE:
        return [f"{REPORT} is no readable record"], [], {}
    unread = [] if record["page"] in ALIKE else [UNREAD]
    return [*problems, *made], [*unread, *unmade], summary


def _made_again(record: Mapping[str, Any], files: Mapping[str, bytes]) -> tuple[list[str], list[str]]:
    """Make pictures and PDF again; return what differs, and what could not be compared."""
    redrawn, (reset, unset) = not_redrawn(record, files), check_pdf(record, files)
    return [*redrawn.problems, *reset], [*redrawn.remarks, *unset]


def _sealed(record: Mapping[str, Any], files: Mapping[str, bytes], seal: SealCheck) -> Iterator[str]:
    """Compare who is said to have signed with who did, and the time of writing with the timestamps."""
    if seal.signer is not None:
        if seal.signer.as_dict() != record["seal"]["signer"]:
            yield f"{REPORT} names another signer than the one who signed"
        if files.get(CA_FILE) != seal.signer.authority_pem():
            yield f"{CA_FILE} holds other certificates than those behind the signature"
    for stamp in seal.timestamps:
        late = to_come({f"the export in {REPORT}": record["exported"]["at"]}, stamp.at)
        yield from (f"{said.partition(',')[0]}, but was timestamped before, at {stamp.at:%F %T} UTC" for said in late)


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
    """Yield contradictions within the record."""
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
    """Compare the payload with the files that the record names, and the originals with the recorded digests."""
    suspects, works = [check["suspect"] for check in record["checks"]], record["works"]
    parts = [*suspects, *works, *record["pictures"], *record["log"].get("stamps", ()), {"files": record["documents"]}]
    wanted = {str(entry["file"]): str(entry["sha256"]) for part in parts for entry in part["files"]}
    for name, digest in wanted.items():
        if name not in files or sha256(files[name]) != digest:
            yield f"{name} is not the file that {REPORT} names"
    for name in sorted(files):
        if name.startswith("data/") and name not in wanted and name not in (REPORT, PAGE):
            yield f"{name} is not named by {REPORT}"
    if any(suspect.get("original_included", True) is not _holds_original(suspect) for suspect in suspects):
        yield f"{REPORT} names no original of a checked picture with its digest"
    for work in works:
        if work["original_included"] is not _holds_original(work):
            yield f"{REPORT} names another file as the original of work {work['id']} than the one that was registered"


def _holds_original(part: Mapping[str, Any]) -> bool:
    """Whether the files hold exactly one original, with the digest of the picture or work."""
    return [entry["sha256"] for entry in part["files"] if "/original." in entry["file"]] == [part["sha256"]]


def _enclosed(record: Mapping[str, Any]) -> Iterator[str]:
    """Say again what is enclosed, and compare."""
    said = record.get("enclosed")
    if said is None:
        return
    again = enclosed(said["choice"], record["checks"], record["works"])
    if said != again or sentence(again) not in record["limits"]:
        yield f"what {REPORT} says to be enclosed is not what it names"


def _weighed(record: Mapping[str, Any]) -> Iterator[str]:
    """Weigh the findings again and compare, for records of an edition that weighs alike."""
    for check in record["checks"] if record["page"] in ALIKE else ():
        recorded = check["evidence"].get("assessment")
        if recorded is not None and recorded != _weigh_again(check["evidence"]):
            yield f"what check {check['id']} in {REPORT} is said to come to does not follow from its findings"


def _weigh_again(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Return the assessment of the recorded findings; empty when they cannot be weighed."""
    try:
        weighed = assess([Finding.of(plain) for plain in evidence["findings"]], evidence["compared_with"])
        again: dict[str, Any] = json.loads(json.dumps(asdict(weighed)))
    except UNREADABLE:
        return {}
    return again


def _worded(record: Mapping[str, Any]) -> Iterator[str]:
    """Compare the verdict of every check with the sentences that it consists of."""
    for check in record["checks"]:
        sentences = check["evidence"].get("summary")
        if sentences and check["evidence"]["verdict"] != " ".join(sentences):
            yield f"the verdict of check {check['id']} in {REPORT} is not what its summary says"


def _bag(record: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[str]:
    """Compare the bag's description of itself with its content."""
    payload = {name: data for name, data in files.items() if name.startswith("data/")}
    if files.get("bagit.txt", BAGIT) != BAGIT:
        yield "bagit.txt does not declare a bag of BagIt 1.0"
    expected = bag_info(record, payload)
    if files.get("bag-info.txt", expected) != expected:
        yield "bag-info.txt does not describe this package"


def _page(record: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[str]:
    """Render the page again and compare, for an edition that words alike; else look for the record's digest in it."""
    digest = sha256(files[REPORT])
    page = files.get(PAGE, b"")
    if record["page"] not in ALIKE:
        fits = digest.encode() in page
    else:
        try:
            fits = render(record, files, digest) == page
        except (jinja2.TemplateError, *UNREADABLE):
            fits = False
    if not fits:
        yield f"{PAGE} was not made from {REPORT}: do not rely on what it says"


def _texts(record: Mapping[str, Any], files: Mapping[str, bytes]) -> Iterator[str]:
    """Render the texts again and compare, for an edition that words alike."""
    if record["page"] not in ALIKE:
        return
    try:
        rendered = texts(record)
    except (jinja2.TemplateError, *UNREADABLE):
        rendered = dict.fromkeys(TEXTS, b"")
    for name, data in rendered.items():
        if name in files and files[name] != data:
            yield f"{name} was not made from {REPORT}: do not rely on what it says"
