"""What a check comes to, in sentences a person can act on: whose work, made how, by which model, said by the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from artaudit.auditor.assessment.weighing import COUNTS, MADE, UNASKED, assess, support, trusted
from artaudit.findings import CLAIMS, COPY, FILE, MODEL, ORIGIN, SIGNED, TOOL, WATERMARK, Assessment, Finding

_EMPTY = "The portfolio is empty, so there was nothing to compare with: add works with `audit register`."
_LIKELIER = "what was measured is about {:,} times likelier"
_NAMED = 3
_MOST = 12.0


def verdict(findings: Sequence[Finding], compared_with: int) -> str:
    """Say in one text what the findings of a check, which compared with so many works, come to."""
    return " ".join(summary(findings, assess(findings, compared_with), compared_with))


def summary(findings: Sequence[Finding], weighed: Assessment, compared_with: int) -> tuple[str, ...]:
    """Return a few sentences: is it a copy, did a machine make it, which model, what does the file say.

    Questions that nobody was asked are left out.
    """
    return (
        _copy(findings, compared_with),
        *_origin(findings, weighed),
        *_model(findings, weighed),
        *_file(findings),
        *_others(findings),
        *weighed.conflicts,
    )


def _copy(findings: Sequence[Finding], compared_with: int) -> str:
    works = "1 registered work" if compared_with == 1 else f"{compared_with} registered works"
    held = [_sentence(one.claim) for one in findings if one.question == COPY and one.holds]
    unsure = [f"Cannot tell: {one.claim}." for one in findings if one.question == COPY and one.holds is None]
    said = [*_first(held, "more works are shown too."), *_first(unsure, "more works may be shown too.")]
    if held:
        return " ".join([*said, f"Compared with {works}."])
    return " ".join([*said, f"Compared with {works}: no copy of any was found." if compared_with else _EMPTY])


def _origin(findings: Sequence[Finding], weighed: Assessment) -> Iterator[str]:
    """Say whether a generative model drew it, and on what that rests; beside a copy only what speaks for one."""
    if weighed.basis == SIGNED:
        yield from (_sentence(one.claim) for one in findings if trusted(one) and one.details.get("says"))
    elif weighed.basis == WATERMARK:
        codes = (one for one in findings if one.group == WATERMARK and one.holds)
        yield from (f"{_sentence(one.claim)[:-1]}; anyone can write that code." for one in codes)
    elif weighed.basis:
        if weighed.origin == MADE or weighed.copy != "found":
            yield _measured(weighed.log10_likelihood_ratio or 0.0)
    elif weighed.origin != UNASKED and (asked := [one for one in findings if _measures_origin(one)]):
        yield _untold(asked, weighed)
    beside = next((one.details["beside"] for one in findings if one.details.get("beside")), "")
    if beside:
        yield f"It was compared with {beside} alone, as it was said to be of that kind."


def _measured(total: float) -> str:
    times = int(float(f"{10 ** min(abs(total), _MOST):.1g}"))
    if total < 0:
        return f"Nothing points to a generative model ({_LIKELIER.format(times)} in real pictures)."
    return f"There is {support(total)} ({_LIKELIER.format(times)} if one did)."


def _measures_origin(finding: Finding) -> bool:
    """Tell whether a finding is a measured answer to whether a machine made the picture, not a code hidden in it."""
    return finding.question == ORIGIN and finding.group in COUNTS and finding.group != WATERMARK


def _untold(asked: Sequence[Finding], weighed: Assessment) -> str:
    """Say that it cannot be told whether a machine made it, and why; `asked` are those who measured that."""
    if weighed.conflicts:
        return "Cannot tell: whether a machine made it (the signs contradict each other)."
    if asked[0].holds is None and weighed.log10_likelihood_ratio is None:
        return f"Cannot tell: {asked[0].claim}."
    return "Cannot tell: whether a machine made it (what was measured points neither way)."


def _model(findings: Sequence[Finding], weighed: Assessment) -> Iterator[str]:
    for one in findings:
        if one.question != MODEL:
            continue
        if one.holds:
            yield _sentence(one.claim)
        elif one.holds is None:
            yield f"Cannot tell: {one.claim}."
        elif weighed.origin == MADE:
            yield "None of the models held here is known to have drawn it."


def _file(findings: Sequence[Finding]) -> Iterator[str]:
    """Say what the file itself says, but for what a trusted signer said of its making."""
    asked = [one for one in findings if one.question == FILE]
    if not asked:
        return
    claimed = [one for one in asked if one.group == CLAIMS and one.holds]
    others = [one for one in asked if one.group != CLAIMS and one.holds]
    yield from (_sentence(one.claim) for one in others if not (trusted(one) and one.details.get("says")))
    yield from _claimed(claimed)
    if not claimed and any(one.holds is None for one in asked):
        yield "Cannot tell: what the file itself says (a part of it could not be read)."
    elif not claimed and not others:
        yield "The file itself says nothing about its making, which proves nothing."


def _claimed(claims: Sequence[Finding]) -> Iterator[str]:
    """Repeat what texts in the file claim, tools that are named as makers in one sentence."""
    tools = [str(one.details[TOOL]) for one in claims if TOOL in one.details]
    if tools:
        yield f"The file says it was made with {', and with '.join(dict.fromkeys(tools))}; anyone can write that."
    for one in claims:
        if TOOL not in one.details:
            yield f"{_sentence(one.claim)[:-1]}; anyone can write that."


def _others(findings: Sequence[Finding]) -> Iterator[str]:
    """Say what was found that no question is about, or that answers one without a place among the groups weighed."""
    for one in findings:
        apart = one.question == ORIGIN and one.group not in COUNTS
        if (apart or one.question not in (COPY, ORIGIN, MODEL, FILE)) and one.holds is not False:
            yield _sentence(one.claim) if one.holds else f"Cannot tell: {one.claim}."


def _first(sentences: Sequence[str], more: str) -> list[str]:
    rest = len(sentences) - _NAMED
    return [*sentences[:_NAMED], *([f"{rest} {more}"] if rest > 0 else [])]


def _sentence(claim: str) -> str:
    return claim[:1].upper() + claim[1:].rstrip(".") + "."
