"""Teaches a trained detector what its scores mean, on pictures that it was not trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from artaudit.datasets import manifest
from artaudit.detect import storage
from artaudit.detect.calibration import Calibration
from artaudit.detect.loading import open_detector
from artaudit.detect.model_folder import keep
from artaudit.detect.readings import handled, read_features
from artaudit.evidence import FalseAlarms
from artaudit.protocols import Progress


def calibrate(
    folder: Path, data: Path, *, split: str = "val", draws: int = 4, seed: int = 0, progress: Progress | None = None
) -> dict[str, Any]:
    """Learn likelihood ratios for the detector in `folder` from a split of `data` that it was not trained on."""
    detector: Any = open_detector(folder)
    document = storage.describe(folder)
    rows = manifest.read_splits(data, split)
    read = read_features(detector, rows, data.parent, handled(draws, seed), progress=progress)
    scores = detector.score_features(read.features)
    detector.calibration_ = Calibration().fit(scores, read.made, strata=read.strata, groups=read.groups)
    over = detector.gate_.knows(read.features) & (scores >= detector.threshold_) & ~read.made
    population = f"readings of real pictures of the split {split} of {data.name}, handled at random"
    detector.false_alarms_ = FalseAlarms(int(over.sum()), int((~read.made).sum()), population)
    open_detector.cache_clear()
    return keep(detector, folder, document["kind"], document["about"] | {"calibrated_on_sha256": manifest.digest(data)})
