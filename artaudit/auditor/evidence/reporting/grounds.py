"""What the answers of a report rest on: propositions, assumptions, error rates, weights and the limits of it all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from artaudit.auditor.evidence.enclosure import sentence
from artaudit.auditor.evidence.reporting import blocks
from artaudit.auditor.evidence.reporting.blocks import Block
from artaudit.auditor.evidence.reporting.exhibits import Exhibit
from artaudit.auditor.evidence.reporting.first_page import MADE_BY_MODEL, MADE_BY_NONE
from artaudit.auditor.evidence.reporting.words import MARKS, rate, times
from artaudit.language import ENGLISH, each, figure, known, remade, retold, spoken, worded

COPIES = (
    "Whether a work is shown is compared as two propositions too: (1) the exhibit, or a part of it, is a copy of the "
    "registered work; (2) it is not, and what agrees does so by chance. No likelihood ratio was measured for it: both "
    "error rates say how often the method errs."
)
MAKING = "Whether a machine made it: (1) {first}; (2) {second}. This is assumed:"
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

WEIGHED = ("exhibit", "was it found, by group", "decimal logarithm of the likelihood ratio", "together")
ERRING = ("method", "false alarms", "misses", "measured on")
IN_ENGLISH = (
    "The record, data/report.json, is in English. A sentence of it that this edition has no translation of is quoted "
    "as it is, and said to be in English."
)


def grounds(held: Sequence[Exhibit]) -> Iterator[Block]:
    """Yield what the answers rest on."""
    yield blocks.heading(worded("What the answers rest on"), name="grounds")
    yield blocks.text(worded(COPIES))
    yield blocks.text(worded(MAKING, first=worded(MADE_BY_MODEL), second=worded(MADE_BY_NONE)))
    yield blocks.bullets(each(ASSUMED))
    yield from _weighed(held)
    yield from _erring(held)
    worth = list(
        dict.fromkeys(finding["details"]["weight"] for finding in _all(held) if finding["details"].get("weight"))
    )
    if worth:
        yield blocks.heading(worded("What findings are worth"), 3)
        yield blocks.bullets([retold(said) for said in worth])


def limits(record: Mapping[str, Any], held: Sequence[Exhibit]) -> Iterator[Block]:
    """Yield how far all this goes."""
    unread = [finding["details"].get("not_checkable") for finding in _all(held)]
    said = [_limit(line, record.get("enclosed")) for line in record["limits"]]
    said += [retold(words) for words in dict.fromkeys(unread) if words]
    yield blocks.heading(worded("How far this goes"), name="limits")
    yield blocks.bullets([*said, *([worded(IN_ENGLISH)] if spoken() != ENGLISH else [])])


def _limit(line: str, inside: Mapping[str, Any] | None) -> str:
    return retold(line) if inside is None else remade(line, lambda: sentence(inside))


def _all(held: Sequence[Exhibit]) -> list[Mapping[str, Any]]:
    return [finding for exhibit in held for finding in exhibit.findings]


def _weighed(held: Sequence[Exhibit]) -> Iterator[Block]:
    """Yield how each group counts, and what the groups of each exhibit come to."""
    rows = [(exhibit.title, *_together(exhibit.weighed)) for exhibit in held if exhibit.weighed is not None]
    groups = [group for exhibit in held if exhibit.weighed is not None for group in exhibit.weighed["groups"]]
    if not rows:
        return
    yield blocks.heading(worded("How it is weighed"), 3)
    yield blocks.facts(list(dict.fromkeys((known(group["name"]), retold(group["counts"])) for group in groups)))
    yield blocks.table(each(WEIGHED), rows, (4, 5, 4, 5))
    yield blocks.text(worded(RATIO), small=True)


def _together(weighed: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return what each group answers, the ratios that count, and what they come to."""
    groups, total = weighed["groups"], weighed["log10_likelihood_ratio"]
    ratios = [(known(group["name"]), group["log10_likelihood_ratio"]) for group in groups]
    added = "\n".join(f"{name} {figure(f'{ratio:+.2f}')}" for name, ratio in ratios if ratio is not None)
    answers = ", ".join(f"{known(group['name'])} {worded(MARKS[group['holds']])}" for group in groups)
    if total is None:
        return answers, added or "—", worded("no ratio was measured")
    ratio, said = figure(f"{total:+.2f}"), retold(weighed["support"])
    return answers, added or "—", worded("{ratio}, {times}: {support}", ratio=ratio, times=times(total), support=said)


def _erring(held: Sequence[Exhibit]) -> Iterator[Block]:
    """Yield how often every method errs, with what stands behind its rates, and for which that was never measured."""
    findings = _all(held)
    counted = [finding for finding in findings if finding["false_alarms"] or finding.get("misses")]
    rows = [
        (retold(finding["method"]), rate(finding["false_alarms"]), rate(finding.get("misses")), _behind(finding))
        for finding in counted
    ]
    measured = {finding["method"] for finding in counted}
    never = dict.fromkeys(retold(finding["method"]) for finding in findings if finding["method"] not in measured)
    yield blocks.heading(worded("How often the methods err"), 3)
    yield blocks.table(each(ERRING), list(dict.fromkeys(rows)), (5, 3, 3, 9))
    yield blocks.text(worded(RATES), small=True)
    if never:
        yield blocks.text(worded("Neither rate was ever measured of: {methods}.", methods="; ".join(never)), small=True)
    yield from (blocks.text(words, small=True) for words in dict.fromkeys(map(_own_works, findings)) if words)


def _own_works(finding: Mapping[str, Any]) -> str:
    own = finding["details"].get("own_works")
    return worded("False matches among the owner's own works: {own}.", own=retold(own)) if own else ""


def _behind(finding: Mapping[str, Any]) -> str:
    false_alarms, misses = worded("false alarms"), worded("misses")
    rates = ((false_alarms, finding["false_alarms"]), (misses, finding.get("misses")))
    return "\n".join(
        f"{name}: {retold(counted['population'])}" + _pictures(counted.get("pictures"))
        for name, counted in rates
        if counted
    )


def _pictures(count: int | None) -> str:
    return worded("; behind them stand {count} different pictures", count=figure(f"{count:,}")) if count else ""
