"""A linear classifier over noise residuals of native crops, fitted on pictures of both kinds handled alike.

Residual co-occurrences after Fridrich and Kodovsky 2012, https://doi.org/10.1109/TIFS.2012.2190402; aligned pairs
after Rajan et al., ICLR 2025, https://arxiv.org/abs/2410.11835.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from artaudit.detect.calibration import Calibration
from artaudit.detect.crops import Corner, Picture, textured_crops
from artaudit.detect.domain import DomainGate
from artaudit.detect.features import crop_features
from artaudit.evidence import FalseAlarms

Scores = Float[np.ndarray, " count"]
Features = Float[np.ndarray, "count features"]
Pictures = Sequence[Float[np.ndarray, "_ _ 3"]]
"""Pictures of any sizes, samples in [0, 1]."""


class ResidualDetector(BaseEstimator):  # type: ignore[misc]
    """Scores pictures by the noise of their most textured crops, higher for machine-made ones.

    `regularisation` is scikit-learn's C; pictures are read in up to `crops` squares of `side` pixels and are too
    small below that. After `fit`, `weights_` and `bias_` give the log odds of a picture's mean features as scaled by
    `mean_` and `scale_`, `gate_` knows the pictures it learned from, `threshold_` is the score above which at most
    the share `alarms` of held-out real pictures lie, and `false_alarms_` says on how many that was measured.
    """

    PARTS: ClassVar[dict[str, type]] = {
        "gate_": DomainGate,
        "false_alarms_": FalseAlarms,
        "calibration_": Calibration,
    }
    calibration_: Calibration

    def __init__(self, regularisation: float = 0.1, crops: int = 8, side: int = 128, alarms: float = 0.0) -> None:
        """Keep the settings."""
        self.regularisation, self.crops, self.side, self.alarms = regularisation, crops, side, alarms

    def fit(
        self,
        pictures: Pictures,
        machine_made: Bool[np.ndarray, " count"],
        held_out: Pictures,
    ) -> ResidualDetector:
        """Learn from pictures, (height, width, 3) in [0, 1]; `held_out` are real ones of no training pair."""
        return self.fit_features(self.features(pictures), machine_made, held_out=self.features(held_out))

    def fit_features(
        self,
        features: Features,
        machine_made: Bool[np.ndarray, " count"],
        *,
        held_out: Float[np.ndarray, "others features"],
        weights: Scores | None = None,
    ) -> ResidualDetector:
        """Learn from what `features` returned; `weights` say how much each picture counts."""
        scaler = StandardScaler().fit(features)
        model: Any = LogisticRegression(C=self.regularisation, max_iter=3000, class_weight="balanced")
        model.fit(scaler.transform(features), machine_made, sample_weight=weights)
        self.mean_, self.scale_ = scaler.mean_, scaler.scale_
        self.weights_, self.bias_ = model.coef_[0], float(model.intercept_[0])
        self.gate_ = DomainGate().fit(features)
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
        """Return the mean features of each picture's crops, a row each; NaN where it is too small to tell."""
        found = [self._mean(picture) for picture in pictures]
        length = next((len(one) for one in found if one is not None), 1)
        return np.stack([np.full(length, np.nan) if one is None else one for one in found])

    def score_features(self, features: Features) -> Scores:
        """Return the log odds of pictures by their features."""
        return (features - self.mean_) / self.scale_ @ self.weights_ + self.bias_

    def score_samples(self, pictures: Pictures) -> Scores:
        """Return the log odds of each picture; NaN where it is too small to tell."""
        blank = np.full_like(self.mean_, np.nan)
        means = [self._mean(picture) for picture in pictures]
        return self.score_features(np.stack([blank if one is None else one for one in means]))

    def decision_function(self, pictures: Pictures) -> Scores:
        """Return by how much each score passes the threshold."""
        return self.score_samples(pictures) - self.threshold_

    def knows(self, picture: Picture) -> bool:
        """Tell whether a picture, large enough for a crop, lies within what was learned from."""
        return bool(self.gate_.knows(self.features([picture]))[0])

    def score_crops(self, picture: Picture) -> list[tuple[Corner, float]]:
        """Return each crop's corner and log odds: where the evidence lies; their mean is the picture's score."""
        corners = self._corners(picture)
        if not corners:
            return []
        scores = self.score_features(np.stack([self._crop(picture, corner) for corner in corners]))
        return [(corner, float(score)) for corner, score in zip(corners, scores, strict=True)]

    def _corners(self, picture: Picture) -> list[Corner]:
        return textured_crops(picture, self.side, self.crops) if min(picture.shape[:2]) >= self.side else []

    def _crop(self, picture: Picture, corner: Corner) -> Float[np.ndarray, " features"]:
        top, left = corner
        return crop_features(picture[top : top + self.side, left : left + self.side])

    def _mean(self, picture: Picture) -> Float[np.ndarray, " features"] | None:
        corners = self._corners(picture)
        return np.mean([self._crop(picture, corner) for corner in corners], axis=0) if corners else None
