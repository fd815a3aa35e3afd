"""How well an attribution does: confusion, open-set AUC, accuracy at a rate of false alarms, with intervals.

Intervals of shares are Wilson's (1927, https://doi.org/10.1080/01621459.1927.10502953).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from artaudit.metrics import auc

NONE = "none of these"

Scores = Float[np.ndarray, "_"]


@dataclass(frozen=True, slots=True)
class Share:
    """A share of `trials` with its interval at 95 % confidence."""

    count: int
    trials: int

    @property
    def value(self) -> float:
        """The share itself, nan of nothing."""
        return self.count / self.trials if self.trials else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Return Wilson's lower and upper bound; everything for no trial."""
        if not self.trials:
            return 0.0, 1.0
        z, total, share = 1.959964, self.trials, self.value
        middle = (share + z**2 / (2 * total)) / (1 + z**2 / total)
        half = z / (1 + z**2 / total) * math.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
        return max(0.0, middle - half), min(1.0, middle + half)

    def as_dict(self) -> dict[str, float | int | None]:
        """Return what JSON shows: the share, its bounds, and what it counts; None is the share of nothing."""
        low, high = self.interval
        value = self.value if self.trials else None
        return {"value": value, "low": low, "high": high, "count": self.count, "n": self.trials}

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.3f} ({self.count}/{self.trials}, 95 % {low:.3f} to {high:.3f})"


def at_false_alarms(belonging: Scores, others: Scores, rate: float = 0.05) -> tuple[float, Share, Share]:
    """Return the bar that at most `rate` of `others` pass, and the shares of both that are beyond it."""
    kept = np.sort(others)[::-1]
    bar = float(kept[int(rate * len(kept))])
    found, wrong = (Share(int((scores > bar).sum()), len(scores)) for scores in (belonging, others))
    return bar, found, wrong


def accuracy_at_false_alarms(belonging: Scores, others: Scores, rate: float = 0.05) -> Share:
    """Return the share of all pictures on their right side of that bar."""
    _, found, wrong = at_false_alarms(belonging, others, rate)
    return Share(found.count + wrong.trials - wrong.count, found.trials + wrong.trials)


def answer(scores: Mapping[str, float], bars: Mapping[str, float]) -> tuple[str, ...]:
    """Return the candidates whose score reaches their bar, best first; empty where none does."""
    held = [name for name in scores if scores[name] >= bars[name]]
    return tuple(sorted(held, key=lambda name: -scores[name]))


def confusion(
    truths: Sequence[str], scores: Sequence[Mapping[str, float]], bars: Mapping[str, float] | None = None
) -> dict[str, dict[str, int]]:
    """Count, for every true maker, the candidates with the highest score; with `bars` also "none of these".

    Without bars the set is closed: one of the candidates is always named.
    """
    table: dict[str, dict[str, int]] = {}
    for truth, row in zip(truths, scores, strict=True):
        named = answer(row, bars if bars is not None else dict.fromkeys(row, -math.inf))
        told = table.setdefault(truth, {})
        told[named[0] if named else NONE] = told.get(named[0] if named else NONE, 0) + 1
    return table


def closed_set_accuracy(table: Mapping[str, Mapping[str, int]]) -> Share:
    """Return the share of pictures in a confusion table whose maker was named."""
    total = sum(count for row in table.values() for count in row.values())
    return Share(sum(row.get(truth, 0) for truth, row in table.items()), total)


def open_set_auc(truths: Sequence[str], scores: Sequence[Mapping[str, float]]) -> float:
    """Return the AUC of the highest score for pictures of any candidate against those of none."""
    held = {name for row in scores for name in row}
    best = np.array([max(row.values()) for row in scores], dtype=np.float64)
    known = np.array([truth in held for truth in truths])
    return auc(best[known], best[~known])


def robustness(
    edits: Mapping[str, Callable[[str], Scores]], belonging: str, others: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return, for every edit, the AUC of `belonging` against each of `others`; an edit scores a set by its name."""
    found: dict[str, dict[str, float]] = {}
    for edit, score in edits.items():
        own = score(belonging)
        found[edit] = {name: auc(own, score(name)) for name in others}
    return found
