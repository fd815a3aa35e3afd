"""Scores pictures with any detector, calibrated or not: numbers for researchers, where a check speaks in findings."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from artaudit.detect.crops import Corner, Picture
from artaudit.detect.out_of_distribution import InDistributionGate
from artaudit.detect.strata import stratum_of_file
from artaudit.image import Image

FOUND, BELOW, CANNOT_TELL = "found", "below the threshold", "cannot tell"
"""Verdicts. Below the threshold says that the detector found nothing, never that no machine made the picture."""

TOO_SMALL, UNLIKE = "too small for one crop", "out of distribution"
"""Why it cannot be told."""


LARGEST = 4096
"""Pixels along a side that detectors look at, at most: as numbers with a fraction, more would fill the memory."""


@runtime_checkable
class Scoring(Protocol):
    """A fitted detector of crops."""

    threshold_: float
    gate_: InDistributionGate
    side: int

    def read_crops(self, picture: Picture) -> tuple[list[Corner], Float[np.ndarray, "count features"]]:
        """Return each crop's corner and description, none where the picture is too small."""
        ...

    def score_features(self, features: Float[np.ndarray, "count features"]) -> Float[np.ndarray, " count"]:
        """Return the scores of descriptions; a picture's is that of its crops' mean description."""
        ...


@dataclass(frozen=True, slots=True)
class ScoredCrop:
    """A square that was looked at: its upper left corner and side in pixels of the upright picture, and its score."""

    top: int
    left: int
    side: int
    score: float


@dataclass(frozen=True, slots=True)
class Scored:
    """What a detector says of one picture.

    `score` is in log odds, higher for machine-made pictures, and None for a picture that is too small; `threshold` is
    the score from which on a picture counts as found. `verdict` is one of `FOUND`, `BELOW` and `CANNOT_TELL`, and
    `reason` says why it cannot be told. `stratum` is the kind of file (codec and band of quality), within which a
    calibrated detector gives `log10_likelihood_ratio` and `p_value`; both are None without calibration for it.
    """

    path: str
    sha256: str
    width: int
    height: int
    stratum: str
    score: float | None
    threshold: float
    verdict: str
    reason: str
    out_of_distribution: bool | None
    log10_likelihood_ratio: float | None
    p_value: float | None
    crops: tuple[ScoredCrop, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON shows."""
        return asdict(self)

    def as_row(self) -> dict[str, Any]:
        """Return what a line of CSV shows: everything but the crops."""
        return {name: value for name, value in asdict(self).items() if name != "crops"}


COLUMNS = tuple(name for name in Scored.__slots__ if name != "crops")
"""The columns of CSV."""


@dataclass(frozen=True, slots=True)
class CropScores:
    """The scores of a picture's crops, each (top, left, score), and of the `picture`: that of their mean description.

    `in_distribution` says whether the picture lies within what the detector learned from.
    """

    crops: tuple[tuple[int, int, float], ...]
    picture: float
    in_distribution: bool


def crop_scores(detector: Scoring, levels: UInt8[np.ndarray, "height width 3"]) -> CropScores | None:
    """Return the scores of a picture and of its crops; None where it is too small for one crop.

    Of a side beyond `LARGEST` pixels the middle is looked at.
    """
    above, before = (max(0, side - LARGEST) // 16 * 8 for side in levels.shape[:2])
    middle = levels[above : above + LARGEST, before : before + LARGEST].astype(np.float32)
    middle /= 255
    found, described = detector.read_crops(middle)
    if not found:
        return None
    corners = [(top + above, left + before) for top, left in found]
    scores, mean = detector.score_features(described), described.mean(axis=0, keepdims=True)
    crops = tuple((top, left, float(score)) for (top, left), score in zip(corners, scores, strict=True))
    return CropScores(crops, float(detector.score_features(mean)[0]), bool(detector.gate_.knows(mean)[0]))


def score(detector: Scoring, image: Image) -> Scored:
    """Score one picture; the gate, the threshold and a calibration, where there is one, are the detector's own."""
    file_kind, threshold = stratum_of_file(image), float(detector.threshold_)
    about = (image.name, image.sha256, image.width, image.height, file_kind)
    measured = crop_scores(detector, image.rgb8)
    if measured is None:
        return Scored(*about, None, threshold, CANNOT_TELL, TOO_SMALL, None, None, None, ())
    value, known = measured.picture, measured.in_distribution
    crops = tuple(ScoredCrop(top, left, detector.side, each) for top, left, each in measured.crops)
    ratio, p_value = _calibrated(detector, value, file_kind)
    said, reason = verdict(value, threshold, known=known), "" if known else UNLIKE
    return Scored(*about, value, threshold, said, reason, not known, ratio, p_value, crops)


def verdict(value: float, threshold: float, *, known: bool) -> str:
    """Return the verdict on a score; `known` says whether the picture lies within what the detector learned from."""
    if not known:
        return CANNOT_TELL
    return FOUND if value >= threshold else BELOW


def _calibrated(detector: Scoring, value: float, kind: str) -> tuple[float | None, float | None]:
    """Return log10 of the likelihood ratio and the conformal p-value of a score, where they were learned."""
    learned = getattr(detector, "calibration_", None)
    if learned is None or not learned.knows(kind):
        return None, None
    return learned.log10_ratio(value, kind), learned.p_value(value, kind)
