"""How a detector does on generators it has not learned from: each trained on alone, and each left out in turn.

Generator matrices after Wang et al., CVPR 2020, https://arxiv.org/abs/1912.11035.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Bool, Float
from sklearn.base import clone

from artaudit.detect import metrics, performance
from artaudit.detect.crop_detector import CropDetector
from artaudit.errors import UsageError

Estimate = dict[str, float]
"""A `value` with its 95 % bounds `low` and `high`."""


@dataclass(frozen=True, slots=True)
class LabelledFeatures:
    """Features of pictures, which are machine-made, by which generator, and what belongs together."""

    features: Float[np.ndarray, "count features"]
    made: Bool[np.ndarray, " count"]
    generators: np.ndarray
    groups: np.ndarray

    def among(self, generators: Sequence[str]) -> LabelledFeatures:
        """Return all real pictures and those of some generators; raises UsageError where one kind is missing."""
        kept = ~self.made | np.isin(self.generators, generators)
        if self.made[kept].all() or not self.made[kept].any():
            raise UsageError(f"There are no real pictures, or none by {' or '.join(generators)}: index more.")
        return LabelledFeatures(self.features[kept], self.made[kept], self.generators[kept], self.groups[kept])

    @property
    def names(self) -> list[str]:
        """Return the generators' names."""
        return sorted(set(self.generators[self.made].tolist()))


def trained_on_one(
    detector: CropDetector, learned: LabelledFeatures, seen: LabelledFeatures
) -> dict[str, dict[str, Estimate]]:
    """Return AUC with its interval by the generator trained on (outer) and measured on (inner)."""
    return {name: _row(detector, learned.among([name]), seen, seen.names) for name in learned.names}


def left_out(detector: CropDetector, learned: LabelledFeatures, seen: LabelledFeatures) -> dict[str, Estimate]:
    """Return AUC with its interval on each generator, trained on all others; there must be two at least."""
    rows = {}
    for name in seen.names:
        others = [other for other in learned.names if other != name]
        if others:
            rows[name] = _row(detector, learned.among(others), seen, [name])[name]
    return rows


def _row(
    detector: CropDetector, learned: LabelledFeatures, seen: LabelledFeatures, names: Sequence[str]
) -> dict[str, Estimate]:
    """Fit a head like the detector's and return its AUC on each generator's pictures among all real ones."""
    fitted = clone(detector).fit_features(learned.features, learned.made, held_out=learned.features[~learned.made])
    row = {}
    for name in names:
        these = seen.among([name])
        scores = fitted.score_features(these.features)
        found = metrics.bootstrap(
            metrics.labelled_auc, scores, these.made, groups=these.groups, resamples=performance.RESAMPLES
        )
        row[name] = asdict(found)
    return row
