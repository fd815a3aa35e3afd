"""Tells whether a picture resembles those a detector was trained on; of any other the detector says nothing.

Mahalanobis distance after Lee et al. 2018, https://arxiv.org/abs/1807.03888, in the leading directions of the data.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from artaudit.detect.estimator import Estimator

Features = Float[np.ndarray, "count features"]


class InDistributionGate(Estimator):
    """Measures how far a picture's features lie from the training data, and accepts those that lie near it.

    Features are scaled and projected on the first `directions` principal components. There are two distances: the
    Mahalanobis distance within these components, and the length of what they do not explain. `fit` divides each by its
    `kept` quantile on the training data, so that a picture with either distance above 1 is out of distribution.
    """

    def __init__(self, directions: int = 48, kept: float = 0.99) -> None:
        """Keep the settings."""
        self.directions, self.kept = directions, kept

    def fit(self, features: Features) -> InDistributionGate:
        """Learn from the features of pictures, a row each."""
        from sklearn.decomposition import PCA  # noqa: PLC0415 - heavy

        self.mean_, self.scale_ = features.mean(axis=0), features.std(axis=0) + 1e-9
        count = max(1, min(self.directions, *features.shape, len(features) - 1))
        found = PCA(count, random_state=0).fit(self._scaled(features))
        self.axes_, self.spread_ = found.components_, np.sqrt(found.explained_variance_) + 1e-9
        self.limits_ = np.ones(2)
        self.limits_ = np.quantile(self.distances(features), self.kept, axis=0) + 1e-9
        return self

    def distances(self, features: Features) -> Float[np.ndarray, "count 2"]:
        """Return the distance within the components and the residual's, above 1 where out of distribution."""
        scaled = self._scaled(features)
        along = scaled @ self.axes_.T
        beside = scaled - along @ self.axes_
        sizes = np.stack([np.linalg.norm(along / self.spread_, axis=1), np.linalg.norm(beside, axis=1)], axis=1)
        return sizes / self.limits_

    def knows(self, features: Features) -> Bool[np.ndarray, " count"]:
        """Tell for each row whether it is in distribution: neither distance exceeds 1."""
        return np.all(self.distances(features) <= 1, axis=1)

    def _scaled(self, features: Features) -> Features:
        return (features - self.mean_) / self.scale_
