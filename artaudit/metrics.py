"""How well scores tell two kinds of pictures apart, and figures with their intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Scores = Float[np.ndarray, "_"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the bounds that hold it with 95 % confidence, infinite where nothing bounds it."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def auc(belonging: Scores, others: Scores) -> float:
    """Return the chance that a belonging picture scores above another, ties counted half."""
    from scipy.stats import rankdata  # noqa: PLC0415 - heavy

    count = len(belonging)
    ranks = rankdata(np.concatenate([belonging, others]))[:count].sum()
    return float((ranks - count * (count + 1) / 2) / (count * len(others)))


def clopper_pearson(count: int, trials: int, confidence: float = 0.95) -> Interval:
    """Return a share of `trials` with its exact two-sided interval; without trials nothing is known.

    After Clopper and Pearson 1934, https://doi.org/10.1093/biomet/26.4.404.
    """
    from scipy.special import betaincinv  # noqa: PLC0415 - heavy

    if not trials:
        return Interval(float("nan"), 0.0, 1.0)
    tail = (1 - confidence) / 2
    low = float(betaincinv(count, trials - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, trials - count, 1 - tail)) if count < trials else 1.0
    return Interval(count / trials, low, high)
