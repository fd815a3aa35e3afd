"""Detectors as straight lines: train, calibrate, evaluate, export."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from artaudit import catalog
from artaudit.auditor.machine_made import equipped, open_detector
from artaudit.auditor.pairing import Pairs, divided, opener
from artaudit.auditor.readings import handled, read_features
from artaudit.datasets import manifest
from artaudit.datasets.bias import bias
from artaudit.datasets.manifest import Row
from artaudit.datasets.splitting import leaks
from artaudit.detect import bench, crossing, storage
from artaudit.detect.calibration import Calibration
from artaudit.detect.crossing import Described
from artaudit.detect.edits import ROBUSTNESS, Edit
from artaudit.detect.heads import CropDetector
from artaudit.detect.learned import NetworkDetector
from artaudit.detect.loop import LOG, Desk, leads
from artaudit.detect.plots import draw_all
from artaudit.errors import UsageError
from artaudit.evidence import FalseAlarms
from artaudit.image import write_atomically
from artaudit.image.writing import ensure_writable
from artaudit.protocols import Progress

CARD, KEPT = "README.md", ".features"
EDITS = ("as it is", "JPEG 96", "JPEG 75", "resize .75")


@dataclass(frozen=True, slots=True)
class Config:
    """What `audit train` reads from YAML.

    `data` is a manifest, relative to the config; rows of the split `learn` are learned from, real ones of the split
    `hold_out` set the threshold. Every picture is read in `draws` random handlings. `settings` are the detector's,
    `without` names generators to leave out, `tensorboard` asks for its logs while a network learns. `biased` says that
    containers may give the labels away: files are handled alike, but what they went through before stays.
    """

    data: str
    detector: str = "residual"
    settings: Mapping[str, Any] = field(default_factory=dict)
    learn: str = "train"
    hold_out: str = "val"
    draws: int = 4
    seed: int = 0
    without: Sequence[str] = ()
    biased: bool = False
    tensorboard: bool = False


def read_config(path: Path) -> Config:
    """Read a configuration; raises UsageError for one that cannot be read or has a line that is not known."""
    import yaml  # noqa: PLC0415 - where it is used

    try:
        told = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UsageError(f"{path} cannot be read as YAML ({error}): write lines like `data: manifest.csv`.") from error
    known = {field.name for field in fields(Config)}
    if not isinstance(told, dict) or "data" not in told or set(told) - known:
        raise UsageError(f"{path} must name its data, and may hold only {', '.join(sorted(known))}: correct it.")
    config = Config(**told)
    if not isinstance(config.draws, int) or config.draws < 1 or not isinstance(config.seed, int):
        raise UsageError(f"{path} needs whole numbers for draws (from 1) and seed: correct it.")
    return config


def train(path: Path, output: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Train what the configuration at `path` says and keep it in the folder `output`; return the summary.

    Features are kept in pieces as they are read, and so is a network while it learns: a run that was stopped goes on
    where it was and ends in the same numbers. Where several processes learn together (`accelerate launch -m artaudit
    train`), only the first goes on after that; the others return nothing. Raises UsageError for data whose containers
    give the labels away or whose groups are divided.
    """
    config = read_config(path)
    source = path.parent / config.data
    if (output / storage.SETTINGS).exists():
        raise UsageError(f"{output} holds a detector already and nothing is overwritten: choose another -o.")
    rows = [row for row in _split(source, config.learn, config.hold_out) if row.generator not in config.without]
    _refuse_shortcuts(rows, source, biased=config.biased)
    ensure_writable(output)
    detector = _blank(config, path)
    about = {"config": asdict(config), "data_sha256": _digest(source), "pictures": len(rows)}
    kept = output / KEPT / hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]
    if isinstance(detector, NetworkDetector):
        learned = [row for row in rows if row.split == config.learn]
        _learn(detector, learned, source.parent, config.seed, Desk(kept / "network", progress, config.tensorboard))
        if not leads():
            return {}
    drawn = handled(config.draws, config.seed)
    read = read_features(detector, rows, source.parent, drawn, kept=kept, progress=progress)
    learning = np.array([row.split == config.learn for row in read.rows])
    if len(set(read.made[learning].tolist())) < 2 or not (~learning & ~read.made).any():  # noqa: PLR2004 - two labels
        raise UsageError(f"{source} needs both labels in {config.learn} and real pictures in {config.hold_out}.")
    reals = read.features[~learning & ~read.made]
    detector.fit_features(read.features[learning], read.made[learning], held_out=reals)
    summary = _keep(detector, output, config.detector, about)
    for log in (kept / "network").rglob(LOG):
        shutil.copyfile(log, output / log.relative_to(kept / "network").as_posix().replace("/", "-"))
    shutil.rmtree(output / KEPT)
    return summary


def _learn(detector: NetworkDetector, rows: Sequence[Row], folder: Path, seed: int, desk: Desk) -> None:
    """Learn a network; one that has patience is watched on a part of the groups that it does not learn from."""
    opened = opener(folder)
    parts = divided(rows) if detector.patience else (rows,)
    detector.learn(*(Pairs(part, opened, detector.side, detector.batch, seed) for part in parts), desk=desk)


def calibrate(
    folder: Path, data: Path, *, split: str = "val", draws: int = 4, seed: int = 0, progress: Progress | None = None
) -> dict[str, Any]:
    """Learn likelihood ratios for the detector in `folder` from a split of `data` that it was not trained on."""
    detector: Any = open_detector(folder)
    document = storage.describe(folder)
    rows = _split(data, split)
    read = read_features(detector, rows, data.parent, handled(draws, seed), progress=progress)
    scores = detector.score_features(read.features)
    detector.calibration_ = Calibration().fit(scores, read.made, strata=read.strata, groups=read.groups)
    over = detector.gate_.knows(read.features) & (scores >= detector.threshold_) & ~read.made
    population = f"readings of real pictures of the split {split} of {data.name}, handled at random"
    detector.false_alarms_ = FalseAlarms(int(over.sum()), int((~read.made).sum()), population)
    open_detector.cache_clear()
    return _keep(detector, folder, document["kind"], document["about"] | {"calibrated_on_sha256": _digest(data)})


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
    rows, readings = _split(data, split), {}
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
        "data_sha256": _digest(data),
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
    learned = read_features(detector, _split(data, learn), data.parent, handled(2, 0)).described()
    return {
        "trained_on_one": crossing.trained_on_one(detector, learned, seen),
        "left_out": crossing.left_out(detector, learned, seen),
    }


def export(folder: Path, target: Path) -> dict[str, Any]:
    """Copy a detector's files into a new folder, with its card and digests; raises UsageError where one lies there."""
    if target.exists():
        raise UsageError(f"{target} exists and nothing is overwritten: choose another name.")
    open_detector(folder)
    target.mkdir(parents=True)
    names = [name for name in (storage.SETTINGS, storage.TENSORS, CARD) if (folder / name).exists()]
    for name in names:
        shutil.copyfile(folder / name, target / name)
    sums = {name: hashlib.sha256((target / name).read_bytes()).hexdigest() for name in names}
    write_atomically(target / "SHA256SUMS", "".join(f"{sums[name]}  {name}\n" for name in names).encode())
    return {"path": str(target), "files": sums}


def named_edit(name: str) -> Edit:
    """Return an edit by its name; raises UsageError for one that is not known."""
    if name not in ROBUSTNESS:
        raise UsageError(f"There is no edit {name!r} here: choose among {', '.join(ROBUSTNESS)}.")
    return ROBUSTNESS[name]


def _always(edit: Edit) -> Any:  # noqa: ANN401 - a rule of readings
    return lambda _row: [edit]


def _split(data: Path, *names: str) -> list[Row]:
    """Return the rows of a manifest in the splits of these names; raises UsageError where there is none."""
    rows = [row for row in manifest.read(data) if row.split in names]
    if not rows:
        raise UsageError(f"{data} has no picture in {' or '.join(names)}: divide it with `audit data split`.")
    return rows


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


def _keep(detector: Any, folder: Path, kind: str, about: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Write a detector with its card; return the summary."""
    storage.write(detector, folder, kind=kind, about=about)
    alarms = detector.false_alarms_
    lines = [
        f"# Model card: {kind}",
        f"Threshold {detector.threshold_:.3f}; false alarms {alarms.count} of {alarms.trials} ({alarms.population}).",
        "Likelihood ratios: " + ("calibrated." if hasattr(detector, "calibration_") else "not calibrated yet."),
        "```json\n" + json.dumps(about, indent=2, sort_keys=True) + "\n```",
    ]
    write_atomically(folder / CARD, ("\n\n".join(lines) + "\n").encode())
    return {"path": str(folder), "threshold": detector.threshold_, "false_alarms": asdict(alarms), **about}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
