"""Measures a detector on a data set: along edits, generator by generator, and on every source of real pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from artaudit.datasets import manifest
from artaudit.detect import bench, crossing, storage
from artaudit.detect.crossing import Described
from artaudit.detect.edits import ROBUSTNESS, Edit
from artaudit.detect.heads import CropDetector
from artaudit.detect.learned import NetworkDetector
from artaudit.detect.loading import open_detector
from artaudit.detect.plots import draw_all
from artaudit.detect.readings import handled, read_features
from artaudit.errors import UsageError
from artaudit.protocols import Progress

EDITS = ("as it is", "JPEG 96", "JPEG 75", "resize .75")
"""What is done to every picture, if nothing else is asked for."""


def evaluate(
    folder: Path,
    data: Path,
    *,
    split: str = "val",
    edits: Sequence[str] = EDITS,
    learn: str = "",
    plots: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure the detector in `folder` on a split of `data`, every picture edited alike, an edit at a time.

    With `learn`, a split that heads like the detector's may learn from, the answer also says how these do trained on
    one generator alone and with one left out, after the first edit. `plots` is a folder for figures.
    Raises UsageError for a detector with a network, which has seen all generators, and `learn`.
    """
    detector: Any = open_detector(folder)
    if learn and isinstance(detector, NetworkDetector):
        raise UsageError("A network has seen all generators it was trained on: train it anew, `without` one in CONFIG.")
    rows, readings = manifest.read_splits(data, split), {}
    chosen = [(name, named_edit(name)) for name in edits]
    for number, (name, edit) in enumerate(chosen):
        readings[name] = read_features(detector, rows, data.parent, _always(edit))
        if progress:
            progress(number + 1, len(edits))
    seen = {name: one.seen(detector) for name, one in readings.items()}
    crossed = _crossed(detector, data, learn, readings[edits[0]].described()) if learn else {}
    if plots:
        draw_all(seen, crossed.get("trained_on_one", {}), plots)
    threshold = detector.threshold_
    return {
        "detector": storage.digest(folder),
        "data_sha256": manifest.digest(data),
        "split": split,
        "curve": {
            name: bench.ranking(one, threshold) | readings[name].calibrated(detector) for name, one in seen.items()
        },
        "generators": {name: bench.generator_by_generator(one, threshold) for name, one in seen.items()},
        "false_alarms": bench.false_alarms(seen, threshold),
        **crossed,
    }


def _crossed(detector: CropDetector, data: Path, learn: str, seen: Described) -> dict[str, dict[str, Any]]:
    """Return how heads that learn from the split `learn`, each picture handled twice, do on other generators."""
    learned = read_features(detector, manifest.read_splits(data, learn), data.parent, handled(2, 0)).described()
    return {
        "trained_on_one": crossing.trained_on_one(detector, learned, seen),
        "left_out": crossing.left_out(detector, learned, seen),
    }


def named_edit(name: str) -> Edit:
    """Return an edit by its name; raises UsageError for one that is not known."""
    if name not in ROBUSTNESS:
        raise UsageError(f"There is no edit {name!r} here: choose among {', '.join(ROBUSTNESS)}.")
    return ROBUSTNESS[name]


def _always(edit: Edit) -> Any:  # noqa: ANN401 - a rule of readings
    return lambda _row: [edit]
