"""The first page of a report: what was asked and answered, who says so, for whom, where and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from artaudit.auditor.evidence.reporting import blocks
from artaudit.auditor.evidence.reporting.blocks import Block
from artaudit.auditor.evidence.reporting.exhibits import Exhibit, headline
from artaudit.auditor.evidence.reporting.words import NOT_STATED, person, subject
from artaudit.language import worded
from artaudit.templates import moment

MADE_BY_MODEL = "a generative model drew the pixels of the exhibit, anew or from another picture"
MADE_BY_NONE = "no generative model drew them: they come from a camera, a scanner, a hand or ordinary editing"
PROPOSITIONS = (
    "Where an answer says how many times likelier something is, two propositions are compared, as ENFSI's guideline "
    "for evaluative reporting (2015) asks: (1) {first}; (2) {second}. What that assumes stands below, "
    "under “What the answers rest on”."
)
NEVER_ALONE = "Never rest an accusation on such a finding alone."
LINKS = {"HOW-TO-READ.md": "How to read this report", "HOW-TO-ATTACK.md": "How to attack it"}
"""Files of every package that lie beside the report."""
STAMPED_BY = "by the authority that the timestamp itself names; it was asked at {addresses}"
READING = "What the answers can and cannot show stands below, under “How far this goes”."
STATED = {"for": "made for", "place": "place", "purpose": "purpose", "device": "device"}
"""What the person who writes a report may state, by its name in the record."""


def first_page(record: Mapping[str, Any], held: Sequence[Exhibit]) -> Iterator[Block]:
    """Yield the blocks of the first page."""
    yield {**blocks.text(worded("Evidence report · case {number}", number=record["case"]["id"])), "kind": "kicker"}
    yield blocks.heading(headline(list(held)), 1)
    if record["case"]["title"]:
        yield blocks.text(record["case"]["title"])
    if any(_tells_times(exhibit) for exhibit in held):
        asked = worded(PROPOSITIONS, first=worded(MADE_BY_MODEL), second=worded(MADE_BY_NONE))
        yield blocks.text(f"{asked} {worded(NEVER_ALONE)}")
    yield blocks.answers([(exhibit.preview, exhibit.title, exhibit.first()) for exhibit in held])
    if not held:
        yield blocks.text(worded("The case holds no check yet."))
    yield blocks.facts(list(_who(record)))
    yield blocks.links([(worded(LINKS[name]), name) for name in LINKS])
    yield blocks.text(worded(READING), small=True)


def _tells_times(exhibit: Exhibit) -> bool:
    """Tell whether an answer on the first page rests on a likelihood ratio."""
    weighed = exhibit.weighed
    shown = (
        weighed
        and weighed["basis"] == "measured"
        and (weighed["copy"] != "found" or weighed["origin"] == "machine-made")
    )
    return bool(shown)


def _who(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    exported, seal = record["exported"], record["seal"]
    yield worded("written"), worded("{at} by {who}", at=moment(exported["at"]), who=person(exported["by"]))
    yield from ((worded(STATED[name]), exported[name]) for name in STATED if exported.get(name))
    missing = [worded(STATED[name]) for name in STATED if not exported.get(name)]
    if missing:
        yield worded(NOT_STATED), ", ".join(missing)
    yield worded("signed"), _signed(exported, seal)
    asked = ", ".join(seal["timestamps"])
    yield worded("timestamped"), worded(STAMPED_BY, addresses=asked) if asked else worded("not timestamped")


def _signed(exported: Mapping[str, Any], seal: Mapping[str, Any]) -> str:
    if seal["signer"]:
        return worded("by {who}", who=subject(seal["signer"]["subject"]))
    return worded("not signed, as was asked for") if exported.get("unsigned") else worded("not signed")
