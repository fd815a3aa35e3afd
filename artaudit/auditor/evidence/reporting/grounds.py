"""What the answers of a report rest on: propositions, assumptions, error rates, weights and the limits of it all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from artaudit.auditor.evidence.reporting import blocks
from artaudit.auditor.evidence.reporting.blocks import Block
from artaudit.auditor.evidence.reporting.exhibits import Exhibit
from artaudit.auditor.evidence.reporting.first_page import MADE_BY_MODEL, MADE_BY_NONE
from artaudit.auditor.evidence.reporting.words import MARKS, rate, times

COPIES = (
    "Whether a work is shown is compared as two propositions too: (1) the exhibit, or a part of it, is a copy of the "
    "registered work; (2) it is not, and what agrees does so by chance. No likelihood ratio was measured for it: both "
    "error rates say how often the method errs."
)
MAKING = f"Whether a machine made it: (1) {MADE_BY_MODEL}; (2) {MADE_BY_NONE}."
ASSUMED = (
    "The exhibit is a picture like those that rates and ratios were measured on, which each rate names.",
    "Nobody edited it in order to mislead the measurement.",
    "A ratio says nothing about how likely either proposition was to begin with: whoever decides must bring that.",
    "Groups of findings whose ratios are added are independent of each other.",
)
RATIO = (
    "A likelihood ratio says how much likelier what was measured is if the first proposition is true than if the "
    "second is; it is not the probability that a model drew the picture. Ratios of independent groups multiply, so "
    "their logarithms are added. The names of strengths are those of ENFSI's guideline (2015): weak from 2 times on, "
    "moderate from 10, moderately strong from 100, strong from 1,000, very strong from 10,000, extremely strong "
    "from 1,000,000."
)
RATES = (
    "A false alarm finds what is not there, a miss does not find what is. “At most” is the upper end of the exact 95 % "
    "interval (Clopper and Pearson); where trials share pictures, as if every different picture had been tried once."
)


def grounds(held: Sequence[Exhibit]) -> Iterator[Block]:
    """Yield what the answers rest on."""
    yield blocks.heading("What the answers rest on", name="grounds")
    yield blocks.text(COPIES)
    yield blocks.text(f"{MAKING} This is assumed:")
    yield blocks.bullets(ASSUMED)
    yield from _weighed(held)
    yield from _erring(held)
    worth = list(
        dict.fromkeys(finding["details"]["weight"] for finding in _all(held) if finding["details"].get("weight"))
    )
    if worth:
        yield blocks.heading("What findings are worth", 3)
        yield blocks.bullets(worth)


def limits(record: Mapping[str, Any], held: Sequence[Exhibit]) -> Iterator[Block]:
    """Yield how far all this goes."""
    unread = [finding["details"].get("not_checkable") for finding in _all(held)]
    yield blocks.heading("How far this goes", name="limits")
    yield blocks.bullets([*record["limits"], *dict.fromkeys(words for words in unread if words)])


def _all(held: Sequence[Exhibit]) -> list[Mapping[str, Any]]:
    return [finding for exhibit in held for finding in exhibit.findings]


def _weighed(held: Sequence[Exhibit]) -> Iterator[Block]:
    """Yield how each group counts, and what the groups of each exhibit come to."""
    rows = [(exhibit.title, *_together(exhibit.weighed)) for exhibit in held if exhibit.weighed is not None]
    groups = [group for exhibit in held if exhibit.weighed is not None for group in exhibit.weighed["groups"]]
    if not rows:
        return
    yield blocks.heading("How it is weighed", 3)
    yield blocks.facts(list(dict.fromkeys((group["name"], group["counts"]) for group in groups)))
    head = ("exhibit", "was it found, by group", "decimal logarithm of the likelihood ratio", "together")
    yield blocks.table(head, rows, (4, 5, 4, 5))
    yield blocks.text(RATIO, small=True)


def _together(weighed: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return what each group answers, the ratios that count, and what they come to."""
    groups, total = weighed["groups"], weighed["log10_likelihood_ratio"]
    ratios = [(group["name"], group["log10_likelihood_ratio"]) for group in groups]
    added = "\n".join(f"{name} {ratio:+.2f}" for name, ratio in ratios if ratio is not None)
    said = "no ratio was measured" if total is None else f"{total:+.2f}, {times(total)}: {weighed['support']}"
    return ", ".join(f"{group['name']} {MARKS[group['holds']]}" for group in groups), added or "—", said


def _erring(held: Sequence[Exhibit]) -> Iterator[Block]:
    """Yield how often every method errs, with what stands behind its rates, and for which that was never measured."""
    findings = _all(held)
    counted = [finding for finding in findings if finding["false_alarms"] or finding.get("misses")]
    rows = [
        (finding["method"], rate(finding["false_alarms"]), rate(finding.get("misses")), _behind(finding))
        for finding in counted
    ]
    known = {method for method, *_ in rows}
    never = dict.fromkeys(finding["method"] for finding in findings if finding["method"] not in known)
    yield blocks.heading("How often the methods err", 3)
    yield blocks.table(("method", "false alarms", "misses", "measured on"), list(dict.fromkeys(rows)), (5, 3, 3, 9))
    yield blocks.text(RATES, small=True)
    if never:
        yield blocks.text(f"Neither rate was ever measured of: {'; '.join(never)}.", small=True)
    yield from (blocks.text(words, small=True) for words in dict.fromkeys(map(_own_works, findings)) if words)


def _own_works(finding: Mapping[str, Any]) -> str:
    own = finding["details"].get("own_works")
    return f"False matches among the owner's own works: {own}." if own else ""


def _behind(finding: Mapping[str, Any]) -> str:
    rates = (("false alarms", finding["false_alarms"]), ("misses", finding.get("misses")))
    return "\n".join(
        f"{name}: {counted['population']}"
        + (f"; behind them stand {counted['pictures']:,} different pictures" if counted.get("pictures") else "")
        for name, counted in rates
        if counted
    )
