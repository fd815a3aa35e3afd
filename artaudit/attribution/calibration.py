"""Turns a statistic's numbers into evidence, learned from pictures whose maker is known, stratum by stratum.

Logistic regression as calibration: Morrison, "Tutorial on logistic-regression calibration and fusion", 2013,
https://doi.org/10.1080/00450618.2012.733025; likelihood ratios are bounded by the size of the data (Vergeer et al.
2016, https://doi.org/10.1016/j.scijus.2016.06.003), scores are not, and their bars are those of a conformal test.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Float

from artaudit.attribution.bars import Flags, Scores, bars_over
from artaudit.attribution.regression import (
    BELONGING,
    REAL,
    Groups,
    Numbers,
    Regression,
    Sets,
    fit,
    held_out,
    looseness,
    rounded,
)
from artaudit.errors import UsageError
from artaudit.findings import FalseAlarms, Misses
from artaudit.metrics import auc

SCHEMA = "artaudit-attribution/3"
EARLIER = ("artaudit-attribution/1", "artaudit-attribution/2")

SEPARABLE = 0.8
"""The least area under the ROC curve, against the worst set of others, for a candidate to answer at all."""

SEARCHABLE = 0.9
"""The least such area of resized pictures for a resize to be looked for: a search gives chance several tries."""

LEAST_NEGATIVES, LEAST_DIFFERENT = 199, 90
"""Pictures by others, versions counted, and different pictures of its own that a calibration needs for evidence.

With fewer the rate of false naming is not known: docs/limits.md shows one enrolled on 40 that names too often.
"""

_FEWEST = 10
_KEPT = 41


@dataclass(frozen=True, slots=True)
class Stratum:
    """What was learned from pictures of one size, `side` pixels: as drawn, as JPEG files, or with a resize undone.

    Scores are decimal logarithms of likelihood ratios, bounded by +-`cap` as evidence and unbounded for naming; a
    picture is named if its unbounded score is at least `bar`. `aucs`, `passed` (pictures at or beyond the bar, of how
    many) and `quantiles` (of unbounded scores, evenly spaced from lowest to highest) are by set; each picture is
    scored by a fit that did not see it.
    """

    side: int
    resized: bool
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    cap: float
    bar: float
    aucs: Mapping[str, float]
    passed: Mapping[str, tuple[int, int]]
    quantiles: Mapping[str, tuple[float, ...]]
    bar_of_plain: float | None = None
    """The bar of plain pictures, at least `bar`; None, in calibrations that did not tell them apart, is `bar`."""
    jpeg: tuple[int, ...] = ()
    """Lowest and highest quality of the JPEG files that it is of, which are measured in their steps; else empty."""

    def bar_for(self, *, plain: bool) -> float:
        """Return the bar of a picture by whether it is plain."""
        return self.bar if self.bar_of_plain is None or not plain else self.bar_of_plain

    @property
    def separable(self) -> bool:
        """Whether the candidate's own pictures can be told from every set of others well enough to answer."""
        return min(self.aucs.values()) >= SEPARABLE

    @property
    def searchable(self) -> bool:
        """Whether they can be told well enough for several ways of undoing an edit to be tried."""
        return min(self.aucs.values()) >= SEARCHABLE

    @property
    def named_of_others(self) -> tuple[int, int]:
        """How many pictures by others reached the bar, of how many."""
        others = [counts for name, counts in self.passed.items() if name != BELONGING]
        return sum(count for count, _ in others), sum(trials for _, trials in others)

    @property
    def small(self) -> bool:
        """Whether too few pictures stand behind the bar for its rate to be known."""
        return self.named_of_others[1] < LEAST_NEGATIVES or self.different < LEAST_DIFFERENT

    @property
    def different(self) -> int:
        """How many different pictures of its own, or by others if these are fewer, it was learned from."""
        return round(10**self.cap) - 1

    @property
    def near(self) -> float:
        """The score that half of the real pictures reach as they lie: crops of what scores less are not searched for.

        A decoder redraws its own pictures better than others off its grid too.
        """
        scores = self.quantiles.get(REAL, (-math.inf,))
        return scores[len(scores) // 2]

    @property
    def words(self) -> str:
        """What pictures it is of, in words."""
        files = f", JPEG of quality {self.jpeg[0]} to {self.jpeg[1]}" if self.jpeg else ""
        return f"{self.side} pixels{', a resize undone' if self.resized else files}"

    def score(self, numbers: Numbers) -> Float[np.ndarray, " pictures"]:
        """Return unbounded scores, which name and rank."""
        return Regression(self.mean, self.scale, self.weights, self.intercept).score(numbers)

    def ratio(self, score: float) -> float:
        """Return the decimal logarithm of the likelihood ratio that a score stands for, within +-`cap`."""
        return float(np.clip(score, -self.cap, self.cap))


@dataclass(frozen=True, slots=True)
class CandidateCalibration:
    """What was learned about one candidate: `digest` is its model's, `names` are those of the statistic's numbers.

    `strata` are ordered by size, those as drawn first. `family` says whose autoencoder it was proved to be.
    """

    model: str
    digest: str
    method: str
    names: tuple[str, ...]
    pictures: str
    strata: tuple[Stratum, ...]
    twins: tuple[str, ...] = ()
    """Models that draw with the very same decoder."""
    relatives: tuple[str, ...] = ()
    """Models whose pictures cannot be told from its own: they are named together."""
    family: str = ""
    names_of_files: tuple[str, ...] = ()
    """Names of the numbers of JPEG files; of methods that do not measure these apart none."""

    def stratum(self, side: int, *, resized: bool = False, jpeg: tuple[int, ...] = ()) -> Stratum:
        """Return the largest stratum for pictures whose shorter side has `side` pixels, else the smallest.

        Where none is known of JPEG files, or of resized pictures, it is one as drawn.
        """
        fit = [known for known in self.strata if (known.resized, known.jpeg) == (resized, jpeg)] or self._as_drawn
        return max([known for known in fit if known.side <= side] or fit[:1], key=lambda known: known.side)

    @property
    def _as_drawn(self) -> list[Stratum]:
        return [known for known in self.strata if not known.resized and not known.jpeg]

    @property
    def first(self) -> Stratum:
        """The stratum of the smallest pictures, as drawn."""
        return self.strata[0]

    @property
    def separable(self) -> bool:
        """Whether its own pictures can be told from others at any size, as drawn."""
        return any(known.separable for known in self._as_drawn)

    @property
    def small(self) -> bool:
        """Whether too few pictures stand behind any of its bars."""
        return any(known.small for known in self.strata)

    def summary(self) -> list[str]:
        """Return in lines how well each stratum tells its own pictures, the worst set of others named."""
        lines = []
        for known in self.strata:
            value, worst = min((value, name) for name, value in known.aucs.items())
            (found, own), (wrong, others) = known.passed[BELONGING], known.named_of_others
            named = f"{found} of {own} of its own named, {wrong} of {others} others"
            lines.append(f"{known.words}: {named}, AUC {value:.3f} against {worst}")
        return lines

    def false_alarms(self, stratum: Stratum) -> FalseAlarms:
        """Return the number of pictures by others that reached a stratum's bar, of how many."""
        return FalseAlarms(*stratum.named_of_others, f"held out of each fit: {self.pictures}")

    def misses(self, stratum: Stratum) -> Misses:
        """Return the number of the candidate's own pictures that did not reach a stratum's bar, of how many."""
        passed, trials = stratum.passed[BELONGING]
        return Misses(trials - passed, trials, f"drawn by {self.model}, held out of each fit: {self.pictures}")

    def as_json(self) -> str:
        """Return the calibration as a JSON document."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1, sort_keys=True) + "\n"


def fit_stratum(
    sets: Sets,
    groups: Groups,
    side: int = 0,
    *,
    plain: Flags | None = None,
    saved: Flags | None = None,
    resized: bool = False,
    jpeg: tuple[int, ...] = (),
) -> Stratum:
    """Learn from sets of pictures, one of them called "belonging"; `groups` numbers the source of each picture.

    Every set of others has the same weight. Pictures from the same source are never split between fitting and scoring.
    `plain` and `saved` tell which pictures hold next to nothing, and which were files in between. Raises UsageError for
    too few pictures.
    """
    _ensure_enough(sets, groups)
    odd = plain or {name: np.zeros(len(values), bool) for name, values in sets.items()}
    tried = [(loose, held_out(sets, groups, loose)) for loose in looseness(sets)]
    barred = [(loose, scores, bars_over(_without_own(scores), odd, saved)) for loose, scores in tried]
    passed, loose, scores, bars = max(
        ((_passed(scores, odd, bars), loose, scores, bars) for loose, scores, bars in barred),
        key=lambda found: found[0][BELONGING][0],
    )
    different = {name: len(np.unique(groups[name])) for name in sets}
    return Stratum(
        side=side,
        resized=resized,
        **asdict(fit(sets, loose)),
        cap=math.log10(1 + min(different.pop(BELONGING), sum(different.values()))),
        bar=bars[0],
        bar_of_plain=bars[1],
        jpeg=jpeg,
        aucs={name: auc(scores[BELONGING], values) for name, values in _without_own(scores).items()},
        passed=passed,
        quantiles={
            name: tuple(rounded(np.quantile(values, np.linspace(0, 1, _KEPT)))) for name, values in scores.items()
        },
    )


def _ensure_enough(sets: Sets, groups: Groups) -> None:
    few = [name for name in sets if len(np.unique(groups[name])) < _FEWEST]
    if few or len(sets) < 2 or BELONGING not in sets:  # noqa: PLR2004 - belonging and others
        raise UsageError(f"Calibration needs at least {_FEWEST} different pictures of each set: give more pictures.")


def _without_own(scores: Scores) -> dict[str, np.ndarray]:
    return {name: values for name, values in scores.items() if name != BELONGING}


def _passed(scores: Scores, odd: Flags, bars: tuple[float, float]) -> dict[str, tuple[int, int]]:
    """Return by set how many pictures reach their bar, of how many."""
    bar, bar_of_plain = bars
    return {
        name: (int((values >= np.where(odd[name], bar_of_plain, bar)).sum()), len(values))
        for name, values in scores.items()
    }
