"""The first page of a report: what was asked and answered, who says so, for whom, where and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from artaudit.auditor.evidence.reporting import blocks
from artaudit.auditor.evidence.reporting.blocks import Block
from artaudit.auditor.evidence.reporting.exhibits import Exhibit, headline
from artaudit.auditor.evidence.reporting.words import NOT_STATED, person, subject
from artaudit.templates import moment

MADE_BY_MODEL = "a generative model drew the pixels of the exhibit, anew or from another picture"
MADE_BY_NONE = "no generative model drew them: they come from a camera, a scanner, a hand or ordinary editing"
PROPOSITIONS = (
    "Where an answer says how many times likelier something is, two propositions are compared, as ENFSI's guideline "
    f"for evaluative reporting (2015) asks: (1) {MADE_BY_MODEL}; (2) {MADE_BY_NONE}. What that assumes stands below, "
    "under “What the answers rest on”."
)
NEVER_ALONE = "Never rest an accusation on such a finding alone."
LINKS = (("How to read this report", "HOW-TO-READ.md"), ("How to attack it", "HOW-TO-ATTACK.md"))
"""Files of every package that lie beside the report."""
STAMPED_BY = "by the authority that the timestamp itself names; it was asked at"
READING = "What the answers can and cannot show stands below, under “How far this goes”."
STATED = (("for", "made for"), ("place", "place"), ("purpose", "purpose"), ("device", "device"))
"""What the person who writes a report may state, by its name in the record."""


def first_page(record: Mapping[str, Any], held: Sequence[Exhibit]) -> Iterator[Block]:
    """Yield the blocks of the first page."""
    yield {**blocks.text(f"Evidence report · case {record['case']['id']}"), "kind": "kicker"}
    yield blocks.heading(headline(list(held)), 1)
    if record["case"]["title"]:
        yield blocks.text(record["case"]["title"])
    if any(_tells_times(exhibit) for exhibit in held):
        yield blocks.text(f"{PROPOSITIONS} {NEVER_ALONE}")
    yield blocks.answers([(exhibit.preview, exhibit.title, exhibit.first()) for exhibit in held])
    if not held:
        yield blocks.text("The case holds no check yet.")
    yield blocks.facts(list(_who(record)))
    yield blocks.links(LINKS)
    yield blocks.text(READING, small=True)


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
    yield "written", f"{moment(exported['at'])} by {person(exported['by'])}"
    yield from ((label, exported[name]) for name, label in STATED if exported.get(name))
    missing = [label for name, label in STATED if not exported.get(name)]
    if missing:
        yield NOT_STATED, ", ".join(missing)
    unsigned = "not signed" + (", as was asked for" if exported.get("unsigned") else "")
    yield "signed", f"by {subject(seal['signer']['subject'])}" if seal["signer"] else unsigned
    asked = ", ".join(seal["timestamps"])
    yield "timestamped", f"{STAMPED_BY} {asked}" if asked else "not timestamped"
