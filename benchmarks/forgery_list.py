"""What a keeper of the rightful key may alter in a package before it is written and sealed again, one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from artaudit.auditor.evidence.enclosure import enclosed
from artaudit.image import decode
from artaudit.matching import encode_jpeg
from benchmarks.forgery_world import Parts, World

Change = Callable[[Parts, World], None]
EARLIER, LATER = "2001-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00"
SHAPED = "It was shown that a model was trained on the work."


def _evidence(parts: Parts, number: int = 0) -> dict[str, Any]:
    evidence: dict[str, Any] = parts.record["checks"][number]["evidence"]
    return evidence


def _match(parts: Parts) -> dict[str, Any]:
    return next(finding for finding in _evidence(parts)["findings"] if finding["work"] is not None)


def _work(**changes: object) -> Change:
    return lambda parts, _: parts.record["works"][0].update(changes)


def _check(**changes: object) -> Change:
    return lambda parts, _: parts.record["checks"][0].update(changes)


def _found(**changes: object) -> Change:
    return lambda parts, _: _match(parts).update(changes)


def _said(**changes: object) -> Change:
    return lambda parts, _: _evidence(parts).update(changes)


def _case(**changes: object) -> Change:
    return lambda parts, _: parts.record["case"].update(changes)


def _exported(**changes: object) -> Change:
    return lambda parts, _: parts.record["exported"].update(changes)


def _custody(**changes: object) -> Change:
    return lambda parts, _: parts.record["custody"][0].update(changes)


def _event(kind: str, **changes: object) -> Change:
    def change(parts: Parts, _: World) -> None:
        next(event for event in parts.record["log"]["events"] if event["kind"] == kind).update(changes)

    return change


def _log(**changes: object) -> Change:
    return lambda parts, _: parts.record["log"].update(changes)


def _stamp(**changes: object) -> Change:
    return lambda parts, _: parts.record["log"]["stamps"][0].update(changes)


def _foreign(end: str, theirs: str = "") -> Change:
    """Put a file of the other case in the place of the first one whose name ends so."""

    def change(parts: Parts, world: World) -> None:
        parts.put(_named(parts, end), next(world.other[name] for name in world.other if name.endswith(theirs or end)))

    return change


def _reworded(parts: Parts, _: World) -> None:
    said = [line.replace("work", "stolen work") for line in _evidence(parts)["summary"]]
    _evidence(parts).update(summary=said, verdict=" ".join(said))


def _swapped(name: str) -> Change:
    return lambda parts, _: parts.record[name].reverse()


def _dropped(name: str, place: int = 0) -> Change:
    def change(parts: Parts, _: World) -> None:
        part = parts.record[name].pop(place)
        for entry in part.get("files", ()):
            del parts.named[entry["file"]]

    return change


def _check_left_out(parts: Parts, _: World) -> None:
    gone = parts.record["checks"].pop()
    for entry in gone["suspect"]["files"]:
        del parts.named[entry["file"]]
    shown = [picture for picture in parts.record["pictures"] if picture["check"] == gone["id"]]
    for picture in shown:
        parts.record["pictures"].remove(picture)
        del parts.named[picture["files"][0]["file"]]
    parts.record["custody"] = [one for one in parts.record["custody"] if one["sha256"] != gone["suspect"]["sha256"]]


def _works_exchanged(parts: Parts, _: World) -> None:
    first, second = parts.record["works"]
    for name in ("title", "path", "registered_at"):
        first[name], second[name] = second[name], first[name]


def _more_works(parts: Parts, _: World) -> None:
    """Leave a work in that nothing was found of."""
    _evidence(parts, 1)["findings"] = [one for one in _evidence(parts, 1)["findings"] if one["work"] is None]


def _note(**changes: str) -> Change:
    return lambda parts, _: parts.record["case"]["notes"][0].update(changes)


def _without_events(*kinds: str, last: bool = False) -> Change:
    """Leave events of the log out, and what they are about."""

    def change(parts: Parts, _: World) -> None:
        events = parts.record["log"]["events"]
        gone = [event for event in events if event["kind"] in kinds][-1 if last else 0 :]
        parts.record["log"]["events"] = [event for event in events if event not in gone]
        if "note" in kinds:
            notes = parts.record["case"]["notes"]
            parts.record["case"]["notes"] = notes[:-1] if last else []

    return change


def _one_left_out(parts: Parts, world: World) -> None:
    _check_left_out(parts, world)
    _without_events("add", last=True)(parts, world)


def _limits(change: Callable[[list[str]], object]) -> Change:
    return lambda parts, _: void(change(parts.record["limits"]))


def void(_: object) -> None:
    """Forget what a change returned."""


def _undone(name: str) -> Change:
    return lambda parts, _: void(parts.record.pop(name))


def _choice(parts: Parts, _: World) -> None:
    record = parts.record
    again = enclosed("none", record["checks"], record["works"])
    record["enclosed"] = again


def _absent(parts: Parts, _: World) -> None:
    record = parts.record
    record["works"][0]["absent"] = "it was burned by the other side"
    _said_again(record)


def _said_again(record: dict[str, Any]) -> None:
    from artaudit.auditor.evidence.enclosure import sentence  # noqa: PLC0415 - beside its use

    before = sentence(record["enclosed"])
    record["enclosed"] = enclosed(record["enclosed"]["choice"], record["checks"], record["works"])
    record["limits"] = [sentence(record["enclosed"]) if line == before else line for line in record["limits"]]


def _darker(end: str) -> Change:
    """Make a picture of the package darker."""

    def change(parts: Parts, _: World) -> None:
        name = next(name for name in sorted(parts.named) if name.endswith(end))
        parts.put(name, encode_jpeg(decode(parts.named[name], name=name).rgb8 // 2))

    return change


def _signer(parts: Parts, _: World) -> None:
    parts.record["seal"]["signer"].update(subject="CN=The Supreme Court,O=The Supreme Court")


def _authorities(parts: Parts, _: World) -> None:
    parts.record["seal"]["timestamps"] = ["https://stamps.government.example"]


RECORD: Mapping[str, Change] = {
    "a work registered earlier": _work(registered_at=EARLIER),
    "another title of a work": _work(title="The Mona Lisa"),
    "another file name of a work": _work(path="mona-lisa.jpg"),
    "other pixels of a work": _work(pixels_sha256="3" * 64),
    "title, file and date of two works exchanged": _works_exchanged,
    "the works in another order": _swapped("works"),
    "a work that nothing was found of": _more_works,
    "the original of a work from another case": _foreign("works/1/original.jpeg", "works/2/original.jpeg"),
    "the content credential of a work, invented": lambda parts, _: parts.put(_named(parts, ".c2pa"), b"invented"),
    "the preview of a work, of another": _foreign("works/1/preview.jpg", "works/2/preview.jpg"),
    "a work's preview darker": _darker("works/1/preview.jpg"),
    "the checked picture of another case": _foreign("suspects/1/original.png", "suspects/2/original.png"),
    "the preview of a checked picture, of another": _foreign("suspects/1/preview.jpg", "suspects/2/preview.jpg"),
    "the size of a checked file": lambda parts, _: parts.record["checks"][0]["suspect"].update(bytes=7),
    "a preview of a checked picture, darker": _darker("suspects/1/preview.jpg"),
    "a check of another time": _check(created_at=EARLIER),
    "a check said to be made at another time": _said(checked_at=EARLIER),
    "a match with score 9999": _found(score=9999.0),
    "a match claimed to be larger": _found(claim="it shows 100% of work 1, 'china'"),
    "a match with no false alarms ever": _found(false_alarms={"count": 0, "trials": 10**9, "population": "all"}),
    "a finding left out": lambda parts, _: void(_evidence(parts)["findings"].pop()),
    "a verdict reworded": _reworded,
    "other software": _said(environment={"artaudit": "99"}),
    "compared with more works": _said(compared_with=10**6),
    "saved from another address": _said(source={"url": "https://other.example"}),
    "a check left out": _check_left_out,
    "a check left out with the event that added it": _one_left_out,
    "the checks in another order": _swapped("checks"),
    "an overlay of another case": _foreign("overlay.jpg"),
    "an overlay darker": _darker("overlay.jpg"),
    "an overlay left out": _dropped("pictures"),
    "a caption reworded": lambda parts, _: parts.record["pictures"][0].update(caption="The work, stolen."),
    "a note reworded": _note(text="Bought at the thief's."),
    "a note by somebody else": _note(by="A notary"),
    "a note at another time": _note(at=EARLIER),
    "the notes left out": _case(notes=[]),
    "the last note left out with its event": _without_events("note", last=True),
    "another title of the case": _case(title="A theft"),
    "a case opened earlier": _case(opened_at=EARLIER),
    "another number of the case": _case(id=77),
    "the time of an event": _event("check", at=EARLIER),
    "an event by somebody else": _event("check", payload={"table": "cases", "id": 3, "by": "A notary"}),
    "the row beside an event": _event("note", row={"id": 1, "text": "Bought at the thief's."}),
    "the events of registration left out": _without_events("register"),
    "another root of the log": _log(root="0" * 64),
    "a longer log": _log(size=1000),
    "an event with the proof of another": _event("check", proof=["0" * 64]),
    "a limit left out": _limits(lambda limits: limits.pop(1)),
    "a limit added": _limits(lambda limits: limits.append(SHAPED)),
    "custody: received by somebody else": _custody(received_by="A notary"),
    "custody: kept elsewhere": _custody(kept="in a safe"),
    "custody: saved from elsewhere": _custody(url="https://other.example"),
    "custody: an exhibit left out": _dropped("custody"),
    "what is enclosed, not said": _undone("enclosed"),
    "another choice of what is enclosed": _choice,
    "why an original is not enclosed": _absent,
    "written before its last event": _exported(at=EARLIER),
    "written in the future": _exported(at=LATER),
    "signed by a court, it says": _signer,
    "timestamped by a government, it says": _authorities,
    "the log timestamped earlier, it says": _stamp(at=EARLIER),
    "the log timestamped by a government, it says": _stamp(authority="https://stamps.government.example"),
    "the log's timestamp of other bytes": lambda parts, _: parts.put(_named(parts, ".tsr"), b"invented"),
    "a key that records do not have": lambda parts, _: parts.record.update(trained_on_it=SHAPED),
    "an original said to be left out": lambda parts, _: parts.record["works"][0].update(original_included=False),
}
"""By what is altered, the change of the record and the files that it names, from which all else is written anew."""

LEAN: Mapping[str, Change] = {
    "features of a work, of another": lambda parts, _: parts.put(
        _named(parts, "works/1/features/keypoints.bin"), parts.named[_named(parts, "works/2/features/keypoints.bin")]
    ),
    "the digest of features that cannot be compared": lambda parts, _: parts.put(
        _named(parts, "works/1/features/pdq.bin"), b"invented"
    ),
    "why an original stayed at home": _absent,
    "the preview of a work that is not enclosed": _foreign("works/1/preview.jpg", "works/2/preview.jpg"),
}
"""The same on a package that does not enclose the originals of works."""


def _named(parts: Parts, end: str) -> str:
    return next(name for name in sorted(parts.named) if name.endswith(end))
