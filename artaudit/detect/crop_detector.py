"""The base of all detectors: native crops, a linear head on their features, a gate, a threshold from real pictures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float

from artaudit.detect.calibration import Calibration
from artaudit.detect.crops import Corner, Picture, textured_crops
from artaudit.detect.estimator import Estimator
from artaudit.detect.out_of_distribution import InDistributionGate
from artaudit.findings import FalseAlarms

Scores = Float[np.ndarray, " count"]
Features = Float[np.ndarray, "count features"]
Squares = Float[np.ndarray, "count side side 3"]
"""Crops of a picture, samples in [0, 1]."""
_STEPS = 500
"""Steps of the solver at most."""

Pictures = Sequence[Float[np.ndarray, "_ _ 3"]]
"""Pictures of any sizes, samples in [0, 1]."""


class CropDetector(Estimator, ABC):
    """Scores pictures by their most textured crops, higher for machine-made ones; `describe` says what is looked at.

    `regularisation` is scikit-learn's C; pictures are read in up to `crops` squares of `side` pixels and are too
    small below that. After `fit`, `weights_` with `bias_` give the log odds of a picture's mean description as scaled
    by `mean_` and `scale_`; `gate_` tells what resembles the training data, `threshold_` is the score above which at
    most the share `alarms` of held-out real pictures lie, and `false_alarms_` says on how many that was measured.
    `kinds_`, where there is one, holds both of each kind of picture; `clear_` is the score below which hardly any
    machine-made picture lies, if it is known.
    """

    PARTS: ClassVar[dict[str, type]] = {
        "gate_": InDistributionGate,
        "false_alarms_": FalseAlarms,
        "calibration_": Calibration,
    }
    CLIP: ClassVar[float] = float("inf")
    """Spreads from the mean beyond which a number counts no more."""
    SOLVER: ClassVar[str] = "newton-cholesky"
    """scikit-learn's solver: this one is exact, and slow for many thousand numbers."""

    gate_: Any
    """Whatever has `knows`: an `InDistributionGate`, unless a detector has a gate of its own."""
    kinds_: dict[str, Any]
    clear_: float
    calibration_: Calibration
    regularisation: float
    crops: int
    side: int
    alarms: float

    @abstractmethod
    def describe(self, squares: Squares) -> Features:
        """Return a row of numbers for each crop."""

    def emphasis(self, count: int) -> Scores:
        """Return how much each of so many numbers counts beside the others before anything is learned."""
        return np.ones(count)

    def fit(self, pictures: Pictures, machine_made: Bool[np.ndarray, " count"], held_out: Pictures) -> CropDetector:
        """Learn from pictures, (height, width, 3) in [0, 1]; `held_out` are real ones of no training pair."""
        return self.fit_features(self.features(pictures), machine_made, held_out=self.features(held_out))

    def fit_features(
        self,
        features: Features,
        machine_made: Bool[np.ndarray, " count"],
        *,
        held_out: Float[np.ndarray, "others features"],
        weights: Scores | None = None,
    ) -> CropDetector:
        """Learn from what `features` returned; `weights` say how much each picture counts."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy
        from sklearn.preprocessing import StandardScaler  # noqa: PLC0415 - heavy

        scaler = StandardScaler().fit(features)
        self.mean_, self.scale_ = scaler.mean_, scaler.scale_ / self.emphasis(features.shape[1])
        model: Any = LogisticRegression(
            C=self.regularisation, solver=self.SOLVER, class_weight="balanced", max_iter=_STEPS
        )
        model.fit(self._scaled(features), machine_made, sample_weight=weights)
        self.weights_, self.bias_ = model.coef_[0], float(model.intercept_[0])
        self.gate_ = InDistributionGate().fit(features)
        self.set_threshold(held_out)
        return self

    def set_threshold(
        self, held_out: Float[np.ndarray, "others features"], population: str = "held-out real pictures"
    ) -> None:
        """Set the threshold on real pictures that nothing was learned from, and say on how many."""
        reals = self.score_features(held_out)
        self.threshold_ = float(np.quantile(reals, 1 - self.alarms, method="higher"))
        count = int((reals > self.threshold_).sum())
        self.false_alarms_ = FalseAlarms(count, len(reals), f"{population}, the threshold set on them")

    def features(self, pictures: Pictures) -> Features:
        """Return the mean description of each picture's crops, a row each; NaN where it is too small to tell."""
        found = [described.mean(axis=0) if corners else None for corners, described in map(self.read_crops, pictures)]
        length = next((len(row) for row in found if row is not None), len(getattr(self, "mean_", "1")))
        return np.stack([np.full(length, np.nan) if row is None else row for row in found])

    def score_features(self, features: Features) -> Scores:
        """Return the log odds of pictures by their features."""
        return self._scaled(features) @ self.weights_ + self.bias_

    def _scaled(self, features: Features) -> Features:
        limit = self.CLIP * self.emphasis(features.shape[1])
        return np.clip((features - self.mean_) / self.scale_, -limit, limit)

    def score_samples(self, pictures: Pictures) -> Scores:
        """Return the log odds of each picture; NaN where it is too small to tell."""
        return self.score_features(self.features(pictures))

    def decision_function(self, pictures: Pictures) -> Scores:
        """Return by how much each score passes the threshold."""
        return self.score_samples(pictures) - self.threshold_

    def read_crops(self, picture: Picture) -> tuple[list[Corner], Features]:
        """Return the (top, left) corners of a picture's crops and what is said of each; none where it is too small."""
        if min(picture.shape[:2]) < self.side:
            return [], np.empty((0, 0))
        corners = textured_crops(picture, self.side, self.crops)
        squares = [picture[top : top + self.side, left : left + self.side] for top, left in corners]
        return corners, self.describe(np.stack(squares).astype(np.float32))

    def knows(self, picture: Picture) -> bool:
        """Tell whether a picture, large enough for a crop, lies within what was learned from."""
        return bool(self.gate_.knows(self.features([picture]))[0])
