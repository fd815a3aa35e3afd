"""Teaches a trained detector what its scores mean, on pictures that it was not trained on.

A stratum holds files of one codec and, of JPEGs, of one band of quality, as the last save of each picture's handling
leaves them; each stratum is calibrated by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from artaudit.datasets import manifest
from artaudit.datasets.manifest import GENERATED, REAL, Row
from artaudit.detect import storage
from artaudit.detect.calibration import Calibration
from artaudit.detect.detectors.published import PublishedDetector
from artaudit.detect.feature_table import Drawn, handled, read_features
from artaudit.detect.loading import open_detector, shipped
from artaudit.detect.model_folder import keep
from artaudit.detect.strata import stratum_of_edit
from artaudit.errors import UsageError
from artaudit.findings import FalseAlarms
from artaudit.protocols import Progress

Counts = dict[str, dict[str, int]]
"""By stratum and label, how many groups there are."""


def calibrate(
    folder: Path, data: Path, *, split: str = "val", draws: int = 4, seed: int = 0, progress: Progress | None = None
) -> dict[str, Any]:
    """Learn likelihood ratios for the detector in `folder` from a split of `data` that it was not trained on.

    Raises UsageError, before any picture is read, where no stratum has enough groups of either label, and for the
    detector that comes with artaudit.
    """
    if folder == shipped():
        raise UsageError("The detector that comes with artaudit stays as it was measured: calibrate one of your own.")
    document, rows = storage.describe(folder), manifest.read_splits(data, split)
    drawn, blank = handled(draws, seed), Calibration()
    counts = count(rows, drawn, int(document["settings"].get("side", 0)))
    refuse_too_few(counts, blank.least, split)
    detector: Any = open_detector(folder)
    read = read_features(detector, rows, data.parent, drawn, progress=progress)
    if isinstance(detector, PublishedDetector):
        detector.begin(read.features[~read.made])
    scores = detector.score_features(read.features)
    detector.calibration_ = blank.fit(scores, read.made, strata=read.strata, groups=read.groups)
    over = detector.gate_.knows(read.features) & (scores >= detector.threshold_) & ~read.made
    population = f"readings of real pictures of the split {split} of {data.name}, handled at random"
    detector.false_alarms_ = FalseAlarms(int(over.sum()), int((~read.made).sum()), population)
    open_detector.cache_clear()
    about = document["about"] | {"calibrated_on_sha256": manifest.digest(data)}
    strata = [{"stratum": name, **row, "calibrated": detector.calibration_.knows(name)} for name, row in counts.items()]
    return keep(detector, folder, document["kind"], about) | {"strata": strata, "least": blank.least}


def count(rows: Sequence[Row], drawn: Drawn, side: int = 0) -> Counts:
    """Return how many groups of each label every stratum will have, told from the manifest alone.

    Pictures that the manifest calls smaller than `side` pixels give no score and are left out.
    """
    groups: dict[str, dict[str, set[str]]] = defaultdict(lambda: {REAL: set(), GENERATED: set()})
    for row in rows:
        if row.width and min(row.width, row.height) < side:
            continue
        for edit in drawn(row):
            groups[stratum_of_edit(edit, row)][row.label].add(row.pair or row.group or row.path)
    return {name: {label: len(found) for label, found in groups[name].items()} for name in sorted(groups)}


def refuse_too_few(counts: Counts, least: int, split: str) -> None:
    """Raise UsageError where no stratum has `least` groups of either label."""
    if any(min(row.values()) >= least for row in counts.values()):
        return
    told = "; ".join(f"{name}: {row[REAL]} real, {row[GENERATED]} machine-made" for name, row in counts.items())
    raise UsageError(
        f"No stratum has {least} groups of real and {least} of machine-made pictures in the split {split} (a stratum "
        f"is the files of one codec and band of JPEG quality after handling; here {told or 'is none'}): calibrate on "
        "more pictures, or read each in more --draws."
    )
