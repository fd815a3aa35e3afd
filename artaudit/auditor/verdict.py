"""What a check comes to, in sentences a person can act on."""

from __future__ import annotations

from collections.abc import Sequence

from artaudit.evidence import Finding


def verdict(findings: Sequence[Finding], compared_with: int) -> str:
    """Say what holds, what could not be told and with how many works the picture was compared."""
    held = [finding.claim for finding in findings if finding.holds]
    unsure = [finding.claim for finding in findings if finding.holds is None]
    works = "1 registered work" if compared_with == 1 else f"{compared_with} registered works"
    said = [_sentence(claim) for claim in held]
    said += [f"Cannot tell: {claim}." for claim in unsure]
    if not any(finding.work is not None for finding in findings if finding.holds):
        said.append(f"Compared with {works}: no copy of any was found." if compared_with else _EMPTY)
    else:
        said.append(f"Compared with {works}.")
    return " ".join(said)


_EMPTY = "The portfolio is empty, so there was nothing to compare with: add works with `audit register`."


def _sentence(claim: str) -> str:
    return claim[:1].upper() + claim[1:].rstrip(".") + "."
