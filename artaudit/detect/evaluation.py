"""Measures a detector on a data set: along edits, generator by generator, and on every source of real pictures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from artaudit.datasets import manifest
from artaudit.datasets.manifest import LABELS, Row
from artaudit.detect import cross_generator, performance, storage
from artaudit.detect.crop_detector import CropDetector
from artaudit.detect.cross_generator import LabelledFeatures
from artaudit.detect.detectors.fused import FusedDetector
from artaudit.detect.detectors.published import PublishedDetector
from artaudit.detect.feature_table import FeatureTable, handled, read_features
from artaudit.detect.loading import open_scoring
from artaudit.detect.network_detector import NetworkDetector
from artaudit.detect.performance import ScoreTable
from artaudit.detect.scoring import verdict
from artaudit.edits import ROBUSTNESS, Edit
from artaudit.errors import UsageError
from artaudit.image import write_atomically
from artaudit.image.writing import ensure_writable
from artaudit.protocols import Progress

EDITS = ("as it is", "JPEG 96", "JPEG 75", "resize .75")
"""What is done to every picture, if nothing else is asked for."""

RESULT = "evaluation.json"


def evaluate(
    folder: Path,
    data: Path,
    *,
    split: str = "val",
    edits: Sequence[str] = EDITS,
    learn: str = "",
    output: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Measure the detector in `folder` on a split of `data`, every picture edited alike, an edit at a time.

    With `learn`, a split that heads like the detector's may learn from, the answer also says how these do trained on
    one generator alone and with one left out, after the first edit. A new folder `output` gets the answer as JSON, its
    tables as CSV and LaTeX, and figures as SVG. Raises UsageError for a detector with a network, which has seen all
    generators, or an added one, and `learn`, and for an `output` that exists.
    """
    detector: Any = open_scoring(folder)
    if learn and isinstance(detector, NetworkDetector):
        raise UsageError("A network has seen all generators it was trained on: train it anew, `without` one in CONFIG.")
    if learn and isinstance(detector, PublishedDetector | FusedDetector):
        raise UsageError("An added network has no head that could learn anew: leave --learn out.")
    if output is not None:
        _ensure_new(output)
    chosen = {name: named_edit(name) for name in edits}
    rows, features = manifest.read_splits(data, split), {}
    if len({row.label for row in rows}) < len(LABELS):
        raise UsageError(f"{data} has {rows[0].label} pictures alone in {split}: metrics compare them with the others.")
    for number, (name, edit) in enumerate(chosen.items()):
        told = _part(progress, number, len(chosen))
        features[name] = read_features(detector, rows, data.parent, _always(edit), progress=told)
    seen = {name: table.scored(detector) for name, table in features.items()}
    crossed = _crossed(detector, data, learn, features[edits[0]].labelled()) if learn else {}
    found = {
        "detector": {"path": str(folder), "sha256": storage.digest(folder), "threshold": detector.threshold_},
        "data": {"path": str(data), "sha256": manifest.digest(data), "split": split, "edits": list(chosen)},
        **_measured(detector, features, seen),
        **crossed,
    }
    if output is not None:
        _write(found, seen, output)
    return found


def _measured(detector: Any, features: Mapping[str, FeatureTable], seen: Mapping[str, ScoreTable]) -> dict[str, Any]:  # noqa: ANN401
    threshold = float(detector.threshold_)
    return {
        "curve": {
            name: performance.ranking(table, threshold) | features[name].calibrated(detector)
            for name, table in seen.items()
        },
        "generators": {name: performance.generator_by_generator(table, threshold) for name, table in seen.items()},
        "false_alarms": performance.false_alarms(seen, threshold),
        "roc": {name: performance.roc(table) for name, table in seen.items()},
        "pictures": [row for name, table in features.items() for row in _pictures(name, table, seen[name], threshold)],
        "unread": [
            {"edit": name, "path": left.row.path, "reason": left.reason}
            for name, table in features.items()
            for left in table.unread
        ],
    }


def _pictures(edit: str, read: FeatureTable, seen: ScoreTable, threshold: float) -> list[dict[str, Any]]:
    """Return a row for each picture that gave a score after an edit."""
    return [
        {
            "edit": edit,
            "path": row.path,
            "sha256": row.sha256,
            "label": row.label,
            "generator": row.generator,
            "source": row.source,
            "group": str(group),
            "stratum": str(stratum),
            "score": float(score),
            "out_of_distribution": not known,
            "verdict": verdict(float(score), threshold, known=bool(known)),
        }
        for row, group, stratum, score, known in zip(
            read.rows, seen.groups, read.strata, seen.scores, seen.known, strict=True
        )
    ]


def _crossed(detector: CropDetector, data: Path, learn: str, seen: LabelledFeatures) -> dict[str, dict[str, Any]]:
    """Return how heads that learn from the split `learn`, each picture handled twice, do on other generators."""
    rows = manifest.read_splits(data, learn)
    learned = read_features(detector, rows, data.parent, handled(2, 0)).labelled()
    return {
        "trained_on_one": cross_generator.trained_on_one(detector, learned, seen),
        "left_out": cross_generator.left_out(detector, learned, seen),
    }


def _write(found: Mapping[str, Any], seen: Mapping[str, ScoreTable], output: Path) -> None:
    from artaudit.detect import plots, tables  # noqa: PLC0415 - matplotlib is heavy

    output.mkdir(parents=True, exist_ok=True)
    write_atomically(output / RESULT, (json.dumps(found, indent=2, sort_keys=True) + "\n").encode())
    tables.write_all(found, output)
    plots.draw_all(seen, found.get("trained_on_one", {}), output)


def _ensure_new(output: Path) -> None:
    if output.exists():
        raise UsageError(f"{output} exists and nothing is overwritten: choose another --output.")
    ensure_writable(output.parent)


def named_edit(name: str) -> Edit:
    """Return an edit by its name; raises UsageError for one that is not known."""
    if name not in ROBUSTNESS:
        raise UsageError(f"There is no edit {name!r} here: choose among {', '.join(ROBUSTNESS)}.")
    return ROBUSTNESS[name]


def _always(edit: Edit) -> Callable[[Row], Sequence[Edit]]:
    return lambda _row: [edit]


def _part(progress: Progress | None, number: int, parts: int) -> Progress | None:
    """Return the progress of one of several equal parts as progress of the whole."""
    if progress is None:
        return None
    return lambda done, total: progress(number * total + done, parts * total)
