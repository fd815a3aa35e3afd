"""The result of a check in sentences: whether it is a copy, made by a machine, by which model, what the file says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from artaudit.auditor.assessment.weighing import COUNTS, MADE, UNASKED, assess, support, trusted
from artaudit.findings import CLAIMS, COPY, FILE, MODEL, ORIGIN, SIGNED, TOOL, WATERMARK, Assessment, Finding
from artaudit.language import figure, known, retold, worded

_EMPTY = "The portfolio is empty, so there was nothing to compare with: add works with `audit register`."
_AGAINST = "Nothing points to a generative model (what was measured is about {times} times likelier in real pictures)."
_FOR = "There is {support} (what was measured is about {times} times likelier if one did)."
_UNTOLD = "Cannot tell: {claim}."
_ANYONE = "{claim}; anyone can write that."
_MORE, _PERHAPS_MORE = "{rest} more works are shown too.", "{rest} more works may be shown too."
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
    one = compared_with == 1
    works = worded("1 registered work") if one else worded("{count} registered works", count=compared_with)
    held = [sentence(retold(finding.claim)) for finding in findings if finding.question == COPY and finding.holds]
    unsure = [_untold(finding) for finding in findings if finding.question == COPY and finding.holds is None]
    sentences = [*_first(held, _MORE), *_first(unsure, _PERHAPS_MORE)]
    if held:
        return " ".join([*sentences, worded("Compared with {works}.", works=works)])
    none = worded("Compared with {works}: no copy of any was found.", works=works)
    return " ".join([*sentences, none if compared_with else worded(_EMPTY)])


def _origin(findings: Sequence[Finding], weighed: Assessment) -> Iterator[str]:
    """Say whether a generative model drew it, and why; for a copy only when the measurements point to a model."""
    if weighed.basis == SIGNED:
        yield from (sentence(retold(finding.claim)) for finding in findings if _is_trusted_statement(finding))
    elif weighed.basis == WATERMARK:
        codes = (finding for finding in findings if finding.group == WATERMARK and finding.holds)
        yield from (worded("{claim}; anyone can write that code.", claim=_open(finding)) for finding in codes)
    elif weighed.basis:
        if weighed.origin == MADE or weighed.copy != "found":
            yield _measured(weighed.log10_likelihood_ratio or 0.0)
    elif weighed.origin != UNASKED and (measured := [finding for finding in findings if _measures_origin(finding)]):
        yield _undecided(measured, weighed)
    kind = next((finding.details["beside"] for finding in findings if finding.details.get("beside")), "")
    if kind:
        yield worded("It was compared with {kind} alone, as it was said to be of that kind.", kind=retold(kind))


def _measured(total: float) -> str:
    times = figure(f"{int(float(f'{10 ** min(abs(total), _MOST):.1g}')):,}")
    return worded(_AGAINST, times=times) if total < 0 else worded(_FOR, support=support(total), times=times)


def _measures_origin(finding: Finding) -> bool:
    """Tell whether a finding is a measured answer to whether a machine made the picture; watermarks are not."""
    return finding.question == ORIGIN and finding.group in COUNTS and finding.group != WATERMARK


def _is_trusted_statement(finding: Finding) -> bool:
    """Tell whether a trusted signer states how the picture was made."""
    return trusted(finding) and bool(finding.details.get("says"))


def _undecided(measured: Sequence[Finding], weighed: Assessment) -> str:
    """Say why it cannot be told whether a machine made it; `measured` are the findings that measured it."""
    if weighed.conflicts:
        return worded("Cannot tell: whether a machine made it (the signs contradict each other).")
    if measured[0].holds is None and weighed.log10_likelihood_ratio is None:
        return _untold(measured[0])
    return worded("Cannot tell: whether a machine made it (what was measured points neither way).")


def _model(findings: Sequence[Finding], weighed: Assessment) -> Iterator[str]:
    for finding in findings:
        if finding.question != MODEL:
            continue
        if finding.holds:
            yield sentence(retold(finding.claim))
        elif finding.holds is None:
            yield _untold(finding)
        elif weighed.origin == MADE:
            yield worded("None of the models held here is known to have drawn it.")


def _file(findings: Sequence[Finding]) -> Iterator[str]:
    """Say what the file itself says, except for statements of trusted signers, which `_origin` gives."""
    about_file = [finding for finding in findings if finding.question == FILE]
    if not about_file:
        return
    claimed = [finding for finding in about_file if finding.group == CLAIMS and finding.holds]
    others = [finding for finding in about_file if finding.group != CLAIMS and finding.holds]
    yield from (sentence(retold(finding.claim)) for finding in others if not _is_trusted_statement(finding))
    yield from _claimed(claimed)
    if not claimed and any(finding.holds is None for finding in about_file):
        yield worded("Cannot tell: what the file itself says (a part of it could not be read).")
    elif not claimed and not others:
        yield worded("The file itself says nothing about its making, which proves nothing.")


def _claimed(claims: Sequence[Finding]) -> Iterator[str]:
    """Repeat what texts in the file claim; the tools that they name go into one sentence."""
    tools = [str(claim.details[TOOL]) for claim in claims if TOOL in claim.details]
    if tools:
        named = worded(", and with ").join(dict.fromkeys(map(known, tools)))
        yield worded("The file says it was made with {tools}; anyone can write that.", tools=named)
    for claim in claims:
        if TOOL not in claim.details:
            yield worded(_ANYONE, claim=_open(claim))


def _others(findings: Sequence[Finding]) -> Iterator[str]:
    """Repeat findings outside the four questions, and answers about origin from groups that are not weighed."""
    for finding in findings:
        unweighed = finding.question == ORIGIN and finding.group not in COUNTS
        if (unweighed or finding.question not in (COPY, ORIGIN, MODEL, FILE)) and finding.holds is not False:
            yield sentence(retold(finding.claim)) if finding.holds else _untold(finding)


def _untold(finding: Finding) -> str:
    return worded(_UNTOLD, claim=retold(finding.claim))


def _open(finding: Finding) -> str:
    """Return a claim as the beginning of a sentence."""
    return sentence(retold(finding.claim))[:-1]


def _first(sentences: Sequence[str], more: str) -> list[str]:
    rest = len(sentences) - _NAMED
    return [*sentences[:_NAMED], *([worded(more, rest=rest)] if rest > 0 else [])]


def sentence(claim: str) -> str:
    """Return a claim as a sentence."""
    return claim[:1].upper() + claim[1:].rstrip(".") + "."
