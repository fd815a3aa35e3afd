"""The annex of a report: what was measured in numbers, the software, files with digests, and the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from artaudit.auditor.evidence.reporting import blocks
from artaudit.auditor.evidence.reporting.blocks import Block, mono
from artaudit.auditor.evidence.reporting.exhibits import LEAST_OWN, Exhibit
from artaudit.auditor.evidence.reporting.words import person, plain, subject, times
from artaudit.findings import NOISE
from artaudit.language import each, figure, known, retold, worded
from artaudit.templates import moment

ELSEWHERE = frozenset(
    {"candidates", "chain", "compared_with", "confirmation", "crop_side", "crops", "log10_likelihood_ratio"}
    | {"not_checkable", "own_works", "raw", "scatter", "chance", "style", "support", "tier", "title", "weight"}
)
"""Details that stand in another place of a report, or in the record alone."""
LABELS = {
    "agreement": "agreement with the code",
    "code": "the code nearest to it",
    "p_value": "share of known real pictures that score as high",
    "matched_sha256": "sha256 of the file that it matches",
    "orientation": "how it lies",
    "left_out": "models not asked",
    "plugin": "plug-in that says so",
    "cloaked_version": "it is a cloaked version",
    "searched_as_crop": "searched for in crops",
}
FIRST = ("artaudit", "artaudit sha256", "python", "system", "machine")
"""The software that a report names first."""
OWN_WORDS = frozenset(
    {"beside", "causes", "describer", "found_before", "left_out", "orientation", "place", "says", "state"}
    | {"timestamp", "tool", "trust_list", "unchecked", "unread"}
)
"""Details whose texts are artaudit's own; those of others are what a file or a model is called or says."""
RATIO = "likelihood ratio: {ratio} as a decimal logarithm, {times} ({support})"
RANDOM = "; random codes on this picture {mean} ± {scatter}"
CLAIMED = "{model} claims it ({score}, bar {bar})"
UNCLAIMED = "{model} does not claim it ({score}, bar {bar})"
NOT_FIRST = "A candidate that was calibrated on fewer than {least} pictures of its own is not named first."
PROVED = (
    "Every entry of the portfolio's log carries the digest of the entry before it. The log held {size} entries when "
    "this was written, and the record proves of every entry here that it is under the root (RFC 6962) of the tree over "
    "them:"
)
STAMPED = (
    "Authorities stamped earlier states of the log (RFC 3161). The record proves of these entries that they were in it "
    "by then:"
)
MEASURED = ("exhibit", "finding", "what was measured")
OPINIONS = ("exhibit", "candidates, the decimal logarithm of their likelihood ratio, and their bar")
CALIBRATED = ("candidate", "named of its own", "named of others", "worst area under the ROC curve", "calibrated on")
FILES = ("file in this package", "sha256")
LOG = ("entry", "time", "who", "what", "digest")
STAMPS = ("time", "authority", "entries", "log's size", "root")


def annex(record: Mapping[str, Any], held: Sequence[Exhibit], record_sha256: str) -> Iterator[Block]:
    """Yield the annex; `record_sha256` is the digest of the record, "" where it is not known yet."""
    yield blocks.heading(worded("Annex: what was measured"), name="annex")
    rows = [row for exhibit in held for row in _measured(exhibit)]
    if rows:
        yield blocks.table(each(MEASURED), rows, (2, 4, 9))
    yield from _candidates(held)
    yield from _traces(held)
    yield from _software(held)
    yield from _files(record, record_sha256)
    yield from _log(record)


def _measured(exhibit: Exhibit) -> Iterator[tuple[str, str, str]]:
    for finding in exhibit.findings:
        lines = list(_lines(finding["details"], finding["registered"] or {}))
        if lines:
            yield exhibit.name, finding["claim"], "\n".join(lines)


def _lines(details: Mapping[str, Any], work: Mapping[str, Any]) -> Iterator[str]:
    """Yield details in words; what is as one expects, or the file of the work itself, is left out."""
    ratio = details.get("log10_likelihood_ratio")
    if ratio is not None:
        added, support = figure(f"{ratio:+.2f}"), retold(details.get("support", ""))
        yield worded(RATIO, ratio=added, times=times(ratio), support=support)
    for name, value in details.items():
        if name in ELSEWHERE or value in ("", None, False, [], {}, "as registered", work.get("sha256")):
            continue
        said = plain(_own_words(value) if name in OWN_WORDS else value)
        if name == "agreement" and {"chance", "scatter"} <= details.keys():
            said += worded(RANDOM, mean=plain(details["chance"]), scatter=plain(details["scatter"]))
        if name == "p_value":
            said = f"{value:.0%}".replace("%", "\u00a0%")
        yield f"{worded(LABELS.get(name, name.replace('_', ' ')))}: {said}"


def _own_words(value: object) -> object:
    """Return a detail whose texts are artaudit's own with each in the language of the report."""
    if isinstance(value, dict):
        return {name: _own_words(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_own_words(item) for item in value]
    return known(value) if isinstance(value, str) else value


def _candidates(held: Sequence[Exhibit]) -> Iterator[Block]:
    """Yield what every candidate said, and how it was calibrated."""
    asked = {exhibit.name: _opinions(exhibit) for exhibit in held if _opinions(exhibit)}
    if not asked:
        return
    said = [(name, "; ".join(map(_opinion, opinions))) for name, opinions in asked.items()]
    yield blocks.heading(worded("Which model drew it: what each candidate said"), 3)
    yield blocks.table(each(OPINIONS), said, (2, 15))
    rows = dict.fromkeys(_calibrated(opinion) for opinions in asked.values() for opinion in opinions)
    yield blocks.table(each(CALIBRATED), list(rows), (6, 2, 2, 4, 5))
    yield blocks.text(worded(NOT_FIRST, least=LEAST_OWN), small=True)


def _opinions(exhibit: Exhibit) -> list[Mapping[str, Any]]:
    return [opinion for finding in exhibit.findings for opinion in finding["details"].get("candidates", ())]


def _opinion(opinion: Mapping[str, Any]) -> str:
    measured = {"model": opinion["model"], "score": figure(f"{opinion['score']:+.2f}")}
    return worded(CLAIMED if opinion["belongs"] else UNCLAIMED, **measured, bar=figure(f"{opinion['bar']:+.2f}"))


def _calibrated(opinion: Mapping[str, Any]) -> tuple[str, ...]:
    own, others = opinion["found_of_its_own"], opinion.get("found_of_others")
    worst = min(opinion["auc"].items(), key=lambda entry: entry[1], default=("", 0.0))
    return (
        f"{opinion['model']}: {known(opinion['words'])}",
        worded("{count} of {trials}", count=own[0], trials=own[1]),
        worded("{count} of {trials}", count=others[0], trials=others[1]) if others else worded("not recorded"),
        f"{figure(f'{worst[1]:.3f}')} ({known(worst[0])})",
        known(opinion["calibrated_on"]),
    )


def _traces(held: Sequence[Exhibit]) -> Iterator[Block]:
    """Yield the pictures of what was seen in the pixels, those with one caption together."""
    shown: dict[str, list[tuple[str, str]]] = {}
    for exhibit in held:
        for finding in exhibit.findings:
            if finding["registered"] is None and (not finding["holds"] or finding["group"] == NOISE):
                for picture in finding["pictures"]:
                    shown.setdefault(picture["caption"], []).append((picture["file"], exhibit.title))
    for caption, items in shown.items():
        yield blocks.figures(items, caption, columns=min(4, max(2, len(items))))


def _software(held: Sequence[Exhibit]) -> Iterator[Block]:
    used: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for exhibit in held:
        used.setdefault(tuple(software(exhibit.evidence["environment"])), []).append(exhibit.name)
    for versions, names in used.items():
        yield blocks.heading(worded("Software that checked {exhibits}", exhibits=", ".join(names)), 3)
        digests = [(name, mono(version)) for name, version in versions if name.endswith("sha256")]
        others = [f"{known(name)} {known(version)}" for name, version in versions if not name.endswith("sha256")]
        yield blocks.facts([(worded("versions"), ", ".join(others)), *digests])


def software(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what made a check, by name and version: artaudit and the computer first, then libraries by name."""
    return [
        *((name, environment[name]) for name in FIRST if name in environment),
        *sorted((name, version) for name, version in environment.items() if name not in FIRST),
    ]


def _files(record: Mapping[str, Any], record_sha256: str) -> Iterator[Block]:
    suspects, stamps = [check["suspect"] for check in record["checks"]], record["log"].get("stamps", ())
    parts = [*suspects, *record["works"], *record["pictures"], *stamps]
    rows = [(entry["file"], mono(entry["sha256"])) for part in parts for entry in part["files"]]
    yield blocks.heading(worded("Files and digests"), 3)
    if record_sha256:
        documents = [(entry["file"], mono(entry["sha256"])) for entry in record["documents"]]
        rows = [("data/report.json", mono(record_sha256)), *documents, *rows]
    yield blocks.table(each(FILES), rows, (4, 6))


def _log(record: Mapping[str, Any]) -> Iterator[Block]:
    log = record["log"]
    if not log["events"]:
        return
    yield blocks.heading(worded("From the log"), 3)
    yield blocks.text(worded(PROVED, size=log["size"]), small=True)
    yield blocks.facts([(worded("root"), mono(log["root"]))])
    rows = [
        (
            str(event["seq"]),
            moment(event["at"]),
            person(event["payload"].get("by", "")),
            f"{event['kind']} {event['payload'].get('table', '')} {event['payload'].get('id', '')}",
            mono(event["hash"]),
        )
        for event in log["events"]
    ]
    yield blocks.table(each(LOG), rows, (1, 4, 3, 3, 10))
    yield from _stamps(log)


def _stamps(log: Mapping[str, Any]) -> Iterator[Block]:
    """Yield the timestamps of earlier states of the log."""
    rows = [
        (
            moment(stamp["at"]),
            subject(stamp["authority"]),
            ", ".join(str(event["seq"]) for event in stamp["events"]),
            str(stamp["size"]),
            mono(stamp["root"]),
        )
        for stamp in log.get("stamps", ())
    ]
    if rows:
        yield blocks.text(worded(STAMPED), small=True)
        yield blocks.table(each(STAMPS), rows, (4, 4, 3, 2, 8))
