"""Measures the shipped detector as `audit check` asks it, and writes docs/limits.md's tables.

Usage: python benchmarks/detect.py --data ../shared/data [--cloaked .cache/cloaked]. Only pictures that no training and
no calibration has seen are used; every one of them is saved by the same recipe. Rankings, and those of detectors that a
generator was left out of, are `training.detector`'s: they lie beside the weights, from the run that made them.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from artaudit.detect import storage
from artaudit.detect.edits import Chain, Edit, Saved, Trimmed
from artaudit.detect.judging import judge
from artaudit.detect.loading import open_detector, shipped
from artaudit.detect.metrics import clopper_pearson
from benchmarks.page import PAGE, write
from training.detector import DOMAINS_OF
from training.features import DRAWS, THINNED, edits_of, stratum
from training.material import Specimen, specimens

EDITS: dict[str, Edit] = {"JPEG 96": Saved(96), "JPEG 75": Saved(75)}
PAST = Chain((Saved(75), Trimmed(3, 5)))
SPEED_SIDE, SPEED_PICTURES = 512, 24


def held_out(data: Path, cloaked: Path) -> list[Specimen]:
    """Return what nothing was learned from; of the sources for measuring alone, one picture in three."""
    found = [one for one in specimens(data, Path("none"), cloaked) if one.part in {"val", "measure"}]
    return [one for number, one in enumerate(found) if one.part == "val" or number % THINNED == 0]


def answers(found: list[Specimen]) -> dict[str, dict[str, Counter[str]]]:
    """Return, for each source or generator and edit, how often each answer was given.

    Everything is judged twice: as it comes, and said to be what it is, machine-made pictures said to be paintings.
    """
    detector, table = open_detector(shipped()), defaultdict[str, dict[str, Counter[str]]](dict)
    for name, edit in EDITS.items():
        for one in found:
            before = PAST(one.levels) if one.lived == "new" else one.levels
            place = f"generated: {one.generator}" if one.made else f"real: {one.source}"
            own = [kind for kind, domains in DOMAINS_OF.items() if domains[0] == one.domain]
            for kind in ("", *(own or ["painting"])):
                said = judge(detector, edit(before), stratum(edit), kind)
                word = "found" if said.holds else "nothing" if said.holds is False else "cannot tell"
                table[place].setdefault(name, Counter())[word + (", kind said" if kind else "")] += 1
    return table


def rows(table: dict[str, dict[str, Counter[str]]]) -> str:
    """Return the answers as a table, false alarms and finds with exact intervals."""
    lines = ["| pictures | saved as | n | machine-made | cannot tell | kind said: machine-made | cannot tell |"]
    lines.append("|---|---|---|---|---|---|---|")
    for place in sorted(table):
        for edit, counted in table[place].items():
            total, cells = counted.total() // 2, []
            for ending in ("", ", kind said"):
                rate = clopper_pearson(counted[f"found{ending}"], total)
                cells.append(f"{counted[f'found{ending}']} ({rate.value:.1%}, at most {rate.high:.1%})")
                cells.append(str(counted[f"cannot tell{ending}"]))
            lines.append(f"| {place} | {edit} | {total} | {' | '.join(cells)} |")
    return "\n".join(lines)


def speed(found: list[Specimen]) -> float:
    """Return scored pictures of 512 x 512 pixels in a second of one processor core."""
    cv2.setNumThreads(1)
    large = [one.levels for one in found if min(one.levels.shape[:2]) >= SPEED_SIDE][:SPEED_PICTURES]
    detector, started = open_detector(shipped()), time.process_time()
    for levels in large:
        detector.score_crops(levels.astype(np.float32) / 255)
    return len(large) / (time.process_time() - started)


def learning(found: list[Specimen]) -> float:
    """Return the core minutes that reading 1,000 pairs takes, as training reads them; fitting is seconds."""
    chosen = [replace(one, part="fit") for one in found[:: max(1, len(found) // SPEED_PICTURES)]]
    detector, started = open_detector(shipped()), time.process_time()
    for number, one in enumerate(chosen):
        for edit in edits_of(one, number).values():
            detector.features([edit(one.levels).astype(np.float32) / 255])
    return (time.process_time() - started) / len(chosen) * 2000 / 60


def rankings() -> str:
    """Return AUC and finds after each edit, and with each generator left out, as `training.detector` measured them."""
    figures = storage.describe(shipped())["about"]["figures"]
    lines = ["| held-out pictures | AUC, 95 % interval | found at the bar | at paintings' |", "|---|---|---|---|"]
    named = dict(figures["curve"])
    for name, found in figures["generator left out"].items():
        named |= {f"{name} left out of training, {edit}": row for edit, row in found.items()}
    lines += [f"| {name} | {row['AUC']} | {row['found']} | {row['as paintings']} |" for name, row in named.items()]
    return "\n".join(lines)


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cloaked", type=Path, default=Path(".cache/cloaked"))
    args = parser.parse_args()
    found = held_out(args.data, args.cloaked)
    write(PAGE, "detector-ranking", rankings())
    text = f"{rows(answers(found))}\n\n{speed(found):.0f} pictures of 512 x 512 in a second of one core."
    text += f" Reading 1,000 pairs {DRAWS} times each, as training does, takes {learning(found):.0f} core minutes."
    write(PAGE, "detector", text)
    print(text)


if __name__ == "__main__":
    main()
