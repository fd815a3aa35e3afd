"""The result of a check in sentences: whether it is a copy, made by a machine, by which model, what the file says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from artaudit.auditor.assessment.weighing import COUNTS, MADE, UNASKED, assess, support, trusted
from artaudit.findings import CLAIMS, COPY, FILE, MODEL, ORIGIN, SIGNED, TOOL, WATERMARK, Assessment, Finding

_EMPTY = "The portfolio is empty, so there was nothing to compare with: add works with `audit register`."
_LIKELIER = "what was measured is about {:,} times likelier"
_NAMED = 3
_MOST = 12.0


def verdict(findings: Sequence[Finding], compared_with: int) -> str:
    """Return the result of a check as one text; `compared_with` is the number of works that it compared with."""
    return " ".join(summary(findings, assess(findings, compared_with), compared_with))


def summary(findings: Sequence[Finding], weighed: Assessment, compared_with: int) -> tuple[str, ...]:
    """Return a few sentences: is it a copy, did a machine make it, which model, what does the file say.

    Questions that no examiner was asked are left out.
    """
    return (
        _copy(findings, compared_with),
        *_origin(findings, weighed),
        *_model(findings, weighed),
        *_file(findings),
        *_others(findings),
        *weighed.conflicts,
    )


def asked(findings: Sequence[Finding], weighed: Assessment, compared_with: int) -> tuple[str, ...]:
    """Return what a report says first: of a copy whose work it shows, and else only what points to a machine."""
    if weighed.copy != "found":
        return summary(findings, weighed, compared_with)
    made = (*_origin(findings, weighed), *_model(findings, weighed)) if weighed.origin == MADE else ()
    return (_copy(findings, compared_with), *made, *weighed.conflicts)


def _copy(findings: Sequence[Finding], compared_with: int) -> str:
    works = "1 registered work" if compared_with == 1 else f"{compared_with} registered works"
    held = [sentence(finding.claim) for finding in findings if finding.question == COPY and finding.holds]
    unsure = [
        f"Cannot tell: {finding.claim}." for finding in findings if finding.question == COPY and finding.holds is None
    ]
    sentences = [*_first(held, "more works are shown too."), *_first(unsure, "more works may be shown too.")]
    if held:
        return " ".join([*sentences, f"Compared with {works}."])
    return " ".join([*sentences, f"Compared with {works}: no copy of any was found." if compared_with else _EMPTY])


def _origin(findings: Sequence[Finding], weighed: Assessment) -> Iterator[str]:
    """Say whether a generative model drew it, and why; for a copy only when the measurements point to a model."""
    if weighed.basis == SIGNED:
        yield from (sentence(finding.claim) for finding in findings if _is_trusted_statement(finding))
    elif weighed.basis == WATERMARK:
        codes = (finding for finding in findings if finding.group == WATERMARK and finding.holds)
        yield from (f"{sentence(finding.claim)[:-1]}; anyone can write that code." for finding in codes)
    elif weighed.basis:
        if weighed.origin == MADE or weighed.copy != "found":
            yield _measured(weighed.log10_likelihood_ratio or 0.0)
    elif weighed.origin != UNASKED and (measured := [finding for finding in findings if _measures_origin(finding)]):
        yield _undecided(measured, weighed)
    kind = next((finding.details["beside"] for finding in findings if finding.details.get("beside")), "")
    if kind:
        yield f"It was compared with {kind} alone, as it was said to be of that kind."


def _measured(total: float) -> str:
    times = int(float(f"{10 ** min(abs(total), _MOST):.1g}"))
    if total < 0:
        return f"Nothing points to a generative model ({_LIKELIER.format(times)} in real pictures)."
    return f"There is {support(total)} ({_LIKELIER.format(times)} if one did)."


def _measures_origin(finding: Finding) -> bool:
    """Tell whether a finding is a measured answer to whether a machine made the picture; watermarks are not."""
    return finding.question == ORIGIN and finding.group in COUNTS and finding.group != WATERMARK


def _is_trusted_statement(finding: Finding) -> bool:
    """Tell whether a trusted signer states how the picture was made."""
    return trusted(finding) and bool(finding.details.get("says"))


def _undecided(measured: Sequence[Finding], weighed: Assessment) -> str:
    """Say why it cannot be told whether a machine made it; `measured` are the findings that measured it."""
    if weighed.conflicts:
        return "Cannot tell: whether a machine made it (the signs contradict each other)."
    if measured[0].holds is None and weighed.log10_likelihood_ratio is None:
        return f"Cannot tell: {measured[0].claim}."
    return "Cannot tell: whether a machine made it (what was measured points neither way)."


def _model(findings: Sequence[Finding], weighed: Assessment) -> Iterator[str]:
    for finding in findings:
        if finding.question != MODEL:
            continue
        if finding.holds:
            yield sentence(finding.claim)
        elif finding.holds is None:
            yield f"Cannot tell: {finding.claim}."
        elif weighed.origin == MADE:
            yield "None of the models held here is known to have drawn it."


def _file(findings: Sequence[Finding]) -> Iterator[str]:
    """Say what the file itself says, except for statements of trusted signers, which `_origin` gives."""
    about_file = [finding for finding in findings if finding.question == FILE]
    if not about_file:
        return
    claimed = [finding for finding in about_file if finding.group == CLAIMS and finding.holds]
    others = [finding for finding in about_file if finding.group != CLAIMS and finding.holds]
    yield from (sentence(finding.claim) for finding in others if not _is_trusted_statement(finding))
    yield from _claimed(claimed)
    if not claimed and any(finding.holds is None for finding in about_file):
        yield "Cannot tell: what the file itself says (a part of it could not be read)."
    elif not claimed and not others:
        yield "The file itself says nothing about its making, which proves nothing."


def _claimed(claims: Sequence[Finding]) -> Iterator[str]:
    """Repeat what texts in the file claim; the tools that they name go into one sentence."""
    tools = [str(claim.details[TOOL]) for claim in claims if TOOL in claim.details]
    if tools:
        yield f"The file says it was made with {', and with '.join(dict.fromkeys(tools))}; anyone can write that."
    for claim in claims:
        if TOOL not in claim.details:
            yield f"{sentence(claim.claim)[:-1]}; anyone can write that."


def _others(findings: Sequence[Finding]) -> Iterator[str]:
    """Repeat findings outside the four questions, and answers about origin from groups that are not weighed."""
    for finding in findings:
        unweighed = finding.question == ORIGIN and finding.group not in COUNTS
        if (unweighed or finding.question not in (COPY, ORIGIN, MODEL, FILE)) and finding.holds is not False:
            yield sentence(finding.claim) if finding.holds else f"Cannot tell: {finding.claim}."


def _first(sentences: Sequence[str], more: str) -> list[str]:
    rest = len(sentences) - _NAMED
    return [*sentences[:_NAMED], *([f"{rest} {more}"] if rest > 0 else [])]


def sentence(claim: str) -> str:
    """Return a claim as a sentence."""
    return claim[:1].upper() + claim[1:].rstrip(".") + "."
