"""Attribution: which model, told by its autoencoder, drew a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artaudit.exports import exports

if TYPE_CHECKING:
    from artaudit.attribution.candidate import Candidate, candidates
    from artaudit.attribution.enrolment import calibrate_model
    from artaudit.attribution.evaluation import evaluate
    from artaudit.attribution.examiner import attribute
    from artaudit.attribution.statistic import Statistic

_NAMES = {
    "candidates": "artaudit.attribution.candidate:candidates",
    "Candidate": "artaudit.attribution.candidate:Candidate",
    "attribute": "artaudit.attribution.examiner:attribute",
    "calibrate_model": "artaudit.attribution.enrolment:calibrate_model",
    "evaluate": "artaudit.attribution.evaluation:evaluate",
    "Statistic": "artaudit.attribution.statistic:Statistic",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, _NAMES)

__all__ = [
    "Candidate",
    "Statistic",
    "attribute",
    "calibrate_model",
    "candidates",
    "evaluate",
]
