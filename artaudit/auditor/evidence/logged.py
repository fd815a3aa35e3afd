"""Compares a record with the events of the log that it holds: whoever rewrites one contradicts the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from artaudit.auditor.evidence.casefile import CLOCK, custody, event_about
from artaudit.auditor.evidence.package import REPORT
from artaudit.auditor.registry.changes import TITLE
from artaudit.auditor.registry.clock import backwards, to_come
from artaudit.auditor.registry.hash_chain import digest, link, moment
from artaudit.auditor.registry.merkle import root_by
from artaudit.auditor.registry.rows import DISCLOSED

LAG = timedelta(minutes=1)
"""How long after a row its event may be written: both are, one after the other, in one transaction."""

DAY = timedelta(days=1)
"""How much later a day without a time and zone may seem."""

Event = Mapping[str, Any]


def contradictions(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield how a record and its events contradict each other, as sentences."""
    events = record["log"]["events"]
    for event in events:
        yield from _event(event, record["log"])
    rows = [event["row"] for event in events if "row" in event]
    for check in record["checks"]:
        yield from _told(
            f"check {check['id']}", _check(check), check["created_at"], event_about(events, "cases", check["id"])
        )
    for work in record["works"]:
        yield from _told(
            f"work {work['id']}", _work(work), work["registered_at"], event_about(events, "works", work["id"])
        )
    if rows:
        yield from _case(record, events)
    yield from _custody(record, events)
    yield from _times(record, events)


def _event(event: Event, log: Mapping[str, Any]) -> Iterator[str]:
    """Recompute an event's digest, the root that its proof leads to, and the digest of its row."""
    number = event["seq"]
    if link(number, event["at"], event["kind"], event["payload"], event["prev"]).hash != event["hash"]:
        yield f"event {number} in {REPORT} was changed after it was written"
    proof = [bytes.fromhex(step) for step in event["proof"]]
    root = root_by(proof, event["hash"].encode(), number - 1, log["size"])
    if root is None or root.hex() != log["root"]:
        yield f"event {number} in {REPORT} is not in the log whose root it names"
    if DISCLOSED in event["payload"] and digest(event.get("row")) != event["payload"][DISCLOSED]:
        yield f"event {number} in {REPORT} is about another row than the one beside it"


def _check(check: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the row of a check must hold."""
    suspect = check["suspect"]["sha256"]
    evidence = digest(check["evidence"])
    return {"evidence": evidence, "suspect": suspect, "data": suspect, "created_at": check["created_at"]}


def _work(work: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the row of a work must hold."""
    told = {name: work[name] for name in ("sha256", "pixels_sha256", "title", "path", "registered_at")}
    return told | {"preview": work["files"][0]["sha256"]}


def _told(what: str, told: Mapping[str, Any], at: str, event: Event | None) -> Iterator[str]:
    """Compare what the record says of a check or work with its row, and its time with that of its event."""
    if event is None:
        yield f"{what} in {REPORT} is in no event of its log"
        return
    late = moment(event["at"]) - moment(at)
    if not timedelta(0) <= late <= LAG:
        yield f"{what} in {REPORT} has another time than event {event['seq']} of its log"
    row = _bound(event)
    names = {"evidence": "findings", "data": "checked file", "suspect": "checked file"}
    differing = dict.fromkeys(names.get(name, name) for name, value in told.items() if row and row.get(name) != value)
    for name in differing:
        yield f"{name.replace('_', ' ')} of {what} in {REPORT}: not what event {event['seq']} of its log vouches for"


def _bound(event: Event) -> Mapping[str, Any]:
    """Return the row that an event vouches for; empty for events of older editions, which do not."""
    row: Mapping[str, Any] = event["row"] if DISCLOSED in event["payload"] else {}
    return row


def _case(record: Mapping[str, Any], events: Sequence[Event]) -> Iterator[str]:
    """Compare the case's title, opening, checks and notes with the rows about them."""
    case, number = record["case"], record["case"]["id"]
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for event in sorted(events, key=lambda event: int(event["payload"].get("id", 0))):
        rows.setdefault(event["payload"].get("table", ""), []).append(event.get("row", {}))
    opening = next(iter(rows.get("openings", ())), {"title": "", "at": case["opened_at"]})
    renamed = (row for row in rows.get("changes", ()) if (row.get("subject"), row.get("field")) == ("case", TITLE))
    titles = [opening.get("title"), *(row.get("value") for row in renamed)]
    if (titles[-1], opening.get("at")) != (case["title"], case["opened_at"]):
        yield f"title or opening of case {number} in {REPORT}: not what its log says"
    about = [row.get("number") for table in ("additions", "notes", "exports") for row in rows.get(table, ())]
    if {*about, opening.get("id", number)} != {number} or not (opening.get("id") or _is_check(record)):
        yield f"the log in {REPORT} is about another case than case {number}"
    notes = [{name: row.get(name) for name in ("text", "at", "by")} for row in rows.get("notes", ())]
    if notes != case["notes"]:
        yield f"the notes of case {number} in {REPORT} are not those of its log"
    added = [row.get("addition") for row in rows.get("additions", ())]
    if [check["id"] for check in record["checks"] if check["id"] != number] != added:
        yield f"the checks of case {number} in {REPORT} are not those that its log added"


def _is_check(record: Mapping[str, Any]) -> bool:
    """Whether the case is that of one of its checks, which open cases of their own."""
    return record["case"]["id"] in [check["id"] for check in record["checks"]]


def _custody(record: Mapping[str, Any], events: Sequence[Event]) -> Iterator[str]:
    """Make the custody of every exhibit again and compare; of older editions, its times and persons alone."""
    if "enclosed" in record:
        again = custody(record["checks"], record["works"], record["log"])
    else:
        again = [exhibit | _known(exhibit, events) for exhibit in record["custody"]]
    for recorded, made in zip(record["custody"], again, strict=False):
        if recorded != made:
            yield f"the custody of {recorded['exhibit']} in {REPORT} is not what the log says"
    if len(record["custody"]) != len(again):
        yield f"the custody in {REPORT} does not name the exhibits of the case"


def _known(exhibit: Mapping[str, Any], events: Sequence[Event]) -> dict[str, Any]:
    if "event" not in exhibit:
        return {}
    event = next((event for event in events if event["seq"] == exhibit["event"]), None)
    return {"received_at": event["at"] if event else ""}


def _times(record: Mapping[str, Any], events: Sequence[Event]) -> Iterator[str]:
    """Say where times cannot be right, unless the record says so itself."""
    faults = backwards([(event["seq"], event["at"]) for event in events])
    if faults and not any(line.startswith(CLOCK.partition("{")[0]) for line in record["limits"]):
        yield f"{faults[0]}, and {REPORT} does not say so"
    yield from to_come({f"the export in {REPORT}": record["exported"]["at"]})
    late = to_come({f"event {event['seq']}": event["at"] for event in events}, moment(record["exported"]["at"]))
    yield from (f"{said.partition(',')[0]}, after the export in {REPORT}" for said in late[:1] if not faults)
    for exhibit in record["custody"]:
        for did, said in (("saved", exhibit.get("saved_at", "")), ("sent", exhibit.get("server_date", ""))):
            if "received_at" in exhibit and to_come({"": said}, moment(exhibit["received_at"]) + DAY):
                yield f"{exhibit['exhibit']} in {REPORT} is said to be {did} at {said}, after it was taken in"
