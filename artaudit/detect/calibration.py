"""From a score to a bounded likelihood ratio, a conformal p-value and words.

Logistic calibration after Brümmer 2010, https://arxiv.org/abs/1304.1199; bounds by what the number of pictures supports
after Vergeer et al. 2016, https://doi.org/10.1016/j.scijus.2016.06.003; words after ENFSI 2015,
https://enfsi.eu/wp-content/uploads/2016/09/m1_guideline.pdf.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Bool, Float

from artaudit.detect.estimator import Estimator
from artaudit.errors import UsageError
from artaudit.findings import NONE, strength


class Calibration(Estimator):
    """Turns scores into log10 likelihood ratios, one line a stratum.

    A stratum with fewer than `least` real or machine-made groups is left out. After `fit`, `strata_` names the others;
    of each, `slopes_` and `offsets_` draw the line, `bounds_` is the largest log10 ratio either way that its number of
    groups supports, and `reals_` with `counts_` are the sorted scores of its real pictures, one after the other.
    """

    def __init__(self, least: int = 30) -> None:
        """Keep the settings."""
        self.least = least

    def fit(
        self,
        scores: Float[np.ndarray, " count"],
        made: Bool[np.ndarray, " count"],
        *,
        strata: np.ndarray,
        groups: np.ndarray,
    ) -> Calibration:
        """Learn from scores of pictures that no training has seen; pictures of one group count as one.

        Raises UsageError when no stratum has enough of them.
        """
        lines, kept = [], []
        for stratum in sorted(set(strata.tolist())):
            inside = strata == stratum
            sizes = [len(np.unique(groups[inside & (made == kind)])) for kind in (False, True)]
            if min(sizes) >= self.least:
                lines.append((stratum, *_line(scores[inside], made[inside]), math.log10(min(sizes) + 1)))
                kept.append(np.sort(scores[inside & ~made]))
        if not lines:
            raise UsageError(f"No stratum has {self.least} real and machine-made pictures: calibrate on more.")
        names, slopes, offsets, bounds = zip(*lines, strict=True)
        self.strata_ = list(names)
        self.slopes_, self.offsets_, self.bounds_ = np.array(slopes), np.array(offsets), np.array(bounds)
        self.reals_, self.counts_ = np.concatenate(kept), np.array([len(scores) for scores in kept])
        return self

    def knows(self, stratum: str) -> bool:
        """Tell whether there were enough pictures like this."""
        return stratum in self.strata_

    def log10_ratio(self, score: float, stratum: str) -> float:
        """Return how much likelier the score is for machine-made pictures than for real ones, bounded, as log10."""
        at = self.strata_.index(stratum)
        ratio = (self.slopes_[at] * score + self.offsets_[at]) / math.log(10)
        return float(np.clip(ratio, -self.bounds_[at], self.bounds_[at]))

    def p_value(self, score: float, stratum: str) -> float:
        """Return the conformal p-value: the share of real pictures that score as high, this one counted among them."""
        at = self.strata_.index(stratum)
        start = int(self.counts_[:at].sum())
        reals = self.reals_[start : start + int(self.counts_[at])]
        return float((1 + (reals >= score).sum()) / (1 + len(reals)))


def _line(scores: Float[np.ndarray, " count"], made: Bool[np.ndarray, " count"]) -> tuple[float, float]:
    """Return slope and offset of the natural log likelihood ratio, both kinds weighing the same."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy

    spread = float(scores.std()) or 1.0
    model = LogisticRegression(C=10.0, class_weight="balanced").fit(scores[:, None] / spread, made)
    return max(0.0, float(model.coef_[0, 0]) / spread), float(model.intercept_[0])


def support(log10_ratio: float) -> str:
    """Say in words which way a ratio points and how strongly."""
    word = strength(log10_ratio)
    if word == NONE:
        return "no support either way"
    return f"{word} support that it is {'machine-made' if log10_ratio > 0 else 'not machine-made'}"
