"""Figures of merit of attribution: confusion, open-set AUC, accuracy at a rate of false alarms, with intervals.

Intervals of shares are Wilson's (1927, https://doi.org/10.1080/01621459.1927.10502953).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from artaudit.metrics import auc

NONE = "none of these"

Scores = Float[np.ndarray, "_"]


@dataclass(frozen=True, slots=True)
class Share:
    """A share, `count` of `trials`, with its confidence interval at 95 %."""

    count: int
    trials: int

    @property
    def value(self) -> float:
        """The share itself; nan without trials."""
        return self.count / self.trials if self.trials else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's lower and upper bound; 0 and 1 without trials."""
        if not self.trials:
            return 0.0, 1.0
        z, total, share = 1.959964, self.trials, self.value
        middle = (share + z**2 / (2 * total)) / (1 + z**2 / total)
        half = z / (1 + z**2 / total) * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
        return max(0.0, middle - half), min(1.0, middle + half)

    def as_dict(self) -> dict[str, float | int | None]:
        """Return plain JSON values: the share, its bounds, count and trials; the share is None without trials."""
        low, high = self.interval
        value = self.value if self.trials else None
        return {"value": value, "low": low, "high": high, "count": self.count, "n": self.trials}

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.3f} ({self.count}/{self.trials}, 95 % {low:.3f} to {high:.3f})"


def at_false_alarms(belonging: Scores, others: Scores, rate: float = 0.05) -> tuple[float, Share, Share]:
    """Return the bar that at most a share `rate` of `others` is beyond, and the shares of both sets beyond it."""
    descending = np.sort(others)[::-1]
    bar = float(descending[int(rate * len(descending))])
    hits, alarms = (Share(int((scores > bar).sum()), len(scores)) for scores in (belonging, others))
    return bar, hits, alarms


def accuracy_at_false_alarms(belonging: Scores, others: Scores, rate: float = 0.05) -> Share:
    """Return the share of all pictures on the right side of the bar of `at_false_alarms`."""
    _, hits, alarms = at_false_alarms(belonging, others, rate)
    return Share(hits.count + alarms.trials - alarms.count, hits.trials + alarms.trials)


def answer(scores: Mapping[str, float], bars: Mapping[str, float]) -> tuple[str, ...]:
    """Return the candidates whose score reaches their bar, best first; empty if none does."""
    claiming = [name for name in scores if scores[name] >= bars[name]]
    return tuple(sorted(claiming, key=lambda name: -scores[name]))


def confusion(
    truths: Sequence[str], scores: Sequence[Mapping[str, float]], bars: Mapping[str, float] | None = None
) -> dict[str, dict[str, int]]:
    """Count, for every true maker, which candidate scored highest; with `bars`, "none of these" if none reached one.

    Without bars the set is closed: a candidate is always named.
    """
    table: dict[str, dict[str, int]] = {}
    for truth, row in zip(truths, scores, strict=True):
        named = answer(row, bars if bars is not None else dict.fromkeys(row, -math.inf))
        counts = table.setdefault(truth, {})
        counts[named[0] if named else NONE] = counts.get(named[0] if named else NONE, 0) + 1
    return table


def closed_set_accuracy(table: Mapping[str, Mapping[str, int]]) -> Share:
    """Return the share of pictures in a confusion table whose maker was named."""
    total = sum(count for row in table.values() for count in row.values())
    return Share(sum(row.get(truth, 0) for truth, row in table.items()), total)


def open_set_auc(truths: Sequence[str], scores: Sequence[Mapping[str, float]]) -> float:
    """Return the AUC of the highest score, between pictures by any candidate and pictures by none."""
    candidates = {name for row in scores for name in row}
    best = np.array([max(row.values()) for row in scores], dtype=np.float64)
    known = np.array([truth in candidates for truth in truths])
    return auc(best[known], best[~known])
