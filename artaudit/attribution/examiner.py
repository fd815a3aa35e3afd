"""The examiner that asks every calibrated model whether it drew a picture; the answer may be none of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from jaxtyping import UInt8

from artaudit.attribution.calibration import LEAST_DIFFERENT, LEAST_NEGATIVES, CandidateCalibration
from artaudit.attribution.candidate import Candidate, candidates
from artaudit.attribution.opinion import LEAST, SIDE, Opinion, answer, opinions
from artaudit.attribution.regression import BELONGING
from artaudit.attribution.search import SIDES
from artaudit.errors import ModelError, UsageError
from artaudit.examination import Illustration
from artaudit.findings import MODEL, NOISE, Finding
from artaudit.image import Image, read
from artaudit.tensors import to_array

UNIT = "unbounded log10 of the odds; the ratio stated is bounded by the number of known pictures"

WEIGHT = (
    "A decoder leaves its traces in whatever it draws, a redrawn photograph too: this says which model held the "
    "brush, not that a picture was made up. Strong edits remove the traces, so that no model claims it says little."
)

METHOD = (
    f"redrawing errors by octaves in every block of the {SIDE} pixels with most detail, in light and in colour, before "
    "and after a step of gradient-free decoder inversion, of JPEG files in the steps of their quantisation, weighed by "
    "quadratic logistic regression, the mean over "
    "blocks; conformal bar, a higher one for plain pictures; crops and resizes searched for on windows with most "
    "detail, of "
    f"{SIDES[0]} and {SIDES[1]} pixels"
)

TOO_FEW = (
    f"enrolled on too few pictures for evidence, which takes {LEAST_DIFFERENT} different ones and {LEAST_NEGATIVES} by "
    "others, versions counted"
)

AMPLIFIED = 8
"""Factor by which illustrations amplify redrawing errors."""
REDRAWN = (
    "The part that was looked at, the same redrawn by {model}, and what redrawing changed, {times} times amplified: a "
    "model changes least what it drew itself."
)


class Origin:
    """Asks the candidates [default: all models that can draw and are calibrated for their present weights].

    What it finds becomes evidence, so that candidates that were enrolled on too few pictures are not asked.
    """

    name = "attribution"
    group = NOISE
    question = MODEL

    def __init__(self, asked: Sequence[Candidate] | None = None, *, resized: bool = False) -> None:
        """Take the candidates to ask, and whether to try undoing a resize of the picture."""
        self._asked, self._resized = asked, resized

    def examine(self, image: Image) -> list[Finding]:
        """Return one finding: which model drew the picture, that none held here did, or that it cannot be told."""
        asked = candidates() if self._asked is None else self._asked
        few = [candidate for candidate in asked if candidate.calibration is not None and candidate.calibration.small]
        sound = [candidate for candidate in asked if candidate not in few]
        return [finding(opinions(image, sound, resized=self._resized), asked, too_few=few)]

    def illustrate(self, image: Image, finding: Finding) -> list[Illustration]:
        """Return the examined part, its redrawing and the errors; nothing if no installed model claims the picture."""
        claimed = [entry["model"] for entry in finding.details.get("candidates", ()) if entry["belongs"]]
        if not finding.holds or not claimed:
            return []
        try:
            best = opinions(image, candidates(claimed[:1]))[:1]
        except (ModelError, UsageError):
            return []
        caption = REDRAWN.format(model=claimed[0], times=AMPLIFIED)
        return [Illustration("redrawn", caption, _errors(opinion)) for opinion in best]


def attribute(
    picture: Image | Path | str,
    asked: Sequence[Candidate] | None = None,
    *,
    resized: bool = False,
    search: bool = True,
) -> Finding:
    """Say which of the candidates drew a picture, that none of them did, or that it cannot be told.

    `asked` are candidates as `candidates` returns them [default: all]. With `resized`, crops that were resized are
    searched for too, which takes several times as long; without `search`, nothing is, which suits pictures that were
    surely never cropped.
    """
    image = picture if isinstance(picture, Image) else read(picture)
    asked = candidates() if asked is None else asked
    return finding(opinions(image, asked, resized=resized, search=search), asked)


def finding(held: Sequence[Opinion], asked: Sequence[Candidate], *, too_few: Sequence[Candidate] = ()) -> Finding:
    """Turn the opinions of the candidates that were asked into one finding; those with `too_few` pictures were not."""
    makers = answer(held)
    obstacles = {candidate.record.name: candidate.obstacle for candidate in asked if candidate.obstacle}
    obstacles |= {candidate.record.name: TOO_FEW for candidate in too_few if not candidate.obstacle}
    details: dict[str, Any] = {"candidates": list(map(as_details, held)), "left_out": obstacles, "weight": WEIGHT}
    if not held:
        why = "no model held here is calibrated" if len(obstacles) == len(asked) else f"it is below {LEAST} pixels"
        claim = f"which model drew it ({why})"
        return Finding(Origin.name, claim, None, METHOD, details=details)
    best = next((opinion for opinion in held if opinion.belongs), held[0])
    learned = cast(CandidateCalibration, best.candidate.calibration)
    return Finding(
        Origin.name,
        _claim(makers, held) + (_smallness(best) if makers else ""),
        bool(makers),
        METHOD,
        score=round(best.score, 3),
        threshold=round(best.bar, 3),
        unit=UNIT,
        false_alarms=learned.false_alarms(best.stratum),
        misses=learned.misses(best.stratum),
        details=details,
        # that none of these models drew it does not speak against a machine: another model may have
        log10_likelihood_ratio=round(best.ratio, 3) if makers else None,
    )


def as_details(opinion: Opinion) -> dict[str, Any]:
    """Return an opinion as plain JSON values, with the share of each set of known pictures that scored lower."""
    learned = cast(CandidateCalibration, opinion.candidate.calibration)
    stratum, place = opinion.stratum, opinion.place
    return {
        "model": opinion.candidate.record.name,
        "words": opinion.candidate.words,
        "belongs": opinion.belongs,
        "score": round(opinion.score, 3),
        "bar": round(opinion.bar, 3),
        "cap": round(stratum.cap, 3),
        "offset": [place.top, place.left],
        "scale": round(place.scale, 4),
        "scales_tried": [round(scale, 4) for scale, _ in place.tried],
        "known_pictures_of": {"side": stratum.side, "resized": stratum.resized, "jpeg": list(stratum.jpeg)},
        "lower_than_it": {name: share_below(values, opinion.score) for name, values in stratum.quantiles.items()},
        "auc": {name: round(value, 3) for name, value in stratum.aucs.items()},
        "found_of_its_own": list(stratum.passed[BELONGING]),
        "found_of_others": list(stratum.named_of_others),
        "calibrated_on": learned.pictures,
        "few_known_pictures": stratum.small,
    }


def _smallness(opinion: Opinion) -> str:
    """Return, for an enrolment with too few pictures, how few stand behind the answer; else nothing."""
    if not opinion.stratum.small:
        return ""
    different, others = opinion.stratum.different, opinion.stratum.named_of_others[1]
    return (
        f" (by an enrolment with only {different} different pictures and {others} by others, too few to know the error)"
    )


def share_below(quantiles: Sequence[float], score: float) -> float:
    """Return the share of a set's pictures that scored at most `score`."""
    return round(bisect_right(quantiles, score) / len(quantiles), 3)


def _claim(makers: Sequence[str], held: Sequence[Opinion]) -> str:
    if not makers:
        names = ", ".join(opinion.candidate.record.name for opinion in held)
        return f"drawn by a model held here: none of {names}"
    if len(makers) == 1:
        return f"it was drawn by {makers[0]}"
    return f"it was drawn by one of these, which cannot be told apart for it: {'; '.join(makers)}"


def _errors(opinion: Opinion) -> UInt8[np.ndarray, "height width 3"]:
    """Return the scored part, its redrawing and the redrawing errors, side by side."""
    redrawn = opinion.redrawn()
    errors = (AMPLIFIED * (redrawn - opinion.seen).abs()).clamp(0, 1)
    panels = [np.rint(to_array(panel) * 255).astype(np.uint8) for panel in (opinion.seen, redrawn, errors)]
    return np.concatenate(panels, axis=1)
