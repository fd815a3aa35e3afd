"""Turns a statistic's numbers into a bounded log likelihood ratio, learned from pictures whose maker is known.

Logistic regression as calibration: Morrison, "Tutorial on logistic-regression calibration and fusion", 2013,
https://doi.org/10.1080/00450618.2012.733025; bounds by the size of the data follow Vergeer et al. 2016,
https://doi.org/10.1016/j.scijus.2016.06.003.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from artaudit.errors import ModelError, UsageError
from artaudit.findings import FalseAlarms, Misses
from artaudit.metrics import auc

SCHEMA = "artaudit-attribution/1"

BELONGING = "belonging"
"""The name of the set of pictures that the candidate drew."""

OFF_GRID = "its own, off the grid"
"""The name of the set of belonging pictures that are cropped off the grid of their latents."""

SEPARABLE = 0.8
"""The least area under the ROC curve, against the worst set of others, for a candidate to answer at all."""

FALSE_ALARM_RATE = 0.02
"""The largest share of each set of others that may pass the bar in calibration."""

LEAST_EVIDENCE = 1.0
"""The lowest bar, in decimal logarithms: the traces are at least ten times likelier if the candidate drew it."""

_LOOSENESS = 30.0
"""The inverse of the regression's regularisation; chosen by held-out folds of the training pictures."""

_FOLDS = 5
_FEWEST = 10
_LARGEST_FILE = 1 << 20
_KEPT = 41

Numbers = Float[np.ndarray, "pictures numbers"]
Sets = Mapping[str, Numbers]


@dataclass(frozen=True, slots=True)
class CandidateCalibration:
    """What was learned about one candidate.

    `digest` is that of the model; `names` are those of the statistic's numbers. Scores are decimal logarithms of
    likelihood ratios within +-`cap`; a picture belongs if its score is at least `bar`. `aucs`, `passed` (pictures at
    or beyond the bar, of how many) and `quantiles` (of scores, evenly spaced from lowest to highest) are by set; each
    picture is scored by a fit that did not see it.
    """

    model: str
    digest: str
    method: str
    names: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    cap: float
    bar: float
    aucs: Mapping[str, float]
    passed: Mapping[str, tuple[int, int]]
    quantiles: Mapping[str, tuple[float, ...]]
    pictures: str
    twins: tuple[str, ...] = ()
    """Models that draw with the very same decoder."""

    @property
    def separable(self) -> bool:
        """Whether the candidate's own pictures can be told from every set of others well enough to answer."""
        return min(self.aucs.values()) >= SEPARABLE

    @property
    def false_alarms(self) -> FalseAlarms:
        """The number of pictures by others that passed the bar, of how many."""
        others = [counts for name, counts in self.passed.items() if name != BELONGING]
        count, trials = (sum(counts[place] for counts in others) for place in (0, 1))
        return FalseAlarms(count, trials, f"held out of each fit: {self.pictures}")

    @property
    def misses(self) -> Misses:
        """The number of the candidate's own pictures that did not pass the bar, of how many."""
        passed, trials = self.passed[BELONGING]
        return Misses(trials - passed, trials, f"drawn by {self.model}, held out of each fit: {self.pictures}")

    def score(self, numbers: Numbers, *, bounded: bool = True) -> Float[np.ndarray, " pictures"]:
        """Return decimal logarithms of likelihood ratios; if not `bounded`, they serve for ranking only."""
        standard = (numbers - np.array(self.mean)) / np.array(self.scale)
        natural = standard @ np.array(self.weights) + self.intercept
        ratios = natural / math.log(10)
        return np.clip(ratios, -self.cap, self.cap) if bounded else ratios

    def as_json(self) -> str:
        """Return the calibration as a JSON document."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1, sort_keys=True) + "\n"


def calibrate(sets: Sets, groups: Mapping[str, Int[np.ndarray, " pictures"]], **about: Any) -> CandidateCalibration:  # noqa: ANN401
    """Learn from sets of pictures, one of them called "belonging"; `groups` numbers the source of each picture.

    Every set of others has the same weight. Pictures from the same source are never split between fitting and scoring.
    The set "its own, off the grid", if given, teaches where a grid begins but does not count for the bar; it is left
    out for decoders without a grid. `about` gives the remaining fields: model, digest, method, names, pictures, twins.
    Raises UsageError for too few pictures.
    """
    few = [name for name in sets if len(np.unique(groups[name])) < _FEWEST]
    if few or len(sets) < 2 or BELONGING not in sets:  # noqa: PLR2004 - belonging and others
        raise UsageError(f"Calibration needs at least {_FEWEST} different pictures of each set: give more pictures.")
    held_out = _held_out_scores(sets, groups)
    if OFF_GRID in sets and auc(held_out[BELONGING], held_out[OFF_GRID]) < SEPARABLE:
        return calibrate({name: values for name, values in sets.items() if name != OFF_GRID}, groups, **about)
    cap = math.log10(1 + min(len(np.unique(groups[name])) for name in sets))
    scores = {name: np.clip(values, -cap, cap) for name, values in held_out.items()}
    others = {name: values for name, values in scores.items() if name not in (BELONGING, OFF_GRID)}
    bar = max(LEAST_EVIDENCE, *(_bar(values) for values in others.values()))
    fitted = _fit(sets)
    return CandidateCalibration(
        **about,
        **fitted,
        cap=cap,
        bar=bar,
        aucs={name: auc(scores[BELONGING], values) for name, values in others.items()},
        passed={name: (int((values >= bar).sum()), len(values)) for name, values in scores.items() if name != OFF_GRID},
        quantiles={
            name: tuple(_rounded(np.quantile(values, np.linspace(0, 1, _KEPT)))) for name, values in scores.items()
        },
    )


def read_calibration(path: Path) -> CandidateCalibration:
    """Read what `as_json` wrote; raises ModelError for a damaged or foreign file."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ModelError(f"{path} is too large for a calibration: calibrate again.")
        plain = json.loads(path.read_bytes())
        if plain.pop("schema") != SCHEMA:
            raise ModelError(f"{path} is of another version: calibrate again.")
        lists = {name: tuple(value) for name, value in plain.items() if isinstance(value, list)}
        pairs = {name: {key: tuple(values) for key, values in plain[name].items()} for name in ("passed", "quantiles")}
        return CandidateCalibration(**(plain | lists | pairs))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path} is no readable calibration: calibrate again.") from error


def _held_out_scores(sets: Sets, groups: Mapping[str, Int[np.ndarray, " pictures"]]) -> dict[str, np.ndarray]:
    """Score every picture by a fit on the other folds."""
    scores = {name: np.zeros(len(numbers)) for name, numbers in sets.items()}
    for fold in range(_FOLDS):
        fitted = _fit({name: numbers[groups[name] % _FOLDS != fold] for name, numbers in sets.items()})
        for name, numbers in sets.items():
            out = groups[name] % _FOLDS == fold
            standard = (numbers[out] - np.array(fitted["mean"])) / np.array(fitted["scale"])
            scores[name][out] = (standard @ np.array(fitted["weights"]) + fitted["intercept"]) / math.log(10)
    return scores


def _fit(sets: Sets) -> dict[str, Any]:
    """Return mean, scale, weights and intercept; both classes have the same weight, and so have the sets of others."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy

    numbers = np.concatenate(list(sets.values()))
    belongs = np.concatenate([np.full(len(values), name == BELONGING) for name, values in sets.items()])
    others = len(sets) - 1
    shares = [(0.5 if name == BELONGING else 0.5 / others) / max(1, len(values)) for name, values in sets.items()]
    weight = np.concatenate([np.full(len(values), share) for share, values in zip(shares, sets.values(), strict=True)])
    mean, scale = numbers.mean(0), numbers.std(0) + 1e-6
    model = LogisticRegression(C=_LOOSENESS, max_iter=5000).fit(
        (numbers - mean) / scale, belongs, weight * len(numbers)
    )
    plain = {"mean": mean, "scale": scale, "weights": model.coef_[0]}
    return {
        **{name: tuple(_rounded(values)) for name, values in plain.items()},
        "intercept": float(model.intercept_[0]),
    }


def _bar(others: Float[np.ndarray, " pictures"]) -> float:
    """Return the lowest score that at most a share `FALSE_ALARM_RATE` of `others` reaches."""
    descending = np.sort(others)[::-1]
    return float(np.nextafter(descending[int(FALSE_ALARM_RATE * len(descending))], np.inf))


def _rounded(values: np.ndarray) -> list[float]:
    return [float(f"{value:.6g}") for value in values]
