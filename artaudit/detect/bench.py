"""Tables of how a detector does: along edits, generator by generator, and on every source of real pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from artaudit.detect import metrics

RESAMPLES = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """Scores of pictures and what each is; `known` says which lie in the detector's domain."""

    scores: Float[np.ndarray, " count"]
    known: Bool[np.ndarray, " count"]
    made: Bool[np.ndarray, " count"]
    groups: np.ndarray
    generators: np.ndarray
    sources: np.ndarray

    def rows(self, kept: Bool[np.ndarray, " count"]) -> Seen:
        """Return the pictures that `kept` marks."""
        parts = (self.scores, self.known, self.made, self.groups, self.generators, self.sources)
        return Seen(*(part[kept] for part in parts))


def ranking(seen: Seen, threshold: float) -> dict[str, Any]:
    """Return every metric of a ranking with its interval, and how many were found above the threshold.

    Pictures out of domain count as not found, and keep their score in the metrics.
    """
    figures: dict[str, Any] = {
        name: str(metrics.bootstrap(metric, seen.scores, seen.made, groups=seen.groups, resamples=RESAMPLES))
        for name, metric in metrics.RANKING.items()
    }
    over = seen.known & (seen.scores >= threshold)
    found = metrics.clopper_pearson(int((over & seen.made).sum()), int(seen.made.sum()))
    return figures | {"found": str(found), "out of domain": int((~seen.known).sum()), "pictures": len(seen.scores)}


def generator_by_generator(seen: Seen, threshold: float) -> dict[str, dict[str, Any]]:
    """Return the ranking of each generator's pictures among all real ones."""
    names = sorted(set(seen.generators[seen.made].tolist()))
    return {name: ranking(seen.rows(~seen.made | (seen.generators == name)), threshold) for name in names}


def false_alarms(seen: Mapping[str, Seen], threshold: float) -> dict[str, dict[str, dict[str, Any]]]:
    """Return, for each source of real pictures and each edit, false alarms with exact intervals, and abstentions."""
    table: dict[str, dict[str, dict[str, Any]]] = {}
    for edit, one in seen.items():
        for source in sorted(set(one.sources[~one.made].tolist())):
            here = one.rows(~one.made & (one.sources == source))
            count = int((here.known & (here.scores >= threshold)).sum())
            rate = metrics.clopper_pearson(count, len(here.scores))
            row = {"pictures": len(here.scores), "alarms": count, "rate": str(rate)}
            table.setdefault(source, {})[edit] = row | {"out of domain": int((~here.known).sum())}
    return table


def calibrated(
    ratios: Float[np.ndarray, " count"], made: Bool[np.ndarray, " count"], groups: np.ndarray
) -> dict[str, str]:
    """Return what natural log likelihood ratios are worth, with intervals; nothing where a kind is missing."""
    if made.all() or not made.any():
        return {}
    prior = np.log(made.sum() / (~made).sum())
    shifts = {"ECE": prior, "Brier": prior}
    return {
        name: str(metrics.bootstrap(metric, ratios + shifts.get(name, 0.0), made, groups=groups, resamples=RESAMPLES))
        for name, metric in metrics.CALIBRATED.items()
    }
