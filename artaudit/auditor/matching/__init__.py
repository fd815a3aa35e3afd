"""Is a picture a copy of a registered work: fingerprints, retrieval, geometric confirmation, pictures of the match."""

from __future__ import annotations

from artaudit.auditor.matching.confirmation import Confirmation, confirm
from artaudit.auditor.matching.describers import Describer
from artaudit.auditor.matching.difference import difference
from artaudit.auditor.matching.index import Index, OwnWorks, bring_up_to_date
from artaudit.auditor.matching.overlay import encode_jpeg, encode_png, overlay
from artaudit.auditor.matching.portfolio import Match, Portfolio, PortfolioEntry, describe, fingerprint
from artaudit.auditor.matching.sidecar import beside

__all__ = [
    "Confirmation",
    "Describer",
    "Index",
    "Match",
    "OwnWorks",
    "Portfolio",
    "PortfolioEntry",
    "beside",
    "bring_up_to_date",
    "confirm",
    "describe",
    "difference",
    "encode_jpeg",
    "encode_png",
    "fingerprint",
    "overlay",
]
