"""Weighs findings: likelihood ratios of independent groups are added; signatures, claims and matches are not.

Likelihood ratios after the ENFSI guideline for evaluative reporting in forensic science, 2015,
https://enfsi.eu/wp-content/uploads/2016/09/m1_guideline.pdf.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from types import MappingProxyType

from artaudit.findings import (
    CLAIMS,
    CLOAKED_VERSIONS,
    COPY,
    MATCH,
    MODEL,
    NOISE,
    NONE,
    ORIGIN,
    PLUGIN_GROUP,
    SIGNED,
    UNANSWERED,
    WATERMARK,
    Assessment,
    Finding,
    Group,
    strength,
)
from artaudit.language import retold, worded

MADE, NOT_MADE, OPEN, UNASKED = "machine-made", "not machine-made", "cannot tell", "not examined"
"""Answers to the question whether a generative model drew the pixels, from a text or from another picture."""

LEAST = 1.0
"""The least absolute sum (log10) that is an answer: one hypothesis makes the measurements ten times likelier."""

WITHHELD = "found_before"
"""Key of details: claim and `holds` of a finding before it was withheld."""

COUNTS = MappingProxyType(
    {
        MATCH: "says whose work it shows, not how it was made: it stands apart",
        SIGNED: "stands above what was measured where the signer is trusted; else it is a word like any other",
        NOISE: "detector and attribution look at the same pixels: the ratio that is farther from none counts, once",
        WATERMARK: "adds a ratio only where one was measured: how often people write public codes never was",
        CLAIMS: "weighs nothing: anyone can write it into a file or remove it",
    }
)
"""How each group counts, in words."""

FOR_A_MODEL = "{strength} support that a generative model drew its pixels"
AGAINST_ONE = "{strength} support that no generative model drew its pixels"
_BY_A_PLUGIN = "said by a plug-in, for which artaudit does not vouch: adds nothing"
CONTRADICTION = "These contradict each other: {made}. But: {others}."
_UNKNOWN_GROUP = "adds nothing: whether it is independent of the other groups is not known"
_NEVER_ADDED = frozenset({MATCH, SIGNED, CLAIMS})
"""Groups whose ratios are not added."""
_ABOUT_ORIGIN = frozenset({SIGNED, NOISE, WATERMARK})
"""Groups that bear on a picture's origin, whatever question their findings answer."""


@dataclass(frozen=True, slots=True)
class _Sign:
    """Evidence for (`made`) or against a machine as maker; `tier` is its group, `stands` marks trusted statements."""

    text: str
    made: bool
    tier: str
    stands: bool = False


def assess(findings: Sequence[Finding], compared_with: int) -> Assessment:
    """Weigh the findings of a check; `compared_with` is the number of works that it compared with."""
    groups = tuple(_groups(findings))
    ratios = [group.log10_likelihood_ratio for group in groups if group.log10_likelihood_ratio is not None]
    total = round(sum(ratios), 2) if ratios else None
    signs = list(_signs(findings))
    asked = any(finding.question == ORIGIN or finding.group in _ABOUT_ORIGIN for finding in findings)
    origin, basis = _origin(signs, total, asked=asked)
    return Assessment(
        copy=_copy(findings, compared_with),
        origin=origin,
        basis=basis,
        log10_likelihood_ratio=total,
        support=support(total),
        groups=groups,
        conflicts=tuple(_conflicts(signs)),
    )


def support(total: float | None) -> str:
    """Return in words what a likelihood ratio (its decimal logarithm) supports; "" without one."""
    if total is None:
        return ""
    word = strength(total)
    if word == NONE:
        return worded("no support either way")
    said = FOR_A_MODEL if total > 0 else AGAINST_ONE
    return worded(said, strength=worded(word))


def ratio_of(finding: Finding) -> float | None:
    """Return the decimal logarithm of a finding's likelihood ratio; None if it has none or abstains."""
    ratio = None if finding.holds is None else finding.log10_likelihood_ratio
    return ratio if ratio is not None and math.isfinite(ratio) else None


def trusted(finding: Finding) -> bool:
    """Tell whether a signed statement fits the file and its signer is trusted."""
    return finding.group == SIGNED and bool(finding.holds) and bool(finding.details.get("trusted"))


def withhold_accusations(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Withhold findings that point to a model if the picture shows a work with a registered cloaked version.

    Cloaks change what detectors measure, so such a finding answers nothing there: its `holds` becomes None. What it was
    before is kept in its details, under `WITHHELD`.
    """
    matches = [finding for finding in findings if finding.holds is not False and finding.details.get(CLOAKED_VERSIONS)]
    if not matches:
        return tuple(findings)
    why = f"it shows work {matches[0].work}, of which a cloaked version is registered, and cloaks move what is measured"
    return tuple(_withheld(finding, why) if _accuses(finding) else finding for finding in findings)


def _accuses(finding: Finding) -> bool:
    measured = finding.group == NOISE or (finding.group not in COUNTS and finding.question in (ORIGIN, MODEL))
    return measured and (bool(finding.holds) or (ratio_of(finding) or 0) > 0)


def _withheld(finding: Finding, why: str) -> Finding:
    question = UNANSWERED.get(finding.question, f"what {finding.examiner} looks for")
    details = {**finding.details, WITHHELD: {"claim": finding.claim, "holds": finding.holds}}
    return replace(finding, claim=f"{question} ({why})", holds=None, details=details)


def _groups(findings: Sequence[Finding]) -> Iterator[Group]:
    order = {name: rank for rank, name in enumerate(COUNTS)}
    names = [finding.group for finding in findings]
    places = sorted(range(len(findings)), key=lambda place: (order.get(names[place], len(order)), names[place], place))
    for name, grouped in groupby(places, key=lambda place: names[place]):
        members = tuple(grouped)
        outcomes = [findings[place].holds for place in members]
        ratios = [ratio for place in members if (ratio := ratio_of(findings[place])) is not None]
        added = ratios and name in COUNTS and name not in _NEVER_ADDED
        yield Group(
            name,
            members,
            holds=True if True in outcomes else None if None in outcomes else False,
            log10_likelihood_ratio=max(ratios, key=abs) if added else None,
            counts=COUNTS.get(name, _BY_A_PLUGIN if name.startswith(PLUGIN_GROUP) else _UNKNOWN_GROUP),
        )


def _signs(findings: Sequence[Finding]) -> Iterator[_Sign]:
    """Yield the evidence for or against a machine as maker; measured ratios count from `LEAST` on."""
    for finding in findings:
        group, ratio = finding.group, ratio_of(finding)
        if group == SIGNED and finding.holds and finding.details.get("says") in (MADE, NOT_MADE):
            yield _Sign(retold(finding.claim), finding.details["says"] == MADE, group, stands=trusted(finding))
        elif group == NOISE and ratio is not None and abs(ratio) >= LEAST:
            named = finding.question == MODEL
            text = retold(finding.claim) if named else worded("its pixels give {support}", support=support(ratio))
            yield _Sign(text, ratio > 0, group)
        elif group in (WATERMARK, CLAIMS) and finding.holds:
            yield _Sign(retold(finding.claim), made=True, tier=group)


def _origin(signs: Sequence[_Sign], total: float | None, *, asked: bool) -> tuple[str, str]:
    """Return the answer about origin and the strongest kind of evidence, which decides it; claims decide nothing."""
    measured = None if total is None or abs(total) < LEAST else total > 0
    watermarked = any(sign.tier == WATERMARK for sign in signs)
    stated = {sign.made for sign in signs if sign.stands}
    if len(stated) == 1:
        return (MADE if stated.pop() else NOT_MADE), SIGNED
    if stated or (watermarked and measured is False):
        return OPEN, ""
    if watermarked:
        return MADE, WATERMARK
    if measured is not None:
        return (MADE if measured else NOT_MADE), "measured"
    return (OPEN if asked else UNASKED), ""


def _conflicts(signs: Sequence[_Sign]) -> Iterator[str]:
    made, others = ([sign.text for sign in signs if sign.made is way] for way in (True, False))
    if made and others:
        yield worded(CONTRADICTION, made="; ".join(made), others="; ".join(others))


def _copy(findings: Sequence[Finding], compared_with: int) -> str:
    outcomes = {finding.holds for finding in findings if finding.question == COPY}
    if True in outcomes:
        return "found"
    if None in outcomes:
        return "possible"
    return "not found" if compared_with else "not compared"
