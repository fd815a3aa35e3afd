"""The annex of a report: what was measured in numbers, the software, files with digests, and the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from artaudit.auditor.evidence.reporting import blocks
from artaudit.auditor.evidence.reporting.blocks import Block, mono
from artaudit.auditor.evidence.reporting.exhibits import LEAST_OWN, Exhibit
from artaudit.auditor.evidence.reporting.words import person, plain, subject, times
from artaudit.findings import NOISE
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


def annex(record: Mapping[str, Any], held: Sequence[Exhibit], record_sha256: str) -> Iterator[Block]:
    """Yield the annex; `record_sha256` is the digest of the record, "" where it is not known yet."""
    yield blocks.heading("Annex: what was measured", name="annex")
    rows = [row for exhibit in held for row in _measured(exhibit)]
    if rows:
        yield blocks.table(("exhibit", "finding", "what was measured"), rows, (2, 4, 9))
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
        yield f"likelihood ratio: {ratio:+.2f} as a decimal logarithm, {times(ratio)} ({details.get('support', '')})"
    for name, value in details.items():
        if name in ELSEWHERE or value in ("", None, False, [], {}, "as registered", work.get("sha256")):
            continue
        said = plain(value)
        if name == "agreement" and {"chance", "scatter"} <= details.keys():
            said += f"; random codes on this picture {plain(details['chance'])} ± {plain(details['scatter'])}"
        if name == "p_value":
            said = f"{value:.0%}".replace("%", "\u00a0%")
        yield f"{LABELS.get(name, name.replace('_', ' '))}: {said}"


def _candidates(held: Sequence[Exhibit]) -> Iterator[Block]:
    """Yield what every candidate said, and how it was calibrated."""
    asked = {exhibit.name: _opinions(exhibit) for exhibit in held if _opinions(exhibit)}
    if not asked:
        return
    said = [(name, "; ".join(map(_opinion, opinions))) for name, opinions in asked.items()]
    yield blocks.heading("Which model drew it: what each candidate said", 3)
    yield blocks.table(
        ("exhibit", "candidates, the decimal logarithm of their likelihood ratio, and their bar"), said, (2, 15)
    )
    rows = dict.fromkeys(_calibrated(opinion) for opinions in asked.values() for opinion in opinions)
    head = ("candidate", "named of its own", "named of others", "worst area under the ROC curve", "calibrated on")
    yield blocks.table(head, list(rows), (6, 2, 2, 4, 5))
    yield blocks.text(
        f"A candidate that was calibrated on fewer than {LEAST_OWN} pictures of its own is not named first.",
        small=True,
    )


def _opinions(exhibit: Exhibit) -> list[Mapping[str, Any]]:
    return [opinion for finding in exhibit.findings for opinion in finding["details"].get("candidates", ())]


def _opinion(opinion: Mapping[str, Any]) -> str:
    claims = "claims it" if opinion["belongs"] else "does not claim it"
    return f"{opinion['model']} {claims} ({opinion['score']:+.2f}, bar {opinion['bar']:+.2f})"


def _calibrated(opinion: Mapping[str, Any]) -> tuple[str, ...]:
    own, others = opinion["found_of_its_own"], opinion.get("found_of_others")
    worst = min(opinion["auc"].items(), key=lambda entry: entry[1], default=("", 0.0))
    return (
        f"{opinion['model']}: {opinion['words']}",
        f"{own[0]} of {own[1]}",
        f"{others[0]} of {others[1]}" if others else "not recorded",
        f"{worst[1]:.3f} ({worst[0]})",
        opinion["calibrated_on"],
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
        yield blocks.heading(f"Software that checked {', '.join(names)}", 3)
        digests = [(name, mono(version)) for name, version in versions if name.endswith("sha256")]
        others = ", ".join(f"{name} {version}" for name, version in versions if not name.endswith("sha256"))
        yield blocks.facts([("versions", others), *digests])


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
    yield blocks.heading("Files and digests", 3)
    if record_sha256:
        documents = [(entry["file"], mono(entry["sha256"])) for entry in record["documents"]]
        rows = [("data/report.json", mono(record_sha256)), *documents, *rows]
    yield blocks.table(("file in this package", "sha256"), rows, (4, 6))


def _log(record: Mapping[str, Any]) -> Iterator[Block]:
    log = record["log"]
    if not log["events"]:
        return
    yield blocks.heading("From the log", 3)
    yield blocks.text(
        f"Every entry of the portfolio's log carries the digest of the entry before it. The log held {log['size']} "
        "entries when this was written, and the record proves of every entry here that it is under the root "
        "(RFC 6962) of the tree over them:",
        small=True,
    )
    yield blocks.facts([("root", mono(log["root"]))])
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
    yield blocks.table(("entry", "time", "who", "what", "digest"), rows, (1, 4, 3, 3, 10))
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
        yield blocks.text(
            "Authorities stamped earlier states of the log (RFC 3161). The record proves of these entries that they "
            "were in it by then:",
            small=True,
        )
        yield blocks.table(("time", "authority", "entries", "log's size", "root"), rows, (4, 4, 3, 2, 8))
