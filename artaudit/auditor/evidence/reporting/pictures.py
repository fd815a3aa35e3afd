"""The part of a report about each checked picture: its facts, every answer with both error rates, what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from artaudit.auditor.evidence.reporting import blocks
from artaudit.auditor.evidence.reporting.blocks import Block, Cell, mono
from artaudit.auditor.evidence.reporting.exhibits import Exhibit
from artaudit.auditor.evidence.reporting.words import MARKS, measured, rate, saved_from
from artaudit.findings import NOISE
from artaudit.templates import moment

WIDTHS = (4, 11, 9, 9, 9)
STEP = 3
"""Spaces by which each level of a chain is indented (artaudit.provenance.signed.chain)."""
SHOWN = ("date", "last-modified", "etag", "content-type", "content-length", "server")
"""Headers of a server's answer that a report shows; the record has them all."""


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
            lines = [(len(line) - len(line.lstrip(" "))) // STEP for line in chain.splitlines()]
            said = [(depth, line.strip()) for depth, line in zip(lines, chain.splitlines(), strict=True)]
            yield blocks.tree(said, f"{exhibit.title}: what its content credential says that it was made from")


def illustrated(exhibit: Exhibit, finding: Mapping[str, Any]) -> Iterator[Block]:
    """Yield what a finding rests on as pictures; of a match without any, the two pictures side by side."""
    shown = finding["pictures"]
    for place, figure in enumerate(shown):
        title = f"{exhibit.title}: {finding['claim']}" if place == 0 else ""
        yield blocks.figures([(figure["file"], title)], figure["caption"])
    work = finding["registered"]
    if work is not None and not shown:
        pair = [(exhibit.preview, exhibit.title), (work["files"][0]["file"], f"Exhibit W{work['id']}, {work['title']}")]
        yield blocks.figures(pair, finding["claim"], columns=2)


def _facts(exhibit: Exhibit) -> Iterator[tuple[str, Cell]]:
    evidence, source = exhibit.evidence, exhibit.evidence.get("source", {})
    count, size = evidence["compared_with"], exhibit.check["suspect"]["bytes"]
    yield "file", evidence["path"]
    yield "kind", f"{evidence['format']}, {evidence['width']} x {evidence['height']} pixels, {size:,} bytes"
    yield "checked", f"{moment(evidence['checked_at'])} by this computer's clock (check {exhibit.check['id']})"
    yield "compared with", "the one registered work" if count == 1 else f"all {count} registered works"
    yield from _saved(source)
    yield from (("note", note) for note in evidence["notes"])
    inside = exhibit.check["suspect"].get("original_included", True)
    yield "original", "in this package" if inside else "not in this package"
    yield "sha256, file", mono(evidence["sha256"])
    yield "sha256, pixels", mono(evidence["pixels_sha256"])


def _saved(source: Mapping[str, str]) -> Iterator[tuple[str, Cell]]:
    """Yield where a file was saved from: as an archive says, with what the server answered, or as a person says."""
    if "archive" not in source:
        if "url" in source:
            at = f", {source['saved_at']}" if "saved_at" in source else ""
            yield "saved from", f"{source['url']}{at}, as the person who saved it says"
        return
    at = f", {moment(source['saved_at'])} by {source.get('dated_by', 'its own date')}" if "saved_at" in source else ""
    yield "saved from", f"{saved_from(source)}{at}, as the archive says"
    if "answer" in source:
        yield "the server", "; ".join(line for line in source["answer"].splitlines() if _matters(line))
    digest = f"; its own digest of this file {source['digest']}" if "digest" in source else ""
    yield "archive", f"{source['archive']} ({source['archive_kind']}){digest}"
    yield "sha256, archive", mono(source["archive_sha256"])
    held = {"page_sha256": "sha256, page in it", "screenshot_sha256": "sha256, screenshot in it"}
    yield from ((label, mono(source[name])) for name, label in held.items() if name in source)


def _matters(line: str) -> bool:
    """Tell whether a line of a server's answer says what it sent and when."""
    return line.startswith("HTTP/") or line.partition(":")[0].lower() in SHOWN


def _answers(exhibit: Exhibit) -> Block:
    rows = [
        (
            MARKS[finding["holds"]],
            finding["claim"],
            measured(finding),
            rate(finding["false_alarms"]),
            rate(finding.get("misses")),
        )
        for finding in exhibit.findings
    ]
    head = (exhibit.name, f"what was looked for in {exhibit.evidence['path']}", "measured", "false alarms", "misses")
    return blocks.table(head, rows, WIDTHS)
