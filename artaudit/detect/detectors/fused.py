"""Several detectors joined into one: a logistic regression over their scores, which answers once.

Stacking after Wolpert 1992, https://doi.org/10.1016/S0893-6080(05)80023-1, without negative weights after Breiman 1996,
https://doi.org/10.1007/BF00117832.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Bool, Float

from artaudit.detect.calibration import Calibration
from artaudit.detect.crop_detector import Features, Pictures, Scores
from artaudit.detect.crops import Corner, Picture
from artaudit.detect.detectors.published import SMALLEST, PublishedDetector
from artaudit.detect.estimator import Estimator
from artaudit.errors import ModelError
from artaudit.findings import FalseAlarms

SCORE, DISTANCES, NETWORKS = 0, slice(1, 3), 3
"""Columns of a row: the shipped detector's score, its gate's two distances, and from there the networks' log odds."""

FOLDS = 5
LEAST_ORIGINS = 3
"""The fewest generators, or sources of real pictures, to be left out as a whole; with fewer, groups are."""


class ShippedGate(Estimator):
    """Tells by the shipped detector's two distances, which each row holds, whether a picture is in distribution."""

    def knows(self, features: Features) -> Bool[np.ndarray, " count"]:
        """Tell for each row whether it lies within what the shipped detector learned from."""
        return np.all(features[:, DISTANCES] <= 1, axis=1)


class FusedDetector(Estimator):
    """Joins the scores of the shipped detector and of added networks into one, higher for machine-made pictures.

    `added` names the networks. After `fit_features`, `weights_` with `bias_` give the log odds of a row's scores,
    cut to the `limits_` that were learned from and scaled by `mean_` and `scale_`; no weight is negative. `parts_` are
    the sha256 of each part, the shipped one first: other parts are another detector.
    """

    PARTS: ClassVar[dict[str, type]] = {"gate_": ShippedGate, "false_alarms_": FalseAlarms, "calibration_": Calibration}

    false_alarms_: FalseAlarms
    calibration_: Calibration
    threshold_: float
    parts_: dict[str, str]

    def __init__(self, added: Sequence[str] = ()) -> None:
        """Keep the settings."""
        self.added = added

    def use(self, base: Any, networks: Sequence[PublishedDetector], parts: Mapping[str, str]) -> None:  # noqa: ANN401
        """Take the shipped detector, the networks in the order of their names, and the sha256 of each by name.

        Raises ModelError where the parts are others than those that were joined.
        """
        learned = getattr(self, "parts_", None)
        if learned not in (None, dict(parts)):
            changed = sorted(name for name in {*learned, *parts} if learned.get(name) != parts.get(name))
            raise ModelError(
                f"The fused detector was joined from another {' and '.join(changed)}: join it again with `audit "
                "detector fuse`, or remove it with `audit detector remove fused`."
            )
        self._base, self._asked, self.parts_ = base, tuple(networks), dict(parts)

    @property
    def side(self) -> int:
        """Pixels along each side of the shipped detector's squares, which say where its evidence lies."""
        return int(self._base.side)

    def read_crops(self, picture: Picture) -> tuple[list[Corner], Features]:
        """Return the corners of the shipped detector's crops and a row for each; none where a part finds it too small.

        A crop's row is the picture's, with the score that the shipped detector gives the crop, moved so that the mean
        of all rows is the picture's row.
        """
        corners, described = self._base.read_crops(picture) if min(picture.shape[:2]) >= SMALLEST else ([], [])
        if not corners:
            return [], np.empty((0, 0))
        whole = described.mean(axis=0, keepdims=True)
        scores = self._base.score_features(described)
        odds = [network.read_crops(picture)[1][0, 0] for network in self._asked]
        row = np.array([self._base.score_features(whole)[0], *self._base.gate_.distances(whole)[0], *odds])
        rows = np.repeat(row[None], len(corners), axis=0)
        rows[:, SCORE] += scores - scores.mean()
        return corners, rows

    def features(self, pictures: Pictures) -> Features:
        """Return a row for each picture, NaN where it is too small to tell."""
        found = [rows.mean(axis=0) if corners else None for corners, rows in map(self.read_crops, pictures)]
        blank = np.full(NETWORKS + len(self.added), np.nan)
        return np.stack([blank if row is None else row for row in found])

    def fit_features(self, features: Features, machine_made: Bool[np.ndarray, " count"]) -> FusedDetector:
        """Learn the weights from rows; both labels count alike."""
        from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy

        scores = _scores(features)
        self.limits_ = np.stack([scores.min(axis=0), scores.max(axis=0)])
        self.mean_, self.scale_ = scores.mean(axis=0), scores.std(axis=0) + 1e-9
        scaled = (scores - self.mean_) / self.scale_
        kept, self.weights_, self.bias_ = np.ones(scores.shape[1], dtype=bool), np.zeros(scores.shape[1]), 0.0
        while kept.any():
            model = LogisticRegression(class_weight="balanced").fit(scaled[:, kept], machine_made)
            if (model.coef_[0] >= 0).all():
                self.weights_[kept], self.bias_ = model.coef_[0], float(model.intercept_[0])
                break
            kept[np.flatnonzero(kept)[model.coef_[0].argmin()]] = False
        self.gate_ = ShippedGate()
        return self

    def score_features(self, features: Features) -> Scores:
        """Return the log odds of pictures by their rows."""
        scores = np.clip(_scores(features), *self.limits_)
        return (scores - self.mean_) / self.scale_ @ self.weights_ + self.bias_

    def score_samples(self, pictures: Pictures) -> Scores:
        """Return the log odds of each picture; NaN where it is too small to tell."""
        return self.score_features(self.features(pictures))


def _scores(features: Features) -> Float[np.ndarray, "count parts"]:
    return np.concatenate([features[:, [SCORE]], features[:, NETWORKS:]], axis=1)


def unseen(
    features: Features, made: Bool[np.ndarray, " count"], origins: np.ndarray, networks: Sequence[str]
) -> Float[np.ndarray, " count"]:
    """Return the score that each row gets from a fusion trained without the rows of the same origin."""
    found = np.zeros(len(features))
    for apart in folds(made, origins):
        joined = FusedDetector(networks).fit_features(features[~apart], made[~apart])
        found[apart] = joined.score_features(features[apart])
    return found


def folds(made: Bool[np.ndarray, " count"], origins: np.ndarray) -> Iterator[Bool[np.ndarray, " count"]]:
    """Yield up to `FOLDS` masks of rows to leave out: whole origins, about as many rows of each label in every fold.

    Where a label has a single origin, the fold that leaves it out leaves no other rows of that label.
    """
    place: dict[str, int] = {}
    for label in (False, True):
        filled = np.zeros(FOLDS)
        names, counts = np.unique(origins[made == label], return_counts=True)
        for number in np.argsort(-counts, kind="stable"):
            fold = place.setdefault(str(names[number]), int(filled.argmin()))
            filled[fold] += counts[number]
    where = np.array([place[str(origin)] for origin in origins])
    for fold in sorted(set(where.tolist())):
        yield where == fold


def origins_of(made: Bool[np.ndarray, " count"], names: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Return the origin of each row, and what origins are for real and for machine-made pictures.

    An origin is what is left out as a whole. `names` are the generators of machine-made pictures and the sources of
    real ones: these are the origins where there are `LEAST_ORIGINS` of them, else the pictures' groups.
    """
    origins, said = groups.astype(object), []
    for label, word in ((False, "sources"), (True, "generators")):
        here = made == label
        enough = len(set(names[here].tolist()) - {""}) >= LEAST_ORIGINS
        if enough:
            origins[here] = [f"{word}: {name}" for name in names[here]]
        said.append(word if enough else "groups")
    return origins.astype(str), said
