"""A linear classifier over noise residuals, fitted on aligned pairs: the same picture, real and redrawn.

Residual co-occurrences after Fridrich and Kodovsky 2012, https://doi.org/10.1109/TIFS.2012.2190402; aligned pairs
after Rajan et al., ICLR 2025, https://arxiv.org/abs/2410.11835.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import gaussian_filter
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from artaudit.evidence import FalseAlarms

REACH = 2
RINGS = 24


class ResidualDetector:
    """Scores pictures by their residuals, higher for machine-made ones; abstains below `least_side` pixels.

    `regularisation` is scikit-learn's C. After `fit`, `threshold_` is the highest score of the held-out real
    pictures, and `false_alarms_` says on how many it was measured.
    """

    def __init__(self, regularisation: float = 0.02, least_side: int = 128) -> None:
        """Keep the settings."""
        self.regularisation, self.least_side = regularisation, least_side

    def fit(
        self, pictures: Sequence[np.ndarray], machine_made: Bool[np.ndarray, " count"], held_out: Sequence[np.ndarray]
    ) -> ResidualDetector:
        """Learn from pictures, (height, width, 3) in [0, 1]; `held_out` are real ones of no training pair."""
        features = np.stack([residual_features(picture) for picture in pictures])
        model = make_pipeline(StandardScaler(), LogisticRegression(C=self.regularisation, max_iter=2000))
        self.model_: Any = model.fit(features, machine_made)
        reals = self.score_samples(held_out)
        self.threshold_ = float(reals.max())
        self.false_alarms_ = FalseAlarms(0, len(reals), "held-out real pictures, the threshold set on them")
        return self

    def score_samples(self, pictures: Sequence[np.ndarray]) -> Float[np.ndarray, " count"]:
        """Return the log odds of each picture; NaN where it is too small to tell."""
        scores = np.full(len(pictures), np.nan)
        for number, picture in enumerate(pictures):
            if min(picture.shape[:2]) >= self.least_side:
                scores[number] = self.model_.decision_function(residual_features(picture)[None])[0]
        return scores


def residual_features(picture: Float[np.ndarray, "height width 3"]) -> Float[np.ndarray, " count"]:
    """Return co-occurrences of quantised residuals and the spectrum of the finest one; pixels in [0, 1]."""
    grey = picture.astype(np.float64).mean(axis=2) * 255
    smooth = grey - gaussian_filter(grey, 1.0)
    residuals = (np.diff(grey, axis=1), np.diff(grey, axis=0), np.diff(grey, 2, axis=1), np.diff(grey, 2, axis=0))
    return np.concatenate([*(_cooccurrences(one) for one in (smooth, *residuals)), _rings(smooth)])


def _cooccurrences(residual: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, " count"]:
    """Return shares of neighbouring pairs, across and down, of residuals cut to ±2 levels."""
    levels = (np.rint(residual).clip(-REACH, REACH) + REACH).astype(int)
    side = 2 * REACH + 1
    pairs = (levels[:, :-1] * side + levels[:, 1:], levels[:-1] * side + levels[1:])
    return np.concatenate([np.bincount(one.ravel(), minlength=side**2) / one.size for one in pairs])


def _rings(residual: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, " count"]:
    """Return the log power of rings of equal frequency."""
    power = np.abs(np.fft.rfft2(residual)) ** 2 / residual.size
    rows, columns = np.fft.fftfreq(residual.shape[0])[:, None], np.fft.rfftfreq(residual.shape[1])[None]
    ring = np.minimum((np.hypot(rows, columns) * 2 * RINGS).astype(int), RINGS - 1).ravel()
    total = np.bincount(ring, power.ravel(), RINGS) / np.maximum(np.bincount(ring, minlength=RINGS), 1)
    return np.log(total + 1e-6)
