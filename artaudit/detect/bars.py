"""Bars that hold in every source: few pass over all, and of no party too many."""

from __future__ import annotations

import numpy as np

from artaudit.detect import metrics
from artaudit.detect.heads import Scores

ALARMS, IN_A_SOURCE = 0.01, 0.03
"""Share of real pictures that may pass the bar, over all and in every source, of sources that nothing learned from."""


def bar(scores: Scores, parties: np.ndarray, over_all: float, in_one: float) -> float:
    """Return the lowest score that at most the share `over_all` of pictures reaches, and of no party too many.

    Too many are so many that even the lower end of their share's exact 95 % interval lies above `in_one`: what one odd
    picture of few does says nothing about its party. One picture may always pass.
    """
    names, number, counts = np.unique(parties, return_inverse=True, return_counts=True)
    allowed, passed = [_allowed(int(count), in_one) for count in counts], np.zeros(len(names))
    for rank, one in enumerate(np.argsort(scores)[::-1]):
        passed[number[one]] += 1
        if rank + 1 > max(1, over_all * len(scores)) or passed[number[one]] > allowed[number[one]]:
            return float(np.nextafter(scores[one], np.inf))
    return float(scores.min())


def _allowed(count: int, share: float) -> int:
    """Return how many of so many pictures may pass."""
    return max(1, *(one for one in range(count + 1) if metrics.clopper_pearson(one, count).low <= share))
