"""What a detector may say about one picture, and when it must say that it cannot tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8

from artaudit.detect.calibration import Calibration, support
from artaudit.detect.crops import Corner, Picture
from artaudit.detect.domain import DomainGate
from artaudit.detect.edits import MILD
from artaudit.evidence import FalseAlarms

_NOTHING = 0.3010299956639812
"""log10 of 2: ratios nearer to 1 than that support nothing."""


@runtime_checkable
class Calibrated(Protocol):
    """A fitted detector with its threshold, its gate and its calibration."""

    threshold_: float
    false_alarms_: FalseAlarms
    calibration_: Calibration
    gate_: DomainGate

    def read_crops(self, picture: Picture) -> tuple[list[Corner], Float[np.ndarray, "count features"]]:
        """Return each crop's corner and description, none where the picture is too small."""
        ...

    def score_features(self, features: Float[np.ndarray, "count features"]) -> Float[np.ndarray, " count"]:
        """Return the scores of descriptions; a picture's is that of its crops' mean description."""
        ...


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was measured on a picture and what may be said.

    `holds` is True (machine-made), False (nothing points there) or None, and `reason` then says why it cannot be told.
    `log10_ratio`, `p_value` and `support` are None and empty where there is no calibration for the picture.
    `crops` are (top, left, score).
    """

    holds: bool | None
    reason: str
    score: float | None
    threshold: float
    log10_ratio: float | None
    p_value: float | None
    support: str
    crops: tuple[tuple[int, int, float], ...]


def judge(detector: Calibrated, levels: UInt8[np.ndarray, "height width 3"], stratum: str) -> Judgement:
    """Judge one picture whose file belongs to `stratum`."""
    blank = Judgement(None, "it is too small", None, detector.threshold_, None, None, "", ())
    corners, described = detector.read_crops(_picture(levels))
    if not corners:
        return blank
    scores, whole = detector.score_features(described), described.mean(axis=0, keepdims=True)
    score = float(detector.score_features(whole)[0])
    crops = tuple((top, left, float(one)) for (top, left), one in zip(corners, scores, strict=True))
    seen = replace(blank, score=score, crops=crops)
    if not detector.gate_.knows(whole)[0]:
        return replace(seen, reason="its noise is unlike all that was measured")
    if not detector.calibration_.knows(stratum):
        return replace(seen, reason=f"too few files like it were measured: {stratum}")
    ratio = detector.calibration_.log10_ratio(score, stratum)
    p_value = detector.calibration_.p_value(score, stratum)
    holds, reason = _decide(detector, score, ratio, levels)
    return replace(seen, holds=holds, reason=reason, log10_ratio=ratio, p_value=p_value, support=support(ratio))


def _decide(detector: Calibrated, score: float, ratio: float, levels: np.ndarray) -> tuple[bool | None, str]:
    """Say what the score means; an answer that a mild edit turns round is none."""
    if abs(ratio) < _NOTHING:
        return None, "such noise is as frequent in real pictures"
    over = score >= detector.threshold_
    if not over:
        return (False, "") if ratio < 0 else (None, "its noise leans that way, but some real pictures have such noise")
    if any(_score(detector, edit(levels)) < detector.threshold_ for edit in MILD):
        return None, "the sign fades when it is saved again or trimmed by a pixel"
    return True, ""


def _score(detector: Calibrated, levels: np.ndarray) -> float:
    corners, described = detector.read_crops(_picture(levels))
    return float(detector.score_features(described.mean(axis=0, keepdims=True))[0]) if corners else float("-inf")


def _picture(levels: np.ndarray) -> Picture:
    return levels.astype(np.float32) / 255
