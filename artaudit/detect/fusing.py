"""Calibrates added networks and joins them with the shipped detector, on pictures that none of them learned from.

Every score that sets a threshold or teaches what scores mean is given by a fusion that saw nothing of that picture's
generator or source (of its group, where the manifest names too few).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from artaudit.datasets import manifest
from artaudit.detect import metrics, performance, storage
from artaudit.detect.adding import PUBLISHED, networks
from artaudit.detect.calibrating import Counts, count, refuse_too_few
from artaudit.detect.calibration import Calibration
from artaudit.detect.crop_detector import Scores
from artaudit.detect.detectors.fused import NETWORKS, SCORE, FusedDetector, origins_of, unseen
from artaudit.detect.detectors.published import SMALLEST
from artaudit.detect.feature_table import FeatureTable, handled, read_features
from artaudit.detect.loading import FUSED, SHIPPED, added_folder, open_detector, parts, shipped
from artaudit.detect.model_folder import keep
from artaudit.detect.thresholds import ALARMS, IN_A_SOURCE, highest_by_group, lowest_threshold
from artaudit.errors import UsageError
from artaudit.findings import FalseAlarms
from artaudit.protocols import Progress


def fuse(
    data: Path, *, split: str = "val", draws: int = 4, seed: int = 0, progress: Progress | None = None
) -> dict[str, Any]:
    """Calibrate every added network on a split of `data`, join all with the shipped detector, and keep the result.

    From then on a check asks the fused detector. Rows are kept as they are read: a run that was stopped goes on where
    it was. Returns what was learned, with the AUC of each part and of the whole on the same readings. Raises
    UsageError where no network was added and, before any picture is read, where no stratum has enough groups.
    """
    names = networks()
    if not names:
        raise UsageError("No network was added: use `audit detector add` with its file first.")
    rows, drawn, least = manifest.read_splits(data, split), handled(draws, seed), Calibration().least
    counts = count(rows, drawn, SMALLEST)
    refuse_too_few(counts, least, split)
    detector = FusedDetector(names)
    found, told = parts(names)
    detector.use(open_detector(shipped()), found, told)
    about = {
        "data": data.name,
        "calibrated_on_sha256": manifest.digest(data),
        "split": split,
        "draws": draws,
        "seed": seed,
        "parts": told,
    }
    kept = added_folder() / f".reading-{hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]}"
    read = read_features(detector, rows, data.parent, drawn, kept=kept, progress=progress)
    summary = _learned(detector, read, about, counts)
    for column, (name, network) in enumerate(zip(names, found, strict=True), NETWORKS):
        _calibrate_alone(network, read, read.features[:, [column]])
        keep(network, added_folder() / name, PUBLISHED, storage.describe(added_folder() / name)["about"] | about)
    shutil.rmtree(kept)
    open_detector.cache_clear()
    return summary | {"least": least}


def _learned(detector: FusedDetector, read: FeatureTable, about: dict[str, Any], counts: Counts) -> dict[str, Any]:
    """Learn weights, threshold and calibration of a fused detector, keep it, and say how good each part is."""
    made, groups = read.made, read.groups
    names = np.array([row.generator if row.label == manifest.GENERATED else row.source for row in read.rows])
    origins, left_out = origins_of(made, names, groups)
    scores = unseen(read.features, made, origins, detector.added)
    detector.fit_features(read.features, made)
    counted = np.where(detector.gate_.knows(read.features), scores, -np.inf)[~made]
    population = (
        f"readings of real pictures that the fusion learned nothing from, of {about['split']} in {about['data']}"
    )
    detector.threshold_ = lowest_threshold(
        *highest_by_group(counted, groups[~made], origins[~made]), ALARMS, IN_A_SOURCE
    )
    detector.false_alarms_ = FalseAlarms(int((counted >= detector.threshold_).sum()), len(counted), population)
    detector.calibration_ = Calibration().fit(scores, made, strata=read.strata, groups=groups)
    figures = _figures(read, scores, detector)
    said = about | {"left_out": dict(zip(manifest.LABELS, left_out, strict=True)), "auc": figures}
    strata = [{"stratum": name, **row, "calibrated": detector.calibration_.knows(name)} for name, row in counts.items()]
    weights = dict(zip((SHIPPED, *detector.added), map(float, detector.weights_), strict=True))
    summary = keep(detector, added_folder() / FUSED, FUSED, said | {"weights": weights})
    return summary | {"strata": strata}


def _figures(read: FeatureTable, scores: Scores, detector: FusedDetector) -> dict[str, dict[str, float]]:
    """Return the AUC, with its 95 % interval, of each part alone and of the whole, on the same readings."""
    columns = [SCORE, *range(NETWORKS, read.features.shape[1])]
    alone = dict(zip((SHIPPED, *detector.added), read.features[:, columns].T, strict=True))
    return {
        name: asdict(
            metrics.bootstrap(
                metrics.labelled_auc, values, read.made, groups=read.groups, resamples=performance.RESAMPLES
            )
        )
        for name, values in (alone | {FUSED: scores}).items()
    }


def _calibrate_alone(detector: Any, read: FeatureTable, odds: Float[np.ndarray, "count 1"]) -> None:  # noqa: ANN401
    """Set a network's threshold and what its scores mean, from its log odds of the same readings."""
    detector.begin(odds[~read.made])
    scores = detector.score_features(odds)
    detector.calibration_ = Calibration().fit(scores, read.made, strata=read.strata, groups=read.groups)
