"""The examiner that compares a picture with every registered work."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from importlib.resources import files
from typing import Any

import numpy as np
from jaxtyping import UInt8

from artaudit.examination import Illustration
from artaudit.findings import CLOAKED_VERSIONS, COPY, MATCH, FalseAlarms, Finding, Misses
from artaudit.image import Image
from artaudit.matching import Confirmation, Match, Portfolio, difference, overlay
from artaudit.matching.difference import shared_parts

WorkPixels = Callable[[int], UInt8[np.ndarray, "height width 3"]]

METHODS = {
    "file": "sha256 of the file's bytes",
    "pixels": "sha256 of the upright samples",
    "pdq": "PDQ (256 bits, eight orientations, at most 31 bits apart)",
    "keypoints": "RootSIFT features, homography by USAC_MAGSAC",
    "descriptor": "learned descriptors of the whole and of windows, cosine at least 0.75",
}
"""The method of each tier of matching, in words."""

FALSE_ALARMS = {
    tier: FalseAlarms(**rate)
    for tier, rate in json.loads(files("artaudit.matching").joinpath("false_matches.json").read_text("utf-8")).items()
}
"""False matches by tier, measured by `benchmarks/match.py` on pairs of pictures; pairs share pictures."""

MISSES = {
    kind: Misses(**rate)
    for kind, rate in json.loads(files("artaudit.matching").joinpath("missed_copies.json").read_text("utf-8")).items()
}
"""Copies that all tiers together missed, without and with descriptors, measured by `benchmarks/match.py`."""

OVERLAY = (
    "Left the checked picture, right the registered work. The outlined regions show the same; each line joins a place "
    "in one with the same place in the other."
)
DIFFERENCE = (
    "The part that shows the work, the work laid on it, and what differs, amplified; middle grey is no difference."
)

STYLE = "copies and parts of copies are looked for; nothing here says anything about style"
_LINES_KEPT = 60
_WHOLE = 0.95


class PortfolioExaminer:
    """Compares a picture with every registered work."""

    name = "portfolio"
    group = MATCH
    question = COPY

    def __init__(self, portfolio: Portfolio | None = None, works: WorkPixels | None = None) -> None:
        """Take the portfolio to compare with and, for illustrations, a function from a work's number to its pixels."""
        self._portfolio = portfolio or Portfolio([])
        self._works = works

    def examine(self, image: Image) -> list[Finding]:
        """Return a finding for each work that the picture shows, else one finding that there is none."""
        if not self._portfolio.entries:
            return []
        compared = _compared(self._portfolio)
        model = self._portfolio.describer.kind if self._portfolio.describer else ""
        cloaked = Counter(entry.work for entry in self._portfolio.entries if entry.cloaked)
        findings = [_finding(match, compared, model, cloaked[match.work]) for match in self._portfolio.matches(image)]
        method = "; ".join(METHODS[tier] for tier in METHODS if tier != "descriptor" or "describer" in compared)
        works = "the only one" if compared["compared_with"] == 1 else f"all {compared['compared_with']}"
        claim = f"copy of a registered work (compared with {works})"
        return findings or [
            Finding(self.name, claim, holds=False, method=method, details=compared, misses=_misses(compared))
        ]

    def illustrate(self, image: Image, finding: Finding) -> list[Illustration]:
        """Return both pictures with the matched regions outlined, and their difference; needs a confirmation."""
        confirmation = finding.details.get("confirmation")
        if finding.work is None or not confirmation or self._works is None:
            return []
        pair = image.rgb8, self._works(finding.work), _confirmation(confirmation)
        return [
            Illustration("overlay", OVERLAY, overlay(*pair)),
            Illustration("difference", DIFFERENCE, difference(*pair)),
        ]


def shown_over_each_other(
    image: Image, finding: Finding, works: WorkPixels
) -> tuple[UInt8[np.ndarray, "tall wide 3"], UInt8[np.ndarray, "tall wide 3"]] | None:
    """Return what picture and work share, cut alike from both, or None for a finding without a confirmation."""
    confirmation = finding.details.get("confirmation")
    if finding.work is None or not confirmation:
        return None
    return shared_parts(image.rgb8, works(finding.work), _confirmation(confirmation))


def _compared(portfolio: Portfolio) -> dict[str, Any]:
    """Return details on the portfolio: how many works it has, and how alike they are to each other."""
    entries = [entry for entry in portfolio.entries if not entry.cloaked]
    details: dict[str, Any] = {"compared_with": len(entries), "style": STYLE}
    if portfolio.own_works:
        details["own_works"] = "; ".join(f"{tier}: {sentence}" for tier, sentence in portfolio.own_works.items())
    if portfolio.describer is not None:
        described = sum(bool(entry.descriptors) for entry in entries)
        details["describer"] = f"{portfolio.describer.kind}, known of {described} of {len(entries)} works"
    return details


def _misses(compared: dict[str, Any]) -> Misses:
    return MISSES["with descriptors" if "describer" in compared else "without descriptors"]


def _finding(match: Match, compared: dict[str, Any], model: str, cloaked_versions: int) -> Finding:
    """Turn a match into a finding with its details."""
    confirmation = match.confirmation
    details: dict[str, Any] = {"tier": match.tier, "title": match.title, "orientation": match.orientation}
    details |= {"cloaked_version": match.cloaked, "matched_sha256": match.sha256, **compared}
    if cloaked_versions:
        details[CLOAKED_VERSIONS] = cloaked_versions
    if match.tier == "descriptor":
        details["descriptor_model"] = model
    if confirmation is not None:
        kept = confirmation.matches[:: max(1, len(confirmation.matches) // _LINES_KEPT)]
        details["confirmation"] = {**asdict(confirmation), "matches": kept}
    return Finding(
        examiner=PortfolioExaminer.name,
        claim=_claim(match),
        holds=True if match.band == "copy" else None,
        method=METHODS[match.tier],
        score=match.score,
        threshold=match.threshold,
        unit=match.unit,
        false_alarms=FALSE_ALARMS.get(match.tier),
        misses=_misses(compared),
        region=confirmation.region if confirmation is not None else None,
        work=match.work,
        details=details,
    )


def _claim(match: Match) -> str:
    work = f"work {match.work}, {match.title!r}"
    if match.band == "candidate" and match.tier == "descriptor":
        return f"it resembles {work} as copies do, though no point agrees on a place; a person must look"
    if match.band == "candidate":
        return f"it may show a part of {work}; a person must look"
    if match.tier == "file":
        return f"it is the very file of {'the cloaked version of ' if match.cloaked else ''}{work}"
    if match.tier == "pixels":
        return f"it has the very pixels of {'the cloaked version of ' if match.cloaked else ''}{work}"
    lying = "" if match.orientation in ("", "as registered") else f" ({match.orientation})"
    return f"it {_extent(match)} {work}{lying}"


def _extent(match: Match) -> str:
    """Return in words how much of the work the picture shows, and on how much of its area."""
    confirmation = match.confirmation
    if confirmation is None:
        return "is a copy of"
    if confirmation.work_share < _WHOLE:
        return f"shows {confirmation.work_share:.0%} of the area of"
    if confirmation.suspect_share >= _WHOLE:
        return "is a copy of"
    return f"contains, on {confirmation.suspect_share:.0%} of its own area,"


def as_worded_now(claim: str) -> str:
    """Return a claim of an older record in the words of today, which say of which picture a share is."""
    shown = re.sub(r"^it shows (\d+%) of (?=work \d)", r"it shows \1 of the area of ", claim)
    return re.sub(r"^it contains, on (\d+%) of its area,", r"it contains, on \1 of its own area,", shown)


def _confirmation(plain: dict[str, Any]) -> Confirmation:
    """Return the confirmation whose fields JSON kept."""
    return Confirmation(**{name: _tuples(value) for name, value in plain.items()})


def _tuples(value: object) -> Any:  # noqa: ANN401 - whatever the field holds
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
