"""What a package of this edition must hold and nothing beyond it, so that its keeper can neither leave out nor add."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from artaudit.auditor.evidence.casefile import CLOCK as FAULT
from artaudit.auditor.evidence.casefile import LIMITS, event_about
from artaudit.auditor.evidence.enclosure import ABSENT, GONE, NONE, ORIGINALS, SUSPECT, features_name
from artaudit.auditor.evidence.package import (
    CA_FILE,
    CLOCK,
    MANIFEST,
    PDF,
    REPORT,
    SCHEMA_FILE,
    STAMPED,
    SUMS,
    TAG_MANIFEST,
    VERIFY,
    schema,
)
from artaudit.auditor.evidence.pages import ALIKE, EDITION, TEXTS
from artaudit.auditor.signing.seals import seal_names

KEYS = frozenset(
    {"case", "checks", "custody", "documents", "enclosed", "exported", "limits", "log", "page", "pictures", "schema"}
    | {"seal", "works"}
)
TAGS = frozenset({"bagit.txt", "bag-info.txt", VERIFY, SCHEMA_FILE, MANIFEST, TAG_MANIFEST, SUMS, CA_FILE})
_SAID = r"(the clock ran backwards: )?event [\w :.,+-]{,200}"
_FAULT = re.compile(re.escape(FAULT).replace(re.escape("{fault}"), _SAID))

Plain = Mapping[str, Any]


def beyond(record: Plain, files: Mapping[str, bytes]) -> Iterator[str]:
    """Yield what a package lacks, or holds beyond what this edition writes, as sentences.

    Of other editions nothing is known.
    """
    if record["page"] not in ALIKE:
        return
    yield from _keys(record, files)
    yield from _files(record, files)
    yield from _limits(record)
    yield from _works(record)
    yield from _enclosed(record, files)


def _keys(record: Plain, files: Mapping[str, bytes]) -> Iterator[str]:
    wanted = KEYS | ({"typst"} if PDF in files else set())
    yield from (f"{REPORT} lacks what it says of {name}" for name in sorted(wanted - record.keys()))
    yield from (f"{REPORT} holds {name!r}, which no record does" for name in sorted(record.keys() - wanted))


def _files(record: Plain, files: Mapping[str, bytes]) -> Iterator[str]:
    known = {*TAGS, *seal_names(files, TAG_MANIFEST)}
    for name in sorted(files):
        if not name.startswith("data/") and name not in known:
            yield f"{name} is no file of a package: somebody put it there"
    yield from (f"{name} is missing, though every package holds it" for name in TEXTS if name not in files)
    if record["page"] == EDITION and files.get(SCHEMA_FILE, schema()) != schema():
        yield f"{SCHEMA_FILE} is not the schema of such records"


def _limits(record: Plain) -> Iterator[str]:
    """Compare how far the report says that it goes with what every report says."""
    said = list(record["limits"])
    last = STAMPED if record["seal"]["timestamps"] else CLOCK
    faults = said[len(LIMITS) + 1 : -1]
    if said[: len(LIMITS)] != [*LIMITS] or said[-1:] != [last] or not all(map(_FAULT.fullmatch, faults)):
        yield f"{REPORT} states other limits than reports do"


def _works(record: Plain) -> Iterator[str]:
    findings = [finding for check in record["checks"] for finding in check["evidence"]["findings"]]
    named = {finding["work"] for finding in findings} - {None}
    for work in record["works"]:
        if work["id"] not in named:
            yield f"work {work['id']} in {REPORT} is in no finding"
        yield from _bound(work, record["log"]["events"])


def _bound(work: Plain, events: list[Plain]) -> Iterator[str]:
    """Compare features and content credential of a work with what the log vouches for."""
    rows = [event.get("row", {}) for event in events if event["payload"].get("table") in ("manifests", "descriptors")]
    about = [row for row in rows if row.get("work") == work["id"]]
    own = event_about(events, "works", work["id"]) or {}
    known = dict(own.get("row", {}).get("fingerprints", ()))
    known |= {features_name(row["kind"]): row["data"] for row in about if "kind" in row}
    credentials = {row["sha256"] for row in about if "sha256" in row}
    for entry in work["files"]:
        kind = re.fullmatch(r".*/features/(.+)\.bin", entry["file"])
        if kind and known.get(kind[1]) != entry["sha256"]:
            yield f"{entry['file']} is not what the log says that work {work['id']} looks like"
        if entry["file"].endswith("/manifest.c2pa") and entry["sha256"] not in credentials:
            yield f"{entry['file']} is not the content credential that the log says work {work['id']} was signed with"


def _enclosed(record: Plain, files: Mapping[str, bytes]) -> Iterator[str]:
    """Compare the choice of what is enclosed with what is, and sizes with those of the files."""
    choice = record["enclosed"]["choice"] if "enclosed" in record else ""
    suspects, works = [check["suspect"] for check in record["checks"]], record["works"]
    inside = [work["original_included"] for work in works]
    fits = {ORIGINALS: True, SUSPECT: not any(inside), NONE: not any(inside)}.get(choice, False)
    if not fits or any(suspect.get("original_included", True) is (choice == NONE) for suspect in suspects):
        yield f"{REPORT} says that {choice or 'nothing'} was chosen to be enclosed, and that is not what is"
    reason = GONE if choice == ORIGINALS else ABSENT
    if any(work.get("absent") != (None if work["original_included"] else reason) for work in works):
        yield f"{REPORT} gives another reason than {choice or 'that'} has for an original that is not enclosed"
    for suspect in suspects:
        name = suspect["files"][0]["file"]
        if suspect.get("original_included", True) and suspect["bytes"] != len(files.get(name, b"")):
            yield f"{REPORT} gives another size than {name} has"
