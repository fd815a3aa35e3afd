"""Who looks at a picture in a check: each returns findings about it, never writes, never prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from artaudit import catalog
from artaudit.auditor.matching import Match, Portfolio, PortfolioEntry
from artaudit.auditor.registry import Registry
from artaudit.evidence import FalseAlarms, Finding
from artaudit.image import Image
from artaudit.protocols import Examiner

METHODS = {
    "file": "sha256 of the file's bytes",
    "pixels": "sha256 of the upright samples",
    "pdq": "PDQ (256 bits, eight orientations, at most 31 bits apart)",
    "keypoints": "RootSIFT features, homography by USAC_MAGSAC",
}
"""How each tier of matching works, in a line."""

FALSE_ALARMS: dict[str, FalseAlarms] = {}
"""What `benchmarks/match.py` measured, by tier; tiers that are missing were never measured."""

_LINES_KEPT = 60
_WHOLE = 0.95


def examiners(registry: Registry) -> list[Examiner]:
    """Return everyone the catalog names, in its order, ready to look."""
    portfolio = read_portfolio(registry)
    made = {"portfolio": lambda kind: kind(portfolio)}
    return [made.get(name, lambda kind: kind())(catalog.load(catalog.EXAMINERS, name)) for name in catalog.EXAMINERS]


def read_portfolio(registry: Registry) -> Portfolio:
    """Collect every work and every cloaked version of one as something to compare with."""
    hashes, features = (dict(registry.fingerprints(kind)) for kind in ("pdq", "keypoints"))
    works = registry.works()
    titles = {work.id: work.title for work in works}
    entries = [
        PortfolioEntry(one.id, one.title, one.sha256, one.pixels_sha256, hashes[one.id], features[one.id])
        for one in works
    ]
    versions = [one for one in registry.versions() if one.work in titles]
    entries += [
        PortfolioEntry(one.work, titles[one.work], one.sha256, one.pixels_sha256, cloaked=True) for one in versions
    ]
    return Portfolio(entries)


class PortfolioExaminer:
    """Compares a picture with every registered work."""

    name = "portfolio"

    def __init__(self, portfolio: Portfolio) -> None:
        """Take what to compare with."""
        self._portfolio = portfolio

    def examine(self, image: Image) -> list[Finding]:
        """Return a finding for each work that the picture shows, or one that none was found."""
        if not self._portfolio.entries:
            return []
        found = [_finding(match) for match in self._portfolio.matches(image)]
        method = "; ".join(METHODS.values())
        return found or [Finding(self.name, "copy of a registered work", holds=False, method=method)]


def _finding(match: Match) -> Finding:
    """Turn a match into a claim with everything it rests on."""
    seen = match.confirmation
    details: dict[str, Any] = {"tier": match.tier, "title": match.title, "orientation": match.orientation}
    details |= {"cloaked_version": match.cloaked, "matched_sha256": match.sha256}
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
    if match.band == "candidate":
        return f"it may show a part of {work}; a person must look"
    if match.tier == "file":
        return f"it is the very file of {'the cloaked version of ' if match.cloaked else ''}{work}"
    if match.tier == "pixels":
        return f"it has the very pixels of {'the cloaked version of ' if match.cloaked else ''}{work}"
    lying = "" if match.orientation == "as registered" else f" ({match.orientation})"
    return f"it {_shown(match)} {work}{lying}"


def _shown(match: Match) -> str:
    """Say how much of the work is seen."""
    seen = match.confirmation
    if seen is None:
        return "is a copy of"
    if seen.work_share < _WHOLE:
        return f"shows {seen.work_share:.0%} of"
    return "is a copy of" if seen.suspect_share >= _WHOLE else f"contains, on {seen.suspect_share:.0%} of its area,"
