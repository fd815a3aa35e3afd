"""What findings come to: ratios of independent groups are added, all else stands for itself, contradictions stay.

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
    SIGNED,
    WATERMARK,
    Assessment,
    Finding,
    Group,
    strength,
)

MADE, NOT_MADE, OPEN, UNASKED = "machine-made", "not machine-made", "cannot tell", "not examined"
"""Answers to the question whether a generative model drew the pixels, be it anew or from another picture."""

LEAST = 1.0
"""The smallest sum, either way, that is an answer: what was measured is ten times likelier one way than the other."""

SPARED = "found_before"
"""Key of details: what a finding was that is held back."""

UNTOLD = MappingProxyType({ORIGIN: "whether a machine made it", MODEL: "which model drew it"})
"""What cannot be told where a finding is held back, by question."""

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

_APART = "adds nothing: whether it is independent of the other groups is not known"
_SILENT = frozenset({MATCH, SIGNED, CLAIMS})
"""Groups whose ratios would not be added even if they had any."""
_ASKING = frozenset({SIGNED, NOISE, WATERMARK})
"""Groups that say something of a picture's origin, whatever else they are asked for."""


@dataclass(frozen=True, slots=True)
class _Sign:
    """Something that points one way, in words that complete a sentence; `tier` is its group."""

    text: str
    made: bool
    tier: str
    stands: bool = False


def assess(findings: Sequence[Finding], compared_with: int) -> Assessment:
    """Weigh the findings of one check, which compared the picture with so many works."""
    groups = tuple(_groups(findings))
    ratios = [one.log10_likelihood_ratio for one in groups if one.log10_likelihood_ratio is not None]
    total = round(sum(ratios), 2) if ratios else None
    signs = list(_signs(findings))
    asked = any(one.question == ORIGIN or one.group in _ASKING for one in findings)
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
    """Name what a decimal logarithm of a likelihood ratio supports, "" where there is none."""
    if total is None:
        return ""
    word = strength(total)
    if word == NONE:
        return "no support either way"
    return f"{word} support that {'a' if total > 0 else 'no'} generative model drew its pixels"


def ratio_of(finding: Finding) -> float | None:
    """Return the decimal logarithm of a finding's likelihood ratio, None where it has none or abstains."""
    ratio = None if finding.holds is None else finding.log10_likelihood_ratio
    return ratio if ratio is not None and math.isfinite(ratio) else None


def trusted(finding: Finding) -> bool:
    """Tell whether a signed statement fits the file and its signer is trusted."""
    return finding.group == SIGNED and bool(finding.holds) and bool(finding.details.get("trusted"))


def spared(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return findings in which traces in pixels do not accuse a picture of a work with a registered cloaked version.

    Cloaks move what detectors measure, so that what points to a model there is no answer. What was found before is kept
    in the details, under `SPARED`.
    """
    works = [one for one in findings if one.holds is not False and one.details.get(CLOAKED_VERSIONS)]
    if not works:
        return tuple(findings)
    why = f"it shows work {works[0].work}, of which a cloaked version is registered, and cloaks move what is measured"
    return tuple(_open(one, why) if _accuses(one) else one for one in findings)


def _accuses(finding: Finding) -> bool:
    return finding.group == NOISE and (bool(finding.holds) or (ratio_of(finding) or 0) > 0)


def _open(finding: Finding, why: str) -> Finding:
    what = UNTOLD.get(finding.question, f"what {finding.examiner} looks for")
    details = {**finding.details, SPARED: {"claim": finding.claim, "holds": finding.holds}}
    return replace(finding, claim=f"{what} ({why})", holds=None, details=details)


def _groups(findings: Sequence[Finding]) -> Iterator[Group]:
    order = {name: place for place, name in enumerate(COUNTS)}
    names = [one.group for one in findings]
    places = sorted(range(len(findings)), key=lambda one: (order.get(names[one], len(order)), names[one], one))
    for name, members in groupby(places, key=lambda one: names[one]):
        inside = tuple(members)
        outcomes = [findings[one].holds for one in inside]
        ratios = [ratio for one in inside if (ratio := ratio_of(findings[one])) is not None]
        added = ratios and name in COUNTS and name not in _SILENT
        yield Group(
            name,
            inside,
            holds=True if True in outcomes else None if None in outcomes else False,
            log10_likelihood_ratio=max(ratios, key=abs) if added else None,
            counts=COUNTS.get(name, _APART),
        )


def _signs(findings: Sequence[Finding]) -> Iterator[_Sign]:
    """Yield everything that points one way; a measured ratio does from `LEAST` on."""
    for one in findings:
        group, ratio = one.group, ratio_of(one)
        if group == SIGNED and one.holds and one.details.get("says") in (MADE, NOT_MADE):
            yield _Sign(one.claim, one.details["says"] == MADE, group, stands=trusted(one))
        elif group == NOISE and ratio is not None and abs(ratio) >= LEAST:
            what = one.claim if one.question == MODEL else f"its pixels give {support(ratio)}"
            yield _Sign(what, ratio > 0, group)
        elif group in (WATERMARK, CLAIMS) and one.holds:
            yield _Sign(one.claim, made=True, tier=group)


def _origin(signs: Sequence[_Sign], total: float | None, *, asked: bool) -> tuple[str, str]:
    """Answer by the strongest kind of evidence there is, and name it; claims are never one."""
    measured = None if total is None or abs(total) < LEAST else total > 0
    hidden = any(one.tier == WATERMARK for one in signs)
    said = {one.made for one in signs if one.stands}
    if len(said) == 1:
        return (MADE if said.pop() else NOT_MADE), SIGNED
    if said or (hidden and measured is False):
        return OPEN, ""
    if hidden:
        return MADE, WATERMARK
    if measured is not None:
        return (MADE if measured else NOT_MADE), "measured"
    return (OPEN if asked else UNASKED), ""


def _conflicts(signs: Sequence[_Sign]) -> Iterator[str]:
    made, others = ([one.text for one in signs if one.made is way] for way in (True, False))
    if made and others:
        yield f"These contradict each other: {'; '.join(made)}. But: {'; '.join(others)}."


def _copy(findings: Sequence[Finding], compared_with: int) -> str:
    shown = {one.holds for one in findings if one.question == COPY}
    if True in shown:
        return "found"
    if None in shown:
        return "possible"
    return "not found" if compared_with else "not compared"
