"""How well decoders are named by what they draw, on pictures that no calibration has seen; writes docs/limits.md.

    python benchmarks/attribute.py --data ../shared/data [--part curve strangers …] [--embedded] [--hours .4]

Candidates are the embedded autoencoders with the calibrations they come with, and their teachers, calibrated here on
the training split, or with --embedded only draw. Measured is on middle crops of the validation split. What was measured
is kept in --cache, and a run that is out of time goes on where it was.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor

from artaudit.attribution.calibrating import SIDE, learn, middle_crops, strangers, to_8_bits
from artaudit.attribution.calibration import CandidateCalibration, read_calibration
from artaudit.attribution.candidate import SIDE as LOOKED_AT
from artaudit.attribution.candidate import Candidate, candidates, open_candidate, opinion, statistic
from artaudit.attribution.evaluation import score, summary
from artaudit.attribution.examiner import Origin
from artaudit.attribution.figures import NONE, Share, answer
from artaudit.attribution.statistic import redraw
from artaudit.attribution.statistics.latenttracer import LatentTracer
from artaudit.edits import ROBUSTNESS
from artaudit.image import Image, decode, read
from artaudit.metrics import auc
from benchmarks.page import PAGE, write
from training.attribution import teachers, training_pictures

EDITS = ("as it is", "JPEG 90")
FURTHER = ("JPEG 75", "WebP 80", "resize .75")
"""Edits that only the embedded candidates are measured on."""

CROP = "crop 3, 5"
UNASKED = ("generated", "resized pictures", "grey pictures")
"""Sets that calibrations learn from, or that have a sentence of their own."""

REAL = "real pictures"


@dataclass(frozen=True, slots=True)
class Bench:
    """The candidates, the pictures, and where scores are kept until `deadline`."""

    asked: Sequence[Candidate]
    sets: Mapping[str, Any]
    cache: Path
    deadline: float

    def scores(
        self, edit: str, asked: Sequence[Candidate], names: Sequence[str], count: int, *, search: bool = False
    ) -> dict[str, dict[str, np.ndarray]]:
        """Return every candidate's scores of the first `count` pictures of these sets, kept ones unread."""
        found: dict[str, dict[str, np.ndarray]] = {}
        for one in asked:
            for name in names:
                parts = (edit, name, count, "searched" if search else "on the grid", _learned(one).as_json())
                path = self.cache / f"{one.record.name} {hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}.npy"
                if not path.exists():
                    if time.monotonic() > self.deadline:
                        sys.exit("out of time: run it again to go on")
                    begin, crops = time.monotonic(), self.sets[name][:count]
                    np.save(path, score(one, {name: crops}, ROBUSTNESS[edit], search=search)[name])
                    print(
                        f"{one.record.name}, {edit}, {name}, {parts[3]}: {time.monotonic() - begin:.0f} s", flush=True
                    )
                found.setdefault(one.record.name, {})[name] = np.load(path)
        return found


def calibrated(data: Path, count: int, cache: Path) -> list[Candidate]:
    """Return all candidates: the embedded ones as they come, their teachers calibrated on `count` training pictures."""
    embedded, found = [one for one in candidates() if one.record.kind == "studio"], []
    everyone = embedded + teachers(data)
    for one in everyone:
        kept = cache / f"{one.record.name}.json"
        if one.calibration is None and not kept.exists() and count:
            pictures, begin = training_pictures(data, count), time.monotonic()
            learned = learn(one, [other for other in everyone if other is not one], pictures)
            kept.write_text(learned.as_json(), encoding="utf-8")
            print(f"{one.record.name}: calibrated in {time.monotonic() - begin:.0f} s", flush=True)
        known = read_calibration(kept) if count and one.calibration is None else one.calibration
        found.append(replace(one, calibration=known))
    return found


def validation_pictures(data: Path, label: str, count: int | None = None) -> list[Image]:
    """Return pictures of the validation and portfolio splits, also of what no training may use, in a fixed order."""
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] == label and row["split"] in ("val", "portfolio")]
    paths = [data / row["path"] for row in rows]
    return [read(paths[place]) for place in np.random.default_rng(1).permutation(len(paths))[:count]]


def pictures_of(data: Path, asked: Sequence[Candidate], count: int, cache: Path) -> dict[str, Any]:
    """Return crops of 8 bits by who made them."""
    folder = cache / f"pictures-{count}"
    if not folder.is_dir():
        crops = middle_crops(validation_pictures(data, "real", count + 10))[:count]
        drawn = {one.record.name: to_8_bits(redraw(open_candidate(one.record), crops)) for one in asked}
        made = middle_crops(validation_pictures(data, "generated"))
        begun = cache / "pictures, unfinished"
        begun.mkdir(exist_ok=True)
        for name, batch in (strangers(crops) | drawn | {"generated": made}).items():
            np.save(begun / f"{name}.npy", _levels(batch))
        begun.rename(folder)
    order = (*strangers(torch.zeros(1, 3, SIDE, SIDE)), *(one.record.name for one in asked), "generated")
    return {name: np.load(folder / f"{name}.npy") for name in order}


def _levels(batch: Tensor) -> np.ndarray:
    return (batch * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def _learned(one: Candidate) -> CandidateCalibration:
    return cast(CandidateCalibration, one.calibration)


def _bar(one: Candidate) -> float:
    return _learned(one).bar


def _as_image(pixels: Tensor) -> Image:
    buffer = io.BytesIO()
    Pillow.fromarray(_levels(pixels)[0]).save(buffer, "PNG")
    return decode(buffer.getvalue(), name="noise")


def table(scores: Mapping[str, Mapping[str, np.ndarray]], bars: Mapping[str, float]) -> str:
    """Return one edit's results as two tables: each candidate alone, and who is named."""
    said, names = summary(scores, bars), list(scores)
    lines = [
        "| candidate | AUC against everything else | worst set | accuracy at 5 % false alarms |",
        "|---|---|---|---|",
    ]
    for name in names:
        row = said["candidates"][name]
        worst, value = min(row["auc_by_set"].items(), key=lambda one: one[1])
        at_5 = row["accuracy_at_5_percent_false_alarms"]
        lines.append(f"| `{name}` | {row['auc']:.3f} | {value:.3f} ({worst}) | {at_5} |")
    columns = [*names, NONE]
    lines += ["", f"| drawn by, named → | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    lines += [
        f"| {key} | {' | '.join(str(row.get(one, 0)) for one in columns)} |" for key, row in said["confusion"].items()
    ]
    lines += ["", f"Closed-set accuracy {said['closed_set_accuracy']}, open-set AUC {said['open_set_auc']:.3f}."]
    return "\n".join(lines)


def curve(bench: Bench, asked: Sequence[Candidate], names: Sequence[str], count: int) -> str:
    """Return the AUC against everything else, and of the own ones found, edit by edit."""
    edits = (*EDITS, *FURTHER)
    lines = [f"| on the grid | {' | '.join(edits)} |", "|---|" + "---|" * len(edits)]
    for one in asked:
        own, cells = one.record.name, []
        for edit in edits:
            scores = bench.scores(edit, [one], names, count)[own]
            rest = np.concatenate([values for name, values in scores.items() if name != own])
            found = Share(int((scores[own] >= _bar(one)).sum()), len(scores[own]))
            wrong = Share(int((scores[REAL] >= _bar(one)).sum()), len(scores[REAL]))
            cells.append(
                f"{auc(scores[own], rest):.3f}, {found.value:.2f} found, {wrong.count} of {wrong.trials} reals"
            )
        lines.append(f"| `{own}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def searched(bench: Bench, asked: Sequence[Candidate], known: Sequence[str], chosen: argparse.Namespace) -> str:
    """Return what the search for the grid does: AUCs of whole and cropped pictures, and false alarms of reals."""
    lines = [
        "| candidate | pictures a set | AUC, whole | AUC, cropped by (3, 5), searched | own found | reals named |",
        "|---|---|---|---|---|---|",
    ]
    for one in asked:
        own, bar = one.record.name, _bar(one)
        few = chosen.cropped if one.record.kind == "studio" else chosen.cropped // 2
        names = (own, REAL, "blurred pictures")
        plain = bench.scores("as it is", [one], known, chosen.pictures)[own]
        moved = bench.scores(CROP, [one], names, few, search=True)[own]
        aucs = [auc(of[own][:few], np.concatenate([of[name][:few] for name in names[1:]])) for of in (plain, moved)]
        found = Share(int((moved[own] >= bar).sum()), few)
        reals = moved[REAL]
        if one.record.kind == "studio":
            reals = bench.scores("as it is", [one], [REAL], chosen.searched, search=True)[own][REAL]
        wrong = Share(int((reals >= bar).sum()), len(reals))
        lines.append(f"| `{own}` | {few} | {aucs[0]:.3f} | {aucs[1]:.3f} | {found} | {wrong} |")
    return "\n".join(lines)


def open_set(bench: Bench, count: int, searched: int) -> str:
    """Return how often nobody claims pictures of generators that are not held, searched where that is affordable."""
    embedded = [one for one in bench.asked if one.record.kind == "studio"]
    told = []
    for asked, search, many in ((bench.asked, False, count), (embedded, True, searched)):
        scores = bench.scores("as it is", asked, ["generated"], many, search=search)
        bars = {one.record.name: _bar(one) for one in asked}
        rows = [{name: float(one["generated"][place]) for name, one in scores.items()} for place in range(many)]
        nobody = Share(sum(not answer(row, bars) for row in rows), many)
        how = f"{len(asked)} candidates, {'grid searched' if search else 'on the grid as it lies'}"
        told.append(f"{how}: {nobody}")
    return f"Pictures of the validation split by generators that are not held, said to be by {NONE}: {'; '.join(told)}."


def _seconds(act: Callable[[], object]) -> float:
    begin = time.process_time()
    act()
    return time.process_time() - begin


def speed(everyone: Sequence[Candidate]) -> str:
    """Return the processor seconds for one picture of 512 x 512, models open; on n free cores about an n-th."""
    pixels = torch.rand(1, 3, 512, 512, generator=torch.Generator().manual_seed(0))
    lines = ["| processor seconds, 512 x 512 | `double` + `phase` | on the grid | grid searched |", "|---|---|---|---|"]
    total = 0.0
    for one in everyone:
        model, middle = open_candidate(one.record), pixels[..., :LOOKED_AT, :LOOKED_AT]
        both = sum(_seconds(partial(statistic(name).measure, model, middle)) for name in ("double", "phase"))
        spent = [
            f"{_seconds(partial(opinion, pixels, one, (1.0,), search=search)):.2f}" if one.calibration else ""
            for search in (False, True)
        ]
        total += both
        lines.append(f"| `{one.record.name}` | {both:.2f} | {' | '.join(spent)} |")
    lines.append(f"| all | {total:.2f} | | |")
    tracer, first = LatentTracer(steps=20, settled=0), open_candidate(everyone[0].record)
    pace = 21 / _seconds(partial(tracer.trace, first, pixels[..., :256, :256]))
    checked = _seconds(partial(Origin().examine, _as_image(pixels)))
    lines += ["", f"`latenttracer` on `{everyone[0].record.name}`, 256 x 256: {pace:.1f} steps a processor second."]
    lines += [f"The examiner in `audit check` with the embedded models: {checked:.1f} processor seconds."]
    return "\n".join(lines)


def main() -> None:
    """Calibrate, measure, write; every part is written as soon as it is whole."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path(".cache/attribution"))
    parser.add_argument("--learned-on", type=int, default=30)
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--cropped", type=int, default=12)
    parser.add_argument("--searched", type=int, default=40)
    parser.add_argument("--part", nargs="+", default=["attribution"], help="words of the tables to write")
    parser.add_argument("--embedded", action="store_true", help="ask the embedded candidates alone")
    parser.add_argument("--hours", type=float, default=0.4)
    chosen = parser.parse_args()
    deadline = time.monotonic() + 3600 * chosen.hours
    chosen.cache.mkdir(parents=True, exist_ok=True)
    everyone = calibrated(chosen.data, 0 if chosen.embedded else chosen.learned_on, chosen.cache)
    sets = pictures_of(chosen.data, everyone, chosen.pictures, chosen.cache)
    embedded = [one for one in everyone if one.record.kind == "studio"]
    asked = [one for one in everyone if one.calibration is not None]
    bench = Bench(asked, sets, chosen.cache, deadline)
    known = [name for name in sets if name not in UNASKED]
    facts = f"{chosen.pictures} pictures a set, {SIDE} x {SIDE}."
    bars = {one.record.name: _bar(one) for one in asked}

    def named(edit: str) -> str:
        return f"{table(bench.scores(edit, asked, known, chosen.pictures), bars)}\n\n{facts}"

    parts: dict[str, Callable[[], str]] = {
        **{f"attribution, {edit}": partial(named, edit) for edit in EDITS},
        "attribution curve": lambda: f"{curve(bench, embedded, known, chosen.pictures)}\n\n{facts}",
        "attribution search": lambda: searched(bench, asked, known, chosen),
        "attribution of strangers": lambda: open_set(bench, len(sets["generated"]), chosen.searched),
        "attribution speed": lambda: speed(everyone),
    }
    for name, told in parts.items():
        if any(word in name for word in chosen.part):
            write(PAGE, name, told())


if __name__ == "__main__":
    main()
