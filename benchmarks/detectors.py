"""Measures the catalog's other detectors, trained for a short time, beside the default one on the same pictures.

    python benchmarks/detectors.py FOLDER… [--seconds 150] [--only cnn npr] [--every 4] [--write]

FOLDERS hold the collected pictures of `training/collection.csv`. A network learns for --seconds CPU seconds from pairs
of crops of the training part; then its head is fitted on the features of every picture. The held-out part is measured.
"""

from __future__ import annotations

import argparse
import copy
import json
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import Bool, Float

from artaudit.detect import metrics
from artaudit.detect.detectors.cnn import CnnDetector
from artaudit.detect.detectors.lnp import LnpDetector
from artaudit.detect.detectors.npr import NprDetector
from artaudit.detect.detectors.reconstruction import ReconstructionDetector
from artaudit.detect.detectors.residual import ResidualDetector
from artaudit.detect.loading import equipped
from artaudit.detect.network_detector import NetworkDetector
from artaudit.detect.training_loop import RunDirectory
from artaudit.edits import Chain, Edit, Saved, Trimmed, handling
from artaudit.generators import pool
from benchmarks.page import PAGE, write
from training.collection import DEV, HELD, LEARNED, MADE, Listed, found, listed, opened
from training.detector import root_weights

Features = Float[np.ndarray, "pictures numbers"]
OUT = Path(".cache/detectors")
SEED, PROBED, SIDE = 7, 6, 512
ALONE = "flux.2"


@dataclass(frozen=True)
class Specimen:
    """A listed picture: its row, and the levels of its middle, at most `SIDE` pixels a side, on the 8-pixel grid."""

    about: Listed
    levels: Any

    @property
    def made(self) -> bool:
        """Return whether it is machine-made."""
        return self.about.label == MADE

    @property
    def domain(self) -> str:
        """Return its family of generators, or its source."""
        return self.about.family or self.about.source


def specimens(folders: Sequence[Path], part: str, every: int) -> list[Specimen]:
    """Return every `every`-th picture of a part; in the training part only those that may be learned from."""
    rows = [row for row in listed() if row.part == part and (part == HELD or row.use == LEARNED)][::every]
    places = found(folders, (row.sha256 for row in rows))
    return [Specimen(row, _middle(opened(row, places[row.sha256]))) for row in rows if row.sha256 in places]


def _middle(levels: Any) -> Any:  # noqa: ANN401 - levels
    top, left = (max(0, length - SIDE) // 16 * 8 for length in levels.shape[:2])
    return np.ascontiguousarray(levels[top : top + SIDE, left : left + SIDE])


def detectors() -> dict[str, Callable[[], Any]]:
    """Return makers of the measured detectors, by name; all but the default read four crops per picture."""
    autoencoders = [record.name for record in pool.embedded() if record.kind == "studio"]
    return {
        "residual": ResidualDetector,
        "cnn": lambda: CnnDetector(batch=12, crops=4, width=16),
        "npr": lambda: NprDetector(batch=12, crops=4),
        "lnp": lambda: LnpDetector(batch=8, crops=4),
        "reconstruction": lambda: equipped(ReconstructionDetector(autoencoders, crops=4)),
    }


@dataclass(frozen=True)
class Pairs:
    """Draws batches with as many real as machine-made crops, all domains equally often, with random edits."""

    found: Sequence[Specimen]
    side: int
    batch: int

    def __call__(self, step: int, process: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the crops of a step and their labels."""
        random = np.random.default_rng((SEED, step, process))
        made = [number % 2 == 1 for number in range(2 * self.batch)]
        return torch.from_numpy(np.stack([self._crop(random, label) for label in made])), torch.tensor(made)

    @cached_property
    def _domains(self) -> dict[bool, dict[str, list[Specimen]]]:
        """Return the pictures by label and domain."""
        domains: dict[bool, dict[str, list[Specimen]]] = {False: defaultdict(list), True: defaultdict(list)}
        for picture in self.found:
            domains[picture.made][picture.domain].append(picture)
        return domains

    def _crop(self, random: np.random.Generator, made: bool) -> Any:  # noqa: ANN401, FBT001 - levels; a label
        domains = self._domains[made]
        names = sorted(domains)
        while True:
            pictures = domains[names[random.integers(len(names))]]
            picture = pictures[random.integers(len(pictures))]
            reach = int(self.side / 0.6) + 16
            levels = _window(picture.levels, reach, random)
            levels = handling(int(random.integers(2**31)))(levels)
            if min(levels.shape[:2]) >= self.side:
                square = _window(levels, self.side, random)
                return np.ascontiguousarray(square[:, ::-1] if random.random() < 0.5 else square)


def _window(levels: Any, side: int, random: np.random.Generator) -> Any:  # noqa: ANN401 - levels
    top, left = (int(random.integers(max(1, length - side + 1))) for length in levels.shape[:2])
    return levels[top : top + side, left : left + side]


def learn(detector: NetworkDetector, found: Sequence[Specimen], seconds: float) -> None:
    """Train a network for about `seconds` CPU seconds, estimated from a few steps of a copy."""
    pairs, probe = Pairs(found, detector.side, detector.batch), copy.deepcopy(detector)
    _steps(probe, PROBED)
    begin = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        probe.learn(pairs, run=RunDirectory(Path(folder)))
    _steps(detector, max(PROBED, round(seconds * PROBED / (time.process_time() - begin))))
    with tempfile.TemporaryDirectory() as folder:
        detector.learn(pairs, run=RunDirectory(Path(folder)))


def _steps(detector: NetworkDetector, steps: int) -> None:
    detector.steps = steps
    if isinstance(detector, LnpDetector):
        detector.denoiser_steps = steps


def read(detector: Any, found: Sequence[Specimen], edit: Callable[[Specimen], Edit]) -> Features:  # noqa: ANN401
    """Return the features of every picture that the head sees; NaN for pictures that are too small."""
    rows = [detector.features([edit(picture)(picture.levels).astype(np.float32) / 255])[0] for picture in found]
    width = max(map(len, rows))
    return np.stack([row if len(row) == width else np.full(width, np.nan) for row in rows])


def _handled(picture: Specimen) -> Edit:
    return handling(zlib.crc32(picture.levels.tobytes()))


def _past(_: Specimen) -> Edit:
    return Chain((Trimmed(3, 5), Saved(75)))


EDITS: dict[str, Callable[[Specimen], Edit]] = {"JPEG 96": lambda _: Saved(96), "trimmed, JPEG 75": _past}


def measured(detector: Any, found: Sequence[Specimen], apart: Sequence[Specimen], seconds: float) -> dict[str, Any]:  # noqa: ANN401
    """Train a detector and return its figures and CPU seconds."""
    begin = time.process_time()
    if isinstance(detector, NetworkDetector):
        learn(detector, found, seconds)
    learned = time.process_time()
    features, made = read(detector, found, _handled), np.array([picture.made for picture in found])
    kept, domains = np.isfinite(features).all(1), np.array([picture.domain for picture in found])
    weights = root_weights(domains)[kept]
    reals = features[kept & ~made]
    detector.fit_features(features[kept], made[kept], held_out=reals, weights=weights / weights.mean())
    done: dict[str, Any] = {"steps": getattr(detector, "steps", 0), "learn": round(learned - begin)}
    done["read"] = round(time.process_time() - learned)
    return done | {name: _ranked(detector, read(detector, apart, edit), apart) for name, edit in EDITS.items()}


def _ranked(detector: Any, features: Features, apart: Sequence[Specimen]) -> dict[str, Any]:  # noqa: ANN401
    kept: Bool[np.ndarray, " pictures"] = np.isfinite(features).all(1)
    scores = detector.score_features(features[kept])
    made, groups, families = (
        np.array(column)[kept]
        for column in (
            [picture.made for picture in apart],
            [picture.about.group for picture in apart],
            [picture.about.family for picture in apart],
        )
    )
    these = ~made | (families == ALONE)
    interval = metrics.bootstrap(metrics.labelled_auc, scores, made, groups=groups, resamples=200)
    return {
        "auc": str(interval),
        "alone": round(float(metrics.labelled_auc(scores[these], made[these])), 3),
        "n": len(scores),
    }


def table(found: dict[str, dict[str, Any]]) -> str:
    """Return a table with a row for each detector."""
    lines = [
        f"| detector | steps | JPEG 96, AUC | trimmed, JPEG 75, AUC | {ALONE} alone, JPEG 96 | CPU s: learn, read |"
    ]
    lines.append("|---|---|---|---|---|---|")
    for name, row in found.items():
        first, second = (row[edit] for edit in EDITS)
        cost = f"{row['learn']}, {row['read']}"
        lines.append(f"| `{name}` | {row['steps']} | {first['auc']} | {second['auc']} | {first['alone']} | {cost} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, keep each detector's figures, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=150)
    parser.add_argument("--only", nargs="+", default=list(detectors()))
    parser.add_argument("--every", type=int, default=1, help="learn from and measure on one picture in so many")
    parser.add_argument("--write", action="store_true", help="put what lies in .cache/detectors into docs/limits.md")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    fit, apart = (specimens(asked.folders, part, asked.every) for part in (DEV, HELD))
    for name in asked.only:
        row = measured(detectors()[name](), fit, apart, asked.seconds)
        (OUT / f"{name}.json").write_text(json.dumps(row, indent=2))
        print(name, len(fit), len(apart), row, flush=True)
    if asked.write:
        kept = {name: OUT / f"{name}.json" for name in detectors()}
        rows = {name: json.loads(path.read_text()) for name, path in kept.items() if path.exists()}
        write(PAGE, "detectors", table(rows))


if __name__ == "__main__":
    main()
