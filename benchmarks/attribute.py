"""How well decoders are named by what they draw, on pictures that no calibration has seen.

    python benchmarks/attribute.py --data ../shared/data [--learned-on 60] [--pictures 60] [--cropped 16]

Candidates are the embedded autoencoders and their teachers. Calibrations are learned on the training split; measured
is on middle crops of the validation split, each as it is, blurred, and redrawn by every candidate, beside drawings.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from artaudit.attribution.evaluation import (
    NONE,
    Share,
    accuracy_at_false_alarms,
    answer,
    auc,
    closed_set_accuracy,
    confusion,
    open_set_auc,
)
from artaudit.attribution.latenttracer import LatentTracer
from artaudit.attribution.statistic import redraw
from artaudit.auditor.attributing import Candidate, candidates, open_candidate, opinion, statistic
from artaudit.auditor.learning import SIDE, learn, middle_crops, strangers, to_8_bits
from artaudit.image import Image, read
from artaudit.transforms import Jpeg, Rescale
from training.attribution import teachers, training_pictures

EDITS: dict[str, Callable[[Tensor], Tensor]] = {
    "as it is": lambda pixels: pixels,
    "JPEG 90": lambda pixels: to_8_bits(Jpeg(90)(pixels, 0)),
    "JPEG 75": lambda pixels: to_8_bits(Jpeg(75)(pixels, 0)),
    "smaller and back (0.8)": lambda pixels: to_8_bits(Rescale(0.8)(pixels, 0)),
    "crop (3, 5), no search": lambda pixels: pixels[..., 3 : SIDE - 5, 5 : SIDE - 3],
}

Scores = Mapping[str, Mapping[str, np.ndarray]]
"""By candidate, then by set."""


def calibrated(data: Path, count: int) -> list[Candidate]:
    """Return all candidates, calibrated on the training split."""
    everyone = [one for one in candidates() if one.record.kind == "studio"] + teachers(data)
    pictures = training_pictures(data, count)
    found = []
    for one in everyone:
        learned = learn(one, [other for other in everyone if other is not one], pictures)
        found.append(replace(one, calibration=learned))
        print(f"{one.record.name}: learned, {'separable' if learned.separable else 'not separable'}", flush=True)
    return found


def validation_pictures(data: Path, label: str, count: int) -> list[Image]:
    """Return pictures of the validation split, in an order that is drawn once."""
    paths = [data / row["path"] for row in measured(data, label)]
    return [read(paths[place]) for place in np.random.default_rng(1).permutation(len(paths))[:count]]


def measured(data: Path, label: str) -> list[dict[str, str]]:
    """Return the rows of the validation and portfolio splits with a label, also of what no training may use."""
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["label"] == label and row["split"] in ("val", "portfolio")]


def score(one: Candidate, pixels: Tensor) -> np.ndarray:
    """Return a candidate's scores of pictures on their own grid."""
    learned = one.calibration
    assert learned is not None  # noqa: S101 - calibrated above
    numbers = statistic(learned.method).measure(open_candidate(one.record), pixels)
    return learned.score(numbers.double().numpy())


def score_all(asked: Sequence[Candidate], sets: Mapping[str, Tensor]) -> Scores:
    """Return every candidate's scores of every set."""
    return {one.record.name: {name: score(one, batch) for name, batch in sets.items()} for one in asked}


def told(scores: Scores, asked: Sequence[Candidate]) -> None:
    """Print what one edit leaves of closed and open set."""
    names = [one.record.name for one in asked]
    for name in names:
        own, others = scores[name][name], {key: value for key, value in scores[name].items() if key != name}
        parts = ", ".join(f"{key} {auc(own, value):.3f}" for key, value in others.items())
        everything = np.concatenate(list(others.values()))
        at_5 = accuracy_at_false_alarms(own, everything)
        print(f"  {name}: AUC {auc(own, everything):.3f} ({parts}); accuracy at 5 % false alarms {at_5}")
    truths = [key for key in scores[names[0]] for _ in scores[names[0]][key]]
    table = [
        dict(zip(names, values, strict=True))
        for key in scores[names[0]]
        for values in zip(*(scores[name][key] for name in names), strict=True)
    ]
    bars = {one.record.name: one.calibration.bar for one in asked if one.calibration is not None}
    print(f"  open-set AUC {open_set_auc(truths, table):.3f}")
    for truth, row in confusion(truths, table, bars).items():
        print(f"    {truth}: {row}")
    drawn = [(truth, row) for truth, row in zip(truths, table, strict=True) if truth in names]
    closed = confusion([truth for truth, _ in drawn], [row for _, row in drawn])
    print(f"  closed-set accuracy {closed_set_accuracy(closed)}", flush=True)


def with_search(asked: Sequence[Candidate], sets: Mapping[str, Tensor], count: int) -> None:
    """Print AUCs of cropped pictures where the grid is searched, and how often it is found."""
    for one in asked:
        found: dict[str, list[float]] = {}
        hits = 0
        for name in ("real pictures", "blurred pictures", one.record.name):
            for pixels in sets[name][:count]:
                said = opinion(pixels[None, :, 3:, 5:], one, (1.0,))
                found.setdefault(name, []).append(said.score)
                hits += name == one.record.name and (said.grid.top, said.grid.left) == (5, 3)
        own = np.array(found.pop(one.record.name))
        parts = ", ".join(f"{name} {auc(own, np.array(values)):.3f}" for name, values in found.items())
        print(f"  {one.record.name}: AUC {parts}; grid found {Share(hits, len(own))}", flush=True)


def strangers_named(asked: Sequence[Candidate], pictures: Sequence[Image]) -> None:
    """Print how often nobody claims pictures of generators that are not held."""
    crops = middle_crops(pictures)
    scores = {one.record.name: score(one, crops) for one in asked}
    bars = {one.record.name: one.calibration.bar for one in asked if one.calibration is not None}
    named = [answer({name: float(scores[name][place]) for name in scores}, bars) for place in range(len(crops))]
    print(f"generated by models not held: {NONE} {Share(sum(not one for one in named), len(named))}", flush=True)


def speed(asked: Sequence[Candidate]) -> None:
    """Print the seconds each candidate takes for one picture of 512 x 512, models open."""
    pixels = torch.rand(1, 3, 512, 512, generator=torch.Generator().manual_seed(0))
    for one in asked:
        spent = []
        for search in (False, True):
            begin = time.perf_counter()
            opinion(pixels, one, (1.0,), search=search)
            spent.append(time.perf_counter() - begin)
        print(f"  {one.record.name}: {spent[0]:.2f} s, with the grid searched {spent[1]:.2f} s", flush=True)
    traced = LatentTracer(steps=20, settled=0).trace(open_candidate(asked[0].record), pixels[..., :256, :256])
    print(f"  latenttracer on {asked[0].record.name}, 256 x 256: {traced.iterations_per_second:.1f} iterations/s")


def main() -> None:
    """Learn, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--learned-on", type=int, default=60)
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--cropped", type=int, default=16)
    chosen = parser.parse_args()
    torch.set_num_threads(2)
    asked = calibrated(chosen.data, chosen.learned_on)
    print(f"seconds a picture of 512 x 512, {torch.get_num_threads()} threads")
    speed(asked)
    crops = middle_crops(validation_pictures(chosen.data, "real", chosen.pictures))
    drawn = {one.record.name: to_8_bits(redraw(open_candidate(one.record), crops)) for one in asked}
    sets = {**strangers(crops), **drawn}
    for name, edit in EDITS.items():
        print(f"{name}: {len(crops)} pictures a set, {SIDE} pixels")
        told(score_all(asked, {key: edit(batch) for key, batch in sets.items()}), asked)
    strangers_named(asked, validation_pictures(chosen.data, "generated", chosen.pictures))
    print(f"crop (3, 5), grid searched: {chosen.cropped} pictures a set")
    with_search(asked, sets, chosen.cropped)


if __name__ == "__main__":
    main()
