"""Is a picture a copy of a registered work: fingerprints, retrieval, geometric confirmation, pictures of the match."""

from __future__ import annotations

from artaudit.auditor.matching.confirmation import Confirmation, confirm
from artaudit.auditor.matching.overlay import encode_jpeg, encode_png, overlay
from artaudit.auditor.matching.portfolio import Match, Portfolio, PortfolioEntry, fingerprint

__all__ = [
    "Confirmation",
    "Match",
    "Portfolio",
    "PortfolioEntry",
    "confirm",
    "encode_jpeg",
    "encode_png",
    "fingerprint",
    "overlay",
]
