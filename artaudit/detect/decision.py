"""Decides what a detector may say about one picture, and when it must say that it cannot tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from artaudit.detect.calibration import Calibration, support
from artaudit.detect.scoring import Scoring, crop_scores
from artaudit.detect.strata import of_kind
from artaudit.edits import MILD
from artaudit.errors import ModelError
from artaudit.findings import FalseAlarms


@runtime_checkable
class Calibrated(Scoring, Protocol):
    """A fitted detector of crops with its calibration and the false alarms of its threshold."""

    false_alarms_: FalseAlarms
    calibration_: Calibration


@dataclass(frozen=True, slots=True)
class Threshold:
    """The score that hardly any real picture reaches, and how many of the measured ones did.

    `kind` is the kind of picture whose real pictures alone it was set and measured on, empty for all together. `clear`
    is the score that hardly any machine-made picture stays below, even of generators that nothing was learned from;
    -inf where that was never measured, and then no picture is ever cleared.
    """

    score: float
    false_alarms: FalseAlarms
    kind: str = ""
    clear: float = float("-inf")


def threshold_for(detector: Calibrated, kind: str) -> Threshold:
    """Return the threshold for pictures of a kind, or the one for all where the detector has none for that kind.

    Raises ModelError for a detector whose record of thresholds is damaged.
    """
    kinds: Any = getattr(detector, "kinds_", {})
    try:
        clear = float(getattr(detector, "clear_", "-inf"))
        if kind not in kinds:
            return Threshold(detector.threshold_, detector.false_alarms_, clear=clear)
        return Threshold(float(kinds[kind]["threshold"]), FalseAlarms(**kinds[kind]["false_alarms"]), kind, clear)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"The bars of the detector's kinds are damaged ({error}): copy or train it again.") from error


@dataclass(frozen=True, slots=True)
class Decision:
    """What was measured on a picture and what may be said of it.

    `holds` is True (machine-made), False (hardly any machine-made picture scores so low) or None, and `reason` then
    says why it cannot be told. `score` is None where the picture is too small. `log10_ratio`, `p_value` and `support`
    are None and empty where there is no calibration for the picture. `crops` are (top, left, score).
    """

    holds: bool | None
    reason: str
    score: float | None
    threshold: Threshold
    log10_ratio: float | None
    p_value: float | None
    support: str
    crops: tuple[tuple[int, int, float], ...]


def decide(detector: Calibrated, levels: UInt8[np.ndarray, "height width 3"], stratum: str, kind: str = "") -> Decision:
    """Decide on one picture whose file belongs to `stratum`; `kind` is what a person says that it is, one of `KINDS`.

    Where the detector knows enough real pictures of that kind, it is compared with these alone.
    """
    threshold = threshold_for(detector, kind)
    blank = Decision(None, "it is too small", None, threshold, None, None, "", ())
    measured = crop_scores(detector, levels)
    if measured is None:
        return blank
    score = measured.picture
    scored = replace(blank, score=score, crops=measured.crops)
    if not measured.in_distribution:
        return replace(scored, reason="it is unlike all that was measured")
    if detector.calibration_.knows(of_kind(stratum, threshold.kind)):
        stratum = of_kind(stratum, threshold.kind)
    if not detector.calibration_.knows(stratum):
        return replace(scored, reason=f"too few files like it were measured: {stratum}")
    ratio = detector.calibration_.log10_ratio(score, stratum)
    p_value = detector.calibration_.p_value(score, stratum)
    holds, reason = _against(detector, score, threshold, levels)
    return replace(scored, holds=holds, reason=reason, log10_ratio=ratio, p_value=p_value, support=support(ratio))


def _against(detector: Calibrated, score: float, threshold: Threshold, levels: np.ndarray) -> tuple[bool | None, str]:
    """Compare a score with the threshold; say why nothing can be told. A finding must hold after every mild edit."""
    if score < threshold.clear:
        return False, ""
    if score < threshold.score:
        return None, "real and machine-made pictures score like it"
    if any(_score(detector, edit(levels)) < threshold.score for edit in MILD):
        return None, "the sign fades when it is saved again or trimmed by a pixel"
    return True, ""


def _score(detector: Calibrated, levels: np.ndarray) -> float:
    measured = crop_scores(detector, levels)
    return measured.picture if measured else float("-inf")
