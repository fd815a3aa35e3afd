"""Finds copies of registered works: fingerprints, retrieval, geometric confirmation, pictures of a match."""

from __future__ import annotations

from artaudit.matching.confirmation import Confirmation, confirm
from artaudit.matching.describers import Describer
from artaudit.matching.difference import difference
from artaudit.matching.index import Index, OwnWorks, bring_up_to_date
from artaudit.matching.index_file import index_path
from artaudit.matching.overlay import encode_jpeg, encode_png, overlay
from artaudit.matching.portfolio import Match, Portfolio, PortfolioEntry, describe, fingerprint

__all__ = [
    "Confirmation",
    "Describer",
    "Index",
    "Match",
    "OwnWorks",
    "Portfolio",
    "PortfolioEntry",
    "bring_up_to_date",
    "confirm",
    "describe",
    "difference",
    "encode_jpeg",
    "encode_png",
    "fingerprint",
    "index_path",
    "overlay",
]
