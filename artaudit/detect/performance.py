"""Tables of how a detector does: along edits, generator by generator, and on every source of real pictures.

Every figure is a mapping of `value` to its 95 % bounds `low` and `high`; shares also name their `count`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from sklearn.metrics import roc_curve

from artaudit.detect import metrics
from artaudit.metrics import clopper_pearson

RESAMPLES = 200
"""Draws of groups for each interval."""

RANKS_WELL, FINDS_LITTLE = 0.75, 0.2
"""The least AUC and the largest share found for which a row explains why so little is found."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """Scores of pictures and what each is; `known` says which are in distribution for the detector.

    `small` counts pictures that gave no score because they are too small, by (machine-made, generator or source).
    """

    scores: Float[np.ndarray, " count"]
    known: Bool[np.ndarray, " count"]
    made: Bool[np.ndarray, " count"]
    groups: np.ndarray
    generators: np.ndarray
    sources: np.ndarray
    small: Mapping[tuple[bool, str], int]

    def rows(self, kept: Bool[np.ndarray, " count"]) -> ScoreTable:
        """Return the pictures that `kept` marks, and none that is too small."""
        told = self.groups[kept], self.generators[kept], self.sources[kept]
        return ScoreTable(self.scores[kept], self.known[kept], self.made[kept], *told, {})

    def too_small(self, *, made: bool, name: str | None = None) -> int:
        """Return how many pictures of a kind are too small, of one generator or source or of all."""
        return sum(count for (kind, who), count in self.small.items() if kind == made and name in (None, who))


def ranking(seen: ScoreTable, threshold: float) -> Row:
    """Return every metric of a ranking with its interval, and what became of real and machine-made pictures.

    Pictures out of distribution count as not found, and keep their score in the metrics.
    """
    outcome = _outcome(seen, threshold, made=True, small=seen.too_small(made=True))
    alarms = _outcome(seen, threshold, made=False, small=seen.too_small(made=False))
    found = _metrics(seen)
    named = {name: alarms[name] for name in ("alarms", "out_of_distribution", "too_small", "abstentions")}
    return found | outcome | {"real": {"n": alarms["n"], **named}, "note": _note(found["AUC"]["value"], outcome)}


def generator_by_generator(seen: ScoreTable, threshold: float) -> dict[str, Row]:
    """Return, for each generator, its pictures' ranking among all real ones and what became of them."""
    table = {}
    for name in sorted(set(seen.generators[seen.made].tolist())):
        here = seen.rows(~seen.made | (seen.generators == name))
        found = _metrics(here)
        outcome = _outcome(here, threshold, made=True, small=seen.too_small(made=True, name=name))
        table[name] = found | outcome | {"note": _note(found["AUC"]["value"], outcome)}
    return table


def false_alarms(seen: Mapping[str, ScoreTable], threshold: float) -> dict[str, dict[str, Row]]:
    """Return, for each source of real pictures and each edit, false alarms with exact intervals, and abstentions."""
    rates: dict[str, dict[str, Row]] = {}
    for edit, table in seen.items():
        for source in sorted(set(table.sources[~table.made].tolist())):
            here = table.rows(~table.made & (table.sources == source))
            row = _outcome(here, threshold, made=False, small=table.too_small(made=False, name=source))
            rates.setdefault(source, {})[edit] = {"pictures": row.pop("n"), **row}
    return rates


def roc(seen: ScoreTable) -> list[dict[str, float | None]]:
    """Return the points of the ROC curve, the strictest threshold first; None is the one that nothing passes."""
    alarms, found, thresholds = roc_curve(seen.made, seen.scores)
    return [
        {"threshold": float(at) if np.isfinite(at) else None, "false_alarms": float(wrong), "found": float(right)}
        for at, wrong, right in zip(thresholds, alarms, found, strict=True)
    ]


def calibrated(
    ratios: Float[np.ndarray, " count"], made: Bool[np.ndarray, " count"], groups: np.ndarray
) -> dict[str, Row]:
    """Return metrics of natural log likelihood ratios, with intervals; nothing where a kind is missing."""
    if made.all() or not made.any():
        return {}
    prior = np.log(made.sum() / (~made).sum())
    shifts = {"ECE": prior, "Brier": prior}
    return {
        name: asdict(
            metrics.bootstrap(metric, ratios + shifts.get(name, 0.0), made, groups=groups, resamples=RESAMPLES)
        )
        for name, metric in metrics.CALIBRATED.items()
    }


def _metrics(seen: ScoreTable) -> Row:
    return {
        name: asdict(metrics.bootstrap(metric, seen.scores, seen.made, groups=seen.groups, resamples=RESAMPLES))
        for name, metric in metrics.RANKING.items()
    }


def _outcome(seen: ScoreTable, threshold: float, *, made: bool, small: int) -> Row:
    """Return what became of one kind of pictures: found (or, of real ones, alarms) and why others were not."""
    here = seen.made == made
    over = seen.scores >= threshold
    count, strange = int((here & seen.known & over).sum()), int((here & ~seen.known).sum())
    total = int(here.sum()) + small
    share = {"count": count, **asdict(clopper_pearson(count, total))}
    row: Row = {"n": total, "found": share} if made else {"n": total, "alarms": count, "rate": share}
    return row | {
        "below_threshold": int((here & seen.known & ~over).sum()),
        "out_of_distribution": strange,
        "too_small": small,
        "abstentions": strange + small,
    }


def _note(auc: float, row: Row) -> str:
    """Say why little is found of pictures that rank well, nothing where all is as one expects."""
    total, found = row["n"], row["found"]["count"]
    if auc < RANKS_WELL or found > FINDS_LITTLE * total:
        return ""
    reasons = {
        "are out of distribution, where the detector says nothing": row["out_of_distribution"],
        "score below the threshold": row["below_threshold"],
        "are too small for one crop": row["too_small"],
    }
    told = ", ".join(f"{count} of {total} {reason}" for reason, count in reasons.items() if count)
    return f"AUC {auc:.3f}, yet {found} of {total} found: {told}"
