"""How good scores are, each figure with its interval.

Calibration of likelihood ratios (Cllr) after Brümmer and du Preez 2006, https://doi.org/10.1016/j.csl.2005.08.001.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import expit
from sklearn.metrics import average_precision_score, roc_curve

from artaudit.errors import UsageError
from artaudit.metrics import Interval, auc

Scores = Float[np.ndarray, " count"]
Labels = Bool[np.ndarray, " count"]
Metric = Callable[[Scores, Labels], float]

BINS = 10


def labelled_auc(scores: Scores, made: Labels) -> float:
    """Return the chance that a machine-made picture scores above a real one, ties counted half."""
    return auc(scores[made], scores[~made])


def average_precision(scores: Scores, made: Labels) -> float:
    """Return the mean precision over all recalls."""
    return float(average_precision_score(made, scores))


def balanced_accuracy(scores: Scores, made: Labels) -> float:
    """Return the mean share of each kind on its side of score 0."""
    return float(((scores[made] > 0).mean() + (scores[~made] <= 0).mean()) / 2)


def equal_error_rate(scores: Scores, made: Labels) -> float:
    """Return the error rate where false alarms and misses are equally frequent."""
    alarms, hits, _ = roc_curve(made, scores)
    misses = 1 - hits
    at = int(np.abs(alarms - misses).argmin())
    return float((alarms[at] + misses[at]) / 2)


def hits_at(rate: float) -> Metric:
    """Return the metric: the share of machine-made pictures found with at most the share `rate` of false alarms."""

    def hits(scores: Scores, made: Labels) -> float:
        alarms, found, _ = roc_curve(made, scores, drop_intermediate=False)
        return float(found[alarms <= rate].max())

    return hits


def calibration_error(scores: Scores, made: Labels) -> float:
    """Return how far, bin by bin, log odds promise another share of machine-made pictures than there is (ECE)."""
    chance = expit(scores)
    bins = np.minimum((chance * BINS).astype(int), BINS - 1)
    count = np.maximum(np.bincount(bins, minlength=BINS), 1)
    gap = np.abs(np.bincount(bins, chance, BINS) - np.bincount(bins, made, BINS)) / count
    return float((gap * np.bincount(bins, minlength=BINS)).sum() / len(scores))


def brier(scores: Scores, made: Labels) -> float:
    """Return the mean squared error of the probabilities that log odds stand for."""
    return float(((expit(scores) - made) ** 2).mean())


def cllr(scores: Scores, made: Labels) -> float:
    """Return the cost in bits of natural log likelihood ratios: 0 is perfect, 1 is knowing nothing."""
    return float((np.logaddexp(0, -scores[made]).mean() + np.logaddexp(0, scores[~made]).mean()) / 2 / np.log(2))


RANKING: Mapping[str, Metric] = MappingProxyType(
    {
        "AUC": labelled_auc,
        "AP": average_precision,
        "EER": equal_error_rate,
        "TPR at 1 % FPR": hits_at(0.01),
        "TPR at 5 % FPR": hits_at(0.05),
    }
)
"""What says how well scores rank."""

CALIBRATED: Mapping[str, Metric] = MappingProxyType(
    {"Cllr": cllr, "ECE": calibration_error, "Brier": brier, "balanced accuracy": balanced_accuracy}
)
"""What says whether natural log likelihood ratios mean what they say; ECE and Brier at the data's own odds."""


def bootstrap(
    metric: Metric, scores: Scores, made: Labels, *, groups: np.ndarray, resamples: int = 500, seed: int = 0
) -> Interval:
    """Return a metric with its 95 % interval over `resamples` draws of whole groups, both kinds kept as frequent.

    Raises UsageError where one kind is missing or scores are not finite.
    """
    if not np.isfinite(scores).all() or made.all() or not made.any():
        raise UsageError("A metric needs finite scores of real and of machine-made pictures: give it both kinds.")
    rng = np.random.default_rng(seed)
    kinds = [_members(groups, made == kind) for kind in (False, True)]
    values = []
    for _ in range(resamples):
        drawn = np.concatenate(
            [members[place] for members in kinds for place in rng.integers(len(members), size=len(members))]
        )
        values.append(metric(scores[drawn], made[drawn]))
    low, high = np.quantile(values, (0.025, 0.975))
    return Interval(metric(scores, made), float(low), float(high))


def _members(groups: np.ndarray, kept: Labels) -> list[np.ndarray]:
    """Return the positions of each group among those kept."""
    positions = np.flatnonzero(kept)
    return [positions[groups[positions] == group] for group in np.unique(groups[positions])]
