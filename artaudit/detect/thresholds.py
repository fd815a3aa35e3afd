"""Thresholds that hold in every source: few real pictures reach them, over all and in each source."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from artaudit.detect.crop_detector import Scores
from artaudit.metrics import clopper_pearson

ALARMS, IN_A_SOURCE = 0.01, 0.03
"""Share of real pictures that may reach a threshold, over all and in every source that nothing learned from."""


def lowest_threshold(scores: Scores, origins: np.ndarray, over_all: float, in_one: float) -> float:
    """Return the lowest score that at most the share `over_all` of pictures reaches, and of no origin too many.

    `origins` says where each picture comes from: a source of real pictures or a family of generators. Too many are so
    many that even the lower end of their share's exact 95 % interval lies above `in_one`: one odd picture among few
    says nothing about its origin. One picture may always reach it.
    """
    names, number, counts = np.unique(origins, return_inverse=True, return_counts=True)
    allowed, passed = [_allowed(int(count), in_one) for count in counts], np.zeros(len(names))
    for rank, picture in enumerate(np.argsort(scores)[::-1]):
        passed[number[picture]] += 1
        if rank + 1 > max(1, over_all * len(scores)) or passed[number[picture]] > allowed[number[picture]]:
            return float(np.nextafter(scores[picture], np.inf))
    return float(scores.min())


def highest_by_group(
    scores: Scores, groups: np.ndarray, origins: np.ndarray
) -> tuple[Float[np.ndarray, " groups"], np.ndarray]:
    """Return the highest score in each group and the group's origin: several readings of a picture count once."""
    _, first, number = np.unique(groups, return_index=True, return_inverse=True)
    highest = np.full(len(first), -np.inf)
    np.maximum.at(highest, number, scores)
    return highest, origins[first]


def _allowed(count: int, share: float) -> int:
    """Return how many of so many pictures may reach a threshold."""
    return max(1, *(some for some in range(count + 1) if clopper_pearson(some, count).low <= share))
