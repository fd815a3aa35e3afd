"""The examiner that compares a picture with every registered work."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from importlib.resources import files
from typing import Any

import numpy as np
from jaxtyping import UInt8

from artaudit.findings import CLOAKED_VERSIONS, COPY, MATCH, FalseAlarms, Finding
from artaudit.image import Image
from artaudit.matching import Confirmation, Match, Portfolio, difference, overlay
from artaudit.protocols import Illustration

WorkPixels = Callable[[int], UInt8[np.ndarray, "height width 3"]]

METHODS = {
    "file": "sha256 of the file's bytes",
    "pixels": "sha256 of the upright samples",
    "pdq": "PDQ (256 bits, eight orientations, at most 31 bits apart)",
    "keypoints": "RootSIFT features, homography by USAC_MAGSAC",
    "descriptor": "learned descriptors of the whole and of windows, cosine at least 0.75",
}
"""How each tier of matching works, in a line."""

FALSE_ALARMS = {
    tier: FalseAlarms(**rate)
    for tier, rate in json.loads(files("artaudit.matching").joinpath("false_matches.json").read_text("utf-8")).items()
}
"""What `benchmarks/match.py` measured of copies wrongly found, by tier; pairs share pictures, so they say how many."""

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
        """Take what to compare with, and for drawing where the pixels of a work are found by its number."""
        self._portfolio = portfolio or Portfolio([])
        self._works = works

    def examine(self, image: Image) -> list[Finding]:
        """Return a finding for each work that the picture shows, or one that none was found."""
        if not self._portfolio.entries:
            return []
        compared = _compared(self._portfolio)
        model = self._portfolio.describer.kind if self._portfolio.describer else ""
        cloaked = Counter(entry.work for entry in self._portfolio.entries if entry.cloaked)
        found = [_finding(match, compared, model, cloaked[match.work]) for match in self._portfolio.matches(image)]
        method = "; ".join(METHODS[tier] for tier in METHODS if tier != "descriptor" or "describer" in compared)
        works = "the only one" if compared["compared_with"] == 1 else f"all {compared['compared_with']}"
        claim = f"copy of a registered work (compared with {works})"
        return found or [Finding(self.name, claim, holds=False, method=method, details=compared)]

    def illustrate(self, image: Image, finding: Finding) -> list[Illustration]:
        """Return both pictures with the matched regions outlined, and what differs; nothing without a region."""
        seen = finding.details.get("confirmation")
        if finding.work is None or not seen or self._works is None:
            return []
        pair = image.rgb8, self._works(finding.work), _confirmation(seen)
        return [
            Illustration("overlay", OVERLAY, overlay(*pair)),
            Illustration("difference", DIFFERENCE, difference(*pair)),
        ]


def _compared(portfolio: Portfolio) -> dict[str, Any]:
    """Say with how many works a picture is compared, and what is known of false matches among them."""
    entries = [entry for entry in portfolio.entries if not entry.cloaked]
    said: dict[str, Any] = {"compared_with": len(entries), "style": STYLE}
    if portfolio.own_works:
        said["own_works"] = "; ".join(f"{tier}: {what}" for tier, what in portfolio.own_works.items())
    if portfolio.describer is not None:
        described = sum(bool(entry.descriptors) for entry in entries)
        said["describer"] = f"{portfolio.describer.kind}, known of {described} of {len(entries)} works"
    return said


def _finding(match: Match, compared: dict[str, Any], model: str, cloaked_versions: int) -> Finding:
    """Turn a match into a claim with everything it rests on."""
    seen = match.confirmation
    details: dict[str, Any] = {"tier": match.tier, "title": match.title, "orientation": match.orientation}
    details |= {"cloaked_version": match.cloaked, "matched_sha256": match.sha256, **compared}
    if cloaked_versions:
        details[CLOAKED_VERSIONS] = cloaked_versions
    if match.tier == "descriptor":
        details["descriptor_model"] = model
    if seen is not None:
        kept = seen.matches[:: max(1, len(seen.matches) // _LINES_KEPT)]
        details["confirmation"] = {**asdict(seen), "matches": kept}
    return Finding(
        examiner=PortfolioExaminer.name,
        claim=_claim(match),
        holds=True if match.band == "copy" else None,
        method=METHODS[match.tier],
        score=match.score,
        threshold=match.threshold,
        unit=match.unit,
        false_alarms=FALSE_ALARMS.get(match.tier),
        region=seen.region if seen is not None else None,
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
    return f"it {_shown(match)} {work}{lying}"


def _shown(match: Match) -> str:
    """Say how much of the work is seen."""
    seen = match.confirmation
    if seen is None:
        return "is a copy of"
    if seen.work_share < _WHOLE:
        return f"shows {seen.work_share:.0%} of"
    return "is a copy of" if seen.suspect_share >= _WHOLE else f"contains, on {seen.suspect_share:.0%} of its area,"


def _confirmation(plain: dict[str, Any]) -> Confirmation:
    """Turn what JSON kept of a confirmation back into one."""
    return Confirmation(**{name: _tuples(value) for name, value in plain.items()})


def _tuples(value: object) -> Any:  # noqa: ANN401 - whatever the field holds
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
