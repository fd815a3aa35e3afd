"""Trains the detector that a configuration describes; a run that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from artaudit import catalog
from artaudit.datasets import manifest
from artaudit.datasets.bias import bias
from artaudit.datasets.manifest import LABELS, REAL, Row
from artaudit.datasets.splitting import leaks
from artaudit.detect import storage
from artaudit.detect.config import Config, read_config
from artaudit.detect.crop_pairs import CropPairs, divided, opener
from artaudit.detect.feature_table import handled, read_features
from artaudit.detect.loading import equipped
from artaudit.detect.model_folder import keep
from artaudit.detect.network_detector import NetworkDetector
from artaudit.detect.training_loop import LOG, RunDirectory, leads
from artaudit.errors import UsageError
from artaudit.findings import PLUGIN
from artaudit.image.writing import ensure_writable
from artaudit.protocols import Progress

KEPT = ".features"
"""The folder inside the detector's where features lie until they are all read."""


def train(path: Path, output: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Train what the configuration at `path` says and keep it in the folder `output`; return the summary.

    Features are kept in pieces as they are read, and so is a network while it learns: a run that was stopped goes on
    where it was and ends in the same numbers. Where several processes learn together (`accelerate launch -m artaudit
    detector train`), only the first goes on after that; the others return nothing. Raises UsageError for data whose
    containers give the labels away or whose groups are divided.
    """
    config = read_config(path)
    source = path.parent / config.data
    if (output / storage.SETTINGS).exists():
        raise UsageError(f"{output} holds a detector already and nothing is overwritten: choose another -o.")
    rows = [
        row
        for row in manifest.read_splits(source, config.learn, config.hold_out)
        if row.generator not in config.without
    ]
    _refuse_one_kind(rows, source, config)
    _refuse_shortcuts(rows, source, biased=config.biased)
    ensure_writable(output)
    detector = _blank(config, path)
    about = {"config": asdict(config), "data_sha256": manifest.digest(source), "pictures": len(rows)}
    if config.detector in catalog.DETECTORS.offers:
        about[PLUGIN] = str(catalog.DETECTORS.offers[config.detector])
    kept = output / KEPT / hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]
    if isinstance(detector, NetworkDetector):
        learned = [row for row in rows if row.split == config.learn]
        _learn(
            detector, learned, source.parent, config.seed, RunDirectory(kept / "network", progress, config.tensorboard)
        )
        if not leads():
            return {}
    drawn = handled(config.draws, config.seed)
    read = read_features(detector, rows, source.parent, drawn, kept=kept, progress=progress)
    learning = np.array([row.split == config.learn for row in read.rows])
    _refuse_one_kind(read.rows, source, config)
    reals = read.features[~learning & ~read.made]
    detector.fit_features(read.features[learning], read.made[learning], held_out=reals)
    summary = keep(detector, output, config.detector, about)
    for log in (kept / "network").rglob(LOG):
        shutil.copyfile(log, output / log.relative_to(kept / "network").as_posix().replace("/", "-"))
    shutil.rmtree(output / KEPT)
    left = {picture.row.path: picture.reason for picture in read.unread}
    return summary | {"unread": [{"path": path, "reason": reason} for path, reason in left.items()]}


def _learn(detector: NetworkDetector, rows: Sequence[Row], folder: Path, seed: int, run: RunDirectory) -> None:
    """Learn a network; one that has patience is watched on a part of the groups that it does not learn from."""
    opened = opener(folder)
    parts = divided(rows) if detector.patience else (rows,)
    detector.learn(*(CropPairs(part, opened, detector.side, detector.batch, seed) for part in parts), run=run)


def _refuse_one_kind(rows: Sequence[Row], source: Path, config: Config) -> None:
    """Raise UsageError where the pictures that are there cannot teach a head or set its threshold."""
    labels = {row.label for row in rows if row.split == config.learn}
    if labels != set(LABELS) or not any(row.split == config.hold_out and row.label == REAL for row in rows):
        raise UsageError(f"{source} needs both labels in {config.learn} and real pictures in {config.hold_out}.")


def _refuse_shortcuts(rows: Sequence[Row], source: Path, *, biased: bool) -> None:
    """Raise UsageError for data that would teach a shortcut: divided groups, or containers that tell the label."""
    if leaks(rows):
        raise UsageError(f"{source} divides groups between splits: make the splits with `audit data split`.")
    if not biased and (found := bias(rows)).biased:
        told = ", ".join(found.culprits)
        raise UsageError(
            f"{source} gives labels away by {told}: align it with `audit data align`, or write `biased: true`."
        )


def _blank(config: Config, path: Path) -> Any:  # noqa: ANN401 - any detector
    kind = catalog.load(catalog.DETECTORS, config.detector)
    try:
        return equipped(kind(**config.settings))
    except TypeError as error:
        raise UsageError(f"{path} has settings that {config.detector} does not take ({error}): correct it.") from error
