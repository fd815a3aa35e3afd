"""What a detector may say about one picture, and when it must say that it cannot tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from artaudit.detect.calibration import Calibration, of_kind, support
from artaudit.detect.crops import Picture
from artaudit.detect.scoring import Scoring
from artaudit.edits import MILD
from artaudit.errors import ModelError
from artaudit.findings import FalseAlarms


@runtime_checkable
class Calibrated(Scoring, Protocol):
    """A fitted detector of crops with its calibration and the false alarms of its threshold."""

    false_alarms_: FalseAlarms
    calibration_: Calibration


@dataclass(frozen=True, slots=True)
class Bar:
    """The score that hardly any real picture reaches, and how many of those measured did.

    `kind` is the kind of picture that it was set and measured on alone, empty for all together. `clear` is the score
    that hardly any machine-made picture stays below, even of generators that nothing was learned from; -inf where
    that was never measured, and then no picture is ever cleared.
    """

    threshold: float
    false_alarms: FalseAlarms
    kind: str = ""
    clear: float = float("-inf")


def bar_for(detector: Calibrated, kind: str) -> Bar:
    """Return the bar for pictures of a kind, that for all where the detector has none of its own for them.

    Raises ModelError for a detector whose bars are no such thing.
    """
    kinds: Any = getattr(detector, "kinds_", {})
    try:
        clear = float(getattr(detector, "clear_", "-inf"))
        if kind not in kinds:
            return Bar(detector.threshold_, detector.false_alarms_, clear=clear)
        return Bar(float(kinds[kind]["threshold"]), FalseAlarms(**kinds[kind]["false_alarms"]), kind, clear)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"The bars of the detector's kinds are damaged ({error}): copy or train it again.") from error


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was measured on a picture and what may be said.

    `holds` is True (machine-made), False (hardly any machine-made picture scores so low) or None, and `reason` then
    says why it cannot be told.
    `log10_ratio`, `p_value` and `support` are None and empty where there is no calibration for the picture.
    `crops` are (top, left, score).
    """

    holds: bool | None
    reason: str
    score: float | None
    bar: Bar
    log10_ratio: float | None
    p_value: float | None
    support: str
    crops: tuple[tuple[int, int, float], ...]


def judge(detector: Calibrated, levels: UInt8[np.ndarray, "height width 3"], stratum: str, kind: str = "") -> Judgement:
    """Judge one picture whose file belongs to `stratum`; `kind` is what a person says that it is, one of `KINDS`.

    Where the detector knows enough real pictures of that kind, it is compared with these alone.
    """
    bar = bar_for(detector, kind)
    blank = Judgement(None, "it is too small", None, bar, None, None, "", ())
    corners, described = detector.read_crops(_picture(levels))
    if not corners:
        return blank
    scores, whole = detector.score_features(described), described.mean(axis=0, keepdims=True)
    score = float(detector.score_features(whole)[0])
    crops = tuple((top, left, float(one)) for (top, left), one in zip(corners, scores, strict=True))
    seen = replace(blank, score=score, crops=crops)
    if not detector.gate_.knows(whole)[0]:
        return replace(seen, reason="it is unlike all that was measured")
    if detector.calibration_.knows(of_kind(stratum, bar.kind)):
        stratum = of_kind(stratum, bar.kind)
    if not detector.calibration_.knows(stratum):
        return replace(seen, reason=f"too few files like it were measured: {stratum}")
    ratio = detector.calibration_.log10_ratio(score, stratum)
    p_value = detector.calibration_.p_value(score, stratum)
    holds, reason = _decide(detector, score, bar, levels)
    return replace(seen, holds=holds, reason=reason, log10_ratio=ratio, p_value=p_value, support=support(ratio))


def _decide(detector: Calibrated, score: float, bar: Bar, levels: np.ndarray) -> tuple[bool | None, str]:
    """Say what the score means; a find that a mild edit turns round is none."""
    if score < bar.clear:
        return False, ""
    if score < bar.threshold:
        return None, "real and machine-made pictures score like it"
    if any(_score(detector, edit(levels)) < bar.threshold for edit in MILD):
        return None, "the sign fades when it is saved again or trimmed by a pixel"
    return True, ""


def _score(detector: Calibrated, levels: np.ndarray) -> float:
    corners, described = detector.read_crops(_picture(levels))
    return float(detector.score_features(described.mean(axis=0, keepdims=True))[0]) if corners else float("-inf")


def _picture(levels: np.ndarray) -> Picture:
    return levels.astype(np.float32) / 255
