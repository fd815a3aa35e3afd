"""What figures are given in: a value with its interval, and how well scores tell two kinds of pictures apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Scores = Float[np.ndarray, "_"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the bounds that hold it with 95 % confidence."""

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
