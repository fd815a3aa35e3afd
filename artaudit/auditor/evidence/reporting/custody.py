"""The custody of exhibits: every step with who, when and which digest, and a form for hand-overs after the export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from artaudit.auditor.evidence.enclosure import GONE
from artaudit.auditor.evidence.reporting import blocks
from artaudit.auditor.evidence.reporting.blocks import Block, Cell, mono
from artaudit.auditor.evidence.reporting.words import NOT_STATED, exhibits, person, saved_from
from artaudit.language import each, retold, worded
from artaudit.templates import moment

STEPS = {
    "open": "case opened",
    "add": "check put into the case",
    "note": "note kept",
    "edit": "case renamed",
    "close": "case closed",
    "reopen": "case opened again",
    "export": "package written before",
}
"""Events of the log about a case, in words."""
HANDOVERS = (
    "Every hand-over of the package after it was written belongs here. Whoever hands it over and whoever takes it "
    "compare the sha256 of the package, which `audit report` printed when it was written, with that of the file "
    "handed over."
)
FORM_ROWS = 3
HEAD = (
    "date and time",
    "handed over by (name, signature)",
    "received by (name, signature)",
    "sha256 compared, place, purpose",
)
WORKS = ("exhibit", "work", "registered", "made and owned by", "original", "sha256 of the file")
CUSTODY = ("when", "step", "who", "exhibit", "sha256")
NOTES = ("when", "who", "note")


def works(record: Mapping[str, Any]) -> Iterator[Block]:
    """Yield the registered works that the findings name: who registered them, and who made and owns them."""
    if not record["works"]:
        return
    received = {exhibit["exhibit"]: exhibit for exhibit in record["custody"]}
    rows = []
    for work in record["works"]:
        taken = received.get(f"registered work {work['id']}", {})
        by = person(taken.get("received_by", ""))
        rows.append(
            (
                worded("Exhibit W{number}", number=work["id"]),
                worded("{title}, file {path}", title=work["title"], path=work["path"]),
                worded("{at} by {who}", at=moment(work["registered_at"]), who=by),
                _maker(record["exported"]),
                _original(work),
                mono(work["sha256"]),
            )
        )
    yield blocks.heading(worded("The registered works"))
    yield blocks.table(each(WORKS), rows, (2, 4, 3, 4, 4, 5))


def custody(record: Mapping[str, Any]) -> Iterator[Block]:
    """Yield the table of all steps and the form for those to come."""
    yield blocks.heading(worded("Custody"))
    yield blocks.table(each(CUSTODY), _steps(record), (4, 6, 3, 4, 6))
    yield blocks.text(" ".join(_kept(record)), small=True)
    yield blocks.heading(worded("Hand-overs after the export"), 3)
    yield blocks.text(worded(HANDOVERS), small=True)
    yield blocks.table(each(HEAD), [["", "", "", ""]] * FORM_ROWS, (3, 5, 5, 6), form=True)


def notes(record: Mapping[str, Any]) -> Iterator[Block]:
    """Yield the notes of the case."""
    if record["case"]["notes"]:
        rows = [(moment(note["at"]), person(note["by"]), note["text"]) for note in record["case"]["notes"]]
        yield blocks.heading(worded("Notes"))
        yield blocks.table(each(NOTES), rows, (4, 3, 12))


def _steps(record: Mapping[str, Any]) -> list[Sequence[Cell]]:
    """Return what happened, in the order of the log; what was before it comes first, the export last."""
    held, names = list(record["custody"]), _names(record)
    said = [step for exhibit in held for step in _saved(exhibit, names[exhibit["exhibit"]])]
    logged: list[tuple[int, Sequence[Cell]]] = []
    for exhibit in held:
        name = f"{names[exhibit['exhibit']]}, {exhibit['source']}"
        seen = exhibit["exhibit"].startswith("checked")
        did = worded("checked, its bytes kept") if seen else worded("registered")
        at = moment(exhibit["received_at"]) if "event" in exhibit else worded("not recorded")
        who = person(exhibit.get("received_by", "")) if "event" in exhibit else person("")
        logged.append((exhibit.get("event", 0), (at, did, who, name, mono(exhibit["sha256"]))))
    logged += list(_events(record))
    written = (
        moment(record["exported"]["at"]),
        worded("this package written"),
        person(record["exported"]["by"]),
        worded("all"),
        worded("see above, to be compared"),
    )
    return [*said, *_counted([row for _, row in sorted(logged, key=lambda step: step[0])]), written]


def _saved(exhibit: Mapping[str, Any], name: str) -> Iterator[Sequence[Cell]]:
    """Yield where an exhibit was saved from: as an archive says, and the archive itself, or as a person says."""
    about, digest = f"{name}, {exhibit['source']}", mono(exhibit["sha256"])
    if "archive" in exhibit:
        archive = worded("the archive {archive}", archive=exhibit["archive"])
        says = worded("the archive {archive}, as it says", archive=exhibit["archive"])
        if "server_date" in exhibit:
            yield moment(exhibit["server_date"]), worded("sent, by the server's clock"), says, about, digest
        at = moment(exhibit["saved_at"]) if "saved_at" in exhibit else worded(NOT_STATED)
        yield at, worded("saved from {url}", url=saved_from(exhibit)), says, about, digest
        yield worded(NOT_STATED), archive, person(""), about, mono(exhibit["archive_sha256"])
    elif "url" in exhibit:
        at = exhibit.get("saved_at", worded(NOT_STATED))
        saved = worded("said to be saved from {url}", url=exhibit["url"])
        yield at, saved, worded("the person who saved it"), about, digest


def _counted(steps: list[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
    """Yield steps, those that are the same to the second as one, with their number."""
    for step, same in groupby(steps):
        count = len(list(same))
        yield step if count == 1 else (step[0], worded("{step} ({count} times)", step=step[1], count=count), *step[2:])


def _events(record: Mapping[str, Any]) -> Iterator[tuple[int, Sequence[Cell]]]:
    """Yield the log's events about the case itself."""
    for event in record["log"]["events"]:
        if event["kind"] in STEPS:
            digest, did = event.get("row", {}).get("sha256", ""), worded(STEPS[event["kind"]])
            who = person(event["payload"].get("by", ""))
            yield event["seq"], (moment(event["at"]), did, who, worded("the case"), mono(digest))


def _maker(exported: Mapping[str, Any]) -> str:
    if not exported.get("maker"):
        return worded(NOT_STATED)
    who = person(exported["by"])
    told = worded("{who} for {client}", who=who, client=exported["for"]) if exported.get("for") else who
    return worded("{maker}, as told by {who}", maker=exported["maker"], who=told)


def _original(work: Mapping[str, Any]) -> str:
    if work["original_included"]:
        return worded("in this package")
    return worded("not in this package: {why}", why=retold(work.get("absent", GONE)))


def enclosures(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return every exhibit of the custody with its name and, as "enclosed_as", the file that is its copy."""
    names = _names(record)
    parts = {f"checked picture {check['id']}": check["suspect"] for check in record["checks"]}
    parts |= {f"registered work {work['id']}": work for work in record["works"]}
    return [
        {**exhibit, "name": names[exhibit["exhibit"]], "enclosed_as": _copy(parts[exhibit["exhibit"]])}
        for exhibit in record["custody"]
    ]


def _copy(part: Mapping[str, Any]) -> str:
    """Return the file of the package that is the original of a part, "" where it is not enclosed."""
    return next((str(entry["file"]) for entry in part["files"] if "/original." in entry["file"]), "")


def _names(record: Mapping[str, Any]) -> dict[str, str]:
    """Return the exhibits by what the record's custody calls them."""
    names = {f"checked picture {check}": name for check, name in exhibits(record).items()}
    return names | {
        f"registered work {work['id']}": worded("Exhibit W{number}", number=work["id"]) for work in record["works"]
    }


def _kept(record: Mapping[str, Any]) -> Iterator[str]:
    """Say where exhibits are kept, those that are kept alike together."""
    names, together = _names(record), dict[str, list[str]]()
    for exhibit in record["custody"]:
        together.setdefault(exhibit["kept"], []).append(names[exhibit["exhibit"]])
    for kept, held in together.items():
        yield f"{', '.join(held)}: {retold(kept)}."
