"""What a check comes to, in sentences a person can act on: whose work, made how, by which model, said by the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from artaudit.auditor.weighing import (
    CLAIMS,
    MADE,
    SIGNED,
    UNASKED,
    WATERMARK,
    assess,
    group_of,
    support,
    trusted,
)
from artaudit.evidence import Assessment, Finding

_EMPTY = "The portfolio is empty, so there was nothing to compare with: add works with `audit register`."
_SAYS = "the file says it was made with "
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
    held = [_sentence(one.claim) for one in findings if one.work is not None and one.holds]
    unsure = [f"Cannot tell: {one.claim}." for one in findings if one.work is not None and one.holds is None]
    said = [*_first(held, "more works are shown too."), *_first(unsure, "more works may be shown too.")]
    if held:
        return " ".join([*said, f"Compared with {works}."])
    return " ".join([*said, f"Compared with {works}: no copy of any was found." if compared_with else _EMPTY])


def _origin(findings: Sequence[Finding], weighed: Assessment) -> Iterator[str]:
    """Say whether a generative model drew it, and on what that rests; beside a copy only what speaks for one."""
    if weighed.basis == SIGNED:
        yield from (_sentence(one.claim) for one in findings if trusted(one) and one.details.get("says"))
    elif weighed.basis == WATERMARK:
        codes = (one for one in findings if group_of(one) == WATERMARK and one.holds)
        yield from (f"{_sentence(one.claim)[:-1]}; anyone can write that code." for one in codes)
    elif weighed.basis:
        if weighed.origin == MADE or weighed.copy != "found":
            yield _measured(weighed.log10_likelihood_ratio or 0.0)
    elif weighed.origin != UNASKED and any(one.examiner == "detector" for one in findings):
        yield _untold(findings, weighed)
    beside = next((one.details["beside"] for one in findings if one.details.get("beside")), "")
    if beside:
        yield f"It was compared with {beside} alone, as it was said to be of that kind."


def _measured(total: float) -> str:
    times = int(float(f"{10 ** min(abs(total), _MOST):.1g}"))
    if total < 0:
        return f"Nothing points to a generative model ({_LIKELIER.format(times)} in real pictures)."
    return f"There is {support(total)} ({_LIKELIER.format(times)} if one did)."


def _untold(findings: Sequence[Finding], weighed: Assessment) -> str:
    """Say that it cannot be told whether a machine made it, and why."""
    total = weighed.log10_likelihood_ratio
    detector = next(one for one in findings if one.examiner == "detector")
    if weighed.conflicts:
        return "Cannot tell: whether a machine made it (the signs contradict each other)."
    if detector.holds is None and total is None:
        return f"Cannot tell: {detector.claim}."
    return "Cannot tell: whether a machine made it (what was measured points neither way)."


def _model(findings: Sequence[Finding], weighed: Assessment) -> Iterator[str]:
    for one in findings:
        if one.examiner != "attribution":
            continue
        if one.holds:
            yield _sentence(one.claim)
        elif one.holds is None:
            yield f"Cannot tell: {one.claim}."
        elif weighed.origin == MADE:
            yield "None of the models held here is known to have drawn it."


def _file(findings: Sequence[Finding]) -> Iterator[str]:
    """Say what the file itself says, but for what a trusted signer said of its making."""
    asked = [one for one in findings if group_of(one) in (SIGNED, CLAIMS)]
    if not asked:
        return
    signed = [one for one in asked if group_of(one) == SIGNED and one.holds]
    tools = [one.claim.removeprefix(_SAYS) for one in asked if group_of(one) == CLAIMS and one.holds]
    yield from (_sentence(one.claim) for one in signed if not (trusted(one) and one.details.get("says")))
    if tools:
        yield f"{_SAYS.capitalize()}{', and with '.join(dict.fromkeys(tools))}; anyone can write that."
    elif any(one.holds is None for one in asked):
        yield "Cannot tell: what the file itself says (a part of it could not be read)."
    elif not signed:
        yield "The file itself says nothing about its making, which proves nothing."


def _others(findings: Sequence[Finding]) -> Iterator[str]:
    """Say what was found by examiners that no question is about."""
    for one in findings:
        if one.examiner not in _ANSWERED and one.work is None and one.holds is not False:
            yield _sentence(one.claim) if one.holds else f"Cannot tell: {one.claim}."


_ANSWERED = frozenset({"portfolio", "signatures", "signals", "watermarks", "attribution", "detector"})


def _first(sentences: Sequence[str], more: str) -> list[str]:
    rest = len(sentences) - _NAMED
    return [*sentences[:_NAMED], *([f"{rest} {more}"] if rest > 0 else [])]


def _sentence(claim: str) -> str:
    return claim[:1].upper() + claim[1:].rstrip(".") + "."
