"""Writes docs/limits.md's tables about the detectors that ship, and measures how `audit check` asks them.

Usage: python benchmarks/detect.py [FOLDER… of the collected pictures] [--count 60]. Rankings
are `training.detector`'s, kept beside the weights by the training run. With FOLDERS, `audit check` is
run on --count pictures of the held-out part, with the shipped weights, which have learned from them since: that shows
how often a find is lost under a mild edit, not how good finds are.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from artaudit.detect import storage
from artaudit.detect.decision import decide
from artaudit.detect.loading import open_detector, shipped
from artaudit.metrics import clopper_pearson
from benchmarks.page import PAGE, write
from training.collection import HELD, found, listed, opened

NAMES = ("backbone", "residual")
PARTS = {"held out": "held out", "left out": "left out in turn"}
SIDES = {"512 x 512": (512, 512), "4000 x 3000": (3000, 4000)}
THREADS = (1, 2)


def figures(name: str) -> dict[str, Any]:
    """Return the figures of a detector, which were measured when it was trained."""
    return dict(storage.describe(shipped().parent / name)["about"]["figures"])


def share(count: int, of: int) -> str:
    """Return a count with its share."""
    return f"{count} ({count / of:.0%})" if of else "0"


def by_edit() -> str:
    """Return a row for every detector, part and edit."""
    lines = ["| detector | pictures | edit | AUC, 95 % | machine-made: found | cleared | real: alarms | cleared |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for name in NAMES:
        for part, words in PARTS.items():
            for edit, row in figures(name)[part]["by edit"].items():
                lines.append(f"| `{name}` | {words} | {edit} | {' | '.join(_cells(row))} |")
    return "\n".join(lines)


def _cells(row: dict[str, Any]) -> list[str]:
    value, low, high = row["auc"]
    made, real = row["made"], row["real"]
    alarms = clopper_pearson(row["alarms"], real)
    return [
        f"{value:.3f} ({low:.3f} to {high:.3f})",
        f"{row['found']} of {made} ({row['found'] / made:.0%})",
        share(row["cleared"], made),
        f"{row['alarms']} of {real} ({alarms.value:.1%}, at most {alarms.high:.1%})",
        share(row["real cleared"], real),
    ]


def divided(by: str) -> str:
    """Return a row for every family, kind or size, as JPEG 96, held out and left out in turn."""
    head = f"| {by.removeprefix('by ')} | pictures | machine-made | AUC | found | cleared | real | alarms | cleared |"
    lines = [head, "|---|---|---|---|---|---|---|---|---|"]
    for part, words in PARTS.items():
        for name, row in figures("backbone")[part][by].items():
            if row["made"] and "auc" in row:
                real = (row["real"], row["alarms"], share(row["real cleared"], row["real"]))
                made = (row["made"], f"{row['auc'][0]:.3f}", share(row["found"], row["made"]), row["cleared"])
                lines.append(f"| {name} | {words} | {' | '.join(map(str, (*made, *real)))} |")
    return "\n".join(lines)


def sources() -> str:
    """Return the alarms on every real source; sources without any share one row."""
    lines = ["| real pictures, left out in turn, JPEG 96 | n | alarms |", "|---|---|---|"]
    rows = figures("backbone")["left out"]["by source"]
    clean = {name: row for name, row in rows.items() if not row["alarms"]}
    lines += [f"| {name} | {row['real']} | {row['alarms']} |" for name, row in rows.items() if row["alarms"]]
    total = sum(row["real"] for row in clean.values())
    return "\n".join([*lines, f"| {len(clean)} other sources | {total} | 0 |"])


def cloaks() -> str:
    """Return what becomes of real pictures under each method and strength, of sources nothing was learned from."""
    lines = ["| cloak | pictures | n | mean score | alarms | cleared |", "|---|---|---|---|---|---|"]
    for part, words in PARTS.items():
        for name, row in figures("backbone")[part]["by cloak"].items():
            told = (f"{row['score']:.2f}", row["alarms"], share(row["real cleared"], row["real"]))
            lines.append(f"| {name} | {words} | {row['real']} | {' | '.join(map(str, told))} |")
    return "\n".join(lines)


def answers(folders: list[Path], count: int) -> str:
    """Return the answers that `audit check` gives for held-out pictures, counted by label."""
    rows = [row for row in listed() if row.part == HELD]
    places = found(folders, (row.sha256 for row in rows))
    here = [row for row in rows if row.sha256 in places]
    detector, counts = open_detector(shipped()), {label: Counter[str]() for label in ("made", "real")}
    for row in here[:: max(1, len(here) // count)]:
        decision = decide(detector, opened(row, places[row.sha256]), "lossless")
        word = {True: "found", False: "cleared", None: f"cannot tell: {decision.reason}"}[decision.holds]
        counts[row.label][word] += 1
    return "\n".join(f"{label}: {dict(counted)}" for label, counted in counts.items())


def speed() -> str:
    """Return seconds per picture by size and threads, with the model open, and how far scores differ by threads."""
    detector, rng, lines, scores = open_detector(shipped()), np.random.default_rng(0), [], []
    for name, (height, width) in SIDES.items():
        small = rng.random((height // 8, width // 8, 3)).astype(np.float32)
        picture = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1)
        for threads in THREADS:
            torch.set_num_threads(threads)
            cv2.setNumThreads(threads)
            detector.features([picture])
            took, score = _timed(detector, picture)
            scores.append((name, score))
            lines.append(f"{name}, {threads} thread{'s' * (threads > 1)}: {took:.2f} s")
    apart = max(abs(first - second) for size, first in scores for name, second in scores if name == size)
    return "; ".join(lines) + f". Scores by 1 and by 2 threads differ by at most {apart:.1g}."


def _timed(detector: Any, picture: np.ndarray) -> tuple[float, float]:  # noqa: ANN401 - the shipped detector
    """Return the shortest of three times that scoring takes, in seconds, and the score."""
    took = []
    for _ in range(3):
        started = time.perf_counter()
        score = float(detector.score_samples([picture])[0])
        took.append(time.perf_counter() - started)
    return min(took), score


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--count", type=int, default=60)
    args = parser.parse_args()
    write(PAGE, "detector-ranking", by_edit())
    write(PAGE, "detector-families", divided("by family"))
    write(PAGE, "detector-kinds", f"{divided('by kind')}\n\n{divided('by size')}")
    write(PAGE, "detector-sources", sources())
    write(PAGE, "detector-cloaks", cloaks())
    write(PAGE, "detector-speed", speed())
    if args.folders:
        print(answers(args.folders, args.count))


if __name__ == "__main__":
    main()
