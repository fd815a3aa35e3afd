"""Who looks at a picture in a check: the portfolio, and what the file itself says."""

from __future__ import annotations

from collections.abc import Sequence
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
    "pdq": "PDQ, 256 bits, eight orientations",
    "keypoints": "RootSIFT, USAC_MAGSAC homography",
}

MEASURED: dict[str, FalseAlarms] = {}


def examiners(registry: Registry) -> list[Examiner]:
    """Return everyone the catalog names, in its order, ready to look."""
    return [catalog.load(catalog.EXAMINERS, name).of(registry) for name in catalog.EXAMINERS]


class PortfolioExaminer:
    """Compares a picture with every registered work."""

    name = "portfolio"

    def __init__(self, portfolio: Portfolio, works: int) -> None:
        """Take the portfolio and how many works it holds."""
        self._portfolio, self._works = portfolio, works
