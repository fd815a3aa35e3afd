"""The part of a report about each checked picture: its facts, every answer with both error rates, what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from artaudit.auditor.evidence.reporting import blocks
from artaudit.auditor.evidence.reporting.blocks import Block, Cell, mono
from artaudit.auditor.evidence.reporting.exhibits import Exhibit
from artaudit.auditor.evidence.reporting.words import MARKS, measured, rate, saved_from
from artaudit.findings import NOISE
from artaudit.language import each, figure, known, retold, worded
from artaudit.templates import moment

WIDTHS = (4, 11, 9, 9, 9)
STEP = 3
"""Spaces by which each level of a chain is indented (artaudit.provenance.signed.chain)."""
SHOWN = ("date", "last-modified", "etag", "content-type", "content-length", "server")
"""Headers of a server's answer that a report shows; the record has them all."""
MEASURED = ("measured", "false alarms", "misses")
HELD = {"page_sha256": "sha256, page in it", "screenshot_sha256": "sha256, screenshot in it"}
MADE_FROM = "{exhibit}: what its content credential says that it was made from"
KIND = "{kind}, {width} x {height} pixels, {size} bytes"
CHECKED = "{at} by this computer's clock (check {number})"


def pictures(held: Sequence[Exhibit]) -> Iterator[Block]:
    """Yield the blocks about every exhibit."""
    for exhibit in held:
        yield blocks.heading(f"{exhibit.name}: {exhibit.evidence['path']}", 2)
        yield blocks.exhibit(exhibit.preview, exhibit.title, list(_facts(exhibit)))
        yield blocks.text(" ".join(exhibit.summary()))
        yield _answers(exhibit)
        yield from _chains(exhibit)
        for finding in exhibit.findings:
            if finding["registered"] is not None or (finding["holds"] and finding["group"] != NOISE):
                yield from illustrated(exhibit, finding)


def _chains(exhibit: Exhibit) -> Iterator[Block]:
    """Yield what content credentials say that the exhibit was made from, as a tree."""
    for finding in exhibit.findings:
        chain = finding["details"].get("chain")
        if isinstance(chain, str) and chain:
            said = [((len(line) - len(line.lstrip(" "))) // STEP, retold(line.strip())) for line in chain.splitlines()]
            yield blocks.tree(said, worded(MADE_FROM, exhibit=exhibit.title))


def illustrated(exhibit: Exhibit, finding: Mapping[str, Any]) -> Iterator[Block]:
    """Yield what a finding rests on as pictures; of a match without any, the two pictures side by side."""
    shown = finding["pictures"]
    for place, picture in enumerate(shown):
        title = f"{exhibit.title}: {finding['claim']}" if place == 0 else ""
        yield blocks.figures([(picture["file"], title)], picture["caption"])
    work = finding["registered"]
    if work is not None and not shown:
        title = worded("Exhibit W{number}, {title}", number=work["id"], title=work["title"])
        pair = [(exhibit.preview, exhibit.title), (work["files"][0]["file"], title)]
        yield blocks.figures(pair, finding["claim"], columns=2)


def _facts(exhibit: Exhibit) -> Iterator[tuple[str, Cell]]:
    evidence, source = exhibit.evidence, exhibit.evidence.get("source", {})
    count, size = evidence["compared_with"], exhibit.check["suspect"]["bytes"]
    sides = {"width": evidence["width"], "height": evidence["height"], "size": figure(f"{size:,}")}
    yield worded("file"), evidence["path"]
    yield worded("kind"), worded(KIND, kind=evidence["format"], **sides)
    yield worded("checked"), worded(CHECKED, at=moment(evidence["checked_at"]), number=exhibit.check["id"])
    works = worded("the one registered work") if count == 1 else worded("all {count} registered works", count=count)
    yield worded("compared with"), works
    yield from _saved(source)
    yield from ((worded("note"), retold(note)) for note in evidence["notes"])
    inside = exhibit.check["suspect"].get("original_included", True)
    yield worded("original"), worded("in this package") if inside else worded("not in this package")
    yield worded("sha256, file"), mono(evidence["sha256"])
    yield worded("sha256, pixels"), mono(evidence["pixels_sha256"])


def _saved(source: Mapping[str, str]) -> Iterator[tuple[str, Cell]]:
    """Yield where a file was saved from: as an archive says, with what the server answered, or as a person says."""
    if "archive" not in source:
        if "url" in source:
            at = f", {source['saved_at']}" if "saved_at" in source else ""
            yield worded("saved from"), worded("{url}, as the person who saved it says", url=source["url"] + at)
        return
    yield worded("saved from"), worded("{url}, as the archive says", url=saved_from(source) + _dated(source))
    if "answer" in source:
        yield worded("the server"), "; ".join(line for line in source["answer"].splitlines() if _matters(line))
    own = worded("; its own digest of this file {digest}", digest=source["digest"]) if "digest" in source else ""
    yield worded("archive"), f"{source['archive']} ({source['archive_kind']}){own}"
    yield worded("sha256, archive"), mono(source["archive_sha256"])
    yield from ((worded(HELD[name]), mono(source[name])) for name in HELD if name in source)


def _dated(source: Mapping[str, str]) -> str:
    if "saved_at" not in source:
        return ""
    by = known(source.get("dated_by", "its own date"))
    return worded(", {at} by {clock}", at=moment(source["saved_at"]), clock=by)


def _matters(line: str) -> bool:
    """Tell whether a line of a server's answer says what it sent and when."""
    return line.startswith("HTTP/") or line.partition(":")[0].lower() in SHOWN


def _answers(exhibit: Exhibit) -> Block:
    rows = [
        (
            worded(MARKS[finding["holds"]]),
            finding["claim"],
            measured(finding),
            rate(finding["false_alarms"]),
            rate(finding.get("misses")),
        )
        for finding in exhibit.findings
    ]
    asked = worded("what was looked for in {file}", file=exhibit.evidence["path"])
    head = (exhibit.name, asked, *each(MEASURED))
    return blocks.table(head, rows, WIDTHS)
