"""Measures how well pictures are attributed to the decoders that drew them, on unseen pictures; writes docs/limits.md.

    python benchmarks/attribute.py --data ../shared/data [--part curve strangers …] [--embedded] [--hours .4]

Candidates are the embedded autoencoders with their shipped calibrations, and their teachers. Teachers are calibrated
here on the training split; with --embedded they only draw pictures. Scores are those of middle crops of the validation
split. They are kept in --cache, so that a run that was out of time can be continued.
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

from artaudit.attribution.calibration import CandidateCalibration, read_calibration
from artaudit.attribution.candidate import SIDE as LOOKED_AT
from artaudit.attribution.candidate import Candidate, candidates, open_candidate, opinion, statistic
from artaudit.attribution.enrolment import SIDE, learn, middle_crops, strangers, to_8_bits
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
"""Sets that calibrations learn from, or that have a table of their own."""

REAL = "real pictures"


@dataclass(frozen=True, slots=True)
class Bench:
    """The candidates, the pictures by set, the folder that scores are kept in, and the time at which a run stops."""

    asked: Sequence[Candidate]
    sets: Mapping[str, Any]
    cache: Path
    deadline: float

    def scores(
        self, edit: str, asked: Sequence[Candidate], names: Sequence[str], count: int, *, search: bool = False
    ) -> dict[str, dict[str, np.ndarray]]:
        """Return every candidate's scores of the first `count` pictures of these sets; kept scores are not remade."""
        by_candidate: dict[str, dict[str, np.ndarray]] = {}
        for candidate in asked:
            for name in names:
                parts = (edit, name, count, "searched" if search else "on the grid", _learned(candidate).as_json())
                path = (
                    self.cache / f"{candidate.record.name} {hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}.npy"
                )
                if not path.exists():
                    if time.monotonic() > self.deadline:
                        sys.exit("out of time: run it again to go on")
                    begin, crops = time.monotonic(), self.sets[name][:count]
                    np.save(path, score(candidate, {name: crops}, ROBUSTNESS[edit], search=search)[name])
                    print(
                        f"{candidate.record.name}, {edit}, {name}, {parts[3]}: {time.monotonic() - begin:.0f} s",
                        flush=True,
                    )
                by_candidate.setdefault(candidate.record.name, {})[name] = np.load(path)
        return by_candidate


def calibrated(data: Path, count: int, cache: Path) -> list[Candidate]:
    """Return all candidates: the embedded ones as they come, their teachers calibrated on `count` training pictures."""
    embedded, results = [candidate for candidate in candidates() if candidate.record.kind == "studio"], []
    everyone = embedded + teachers(data)
    for candidate in everyone:
        kept = cache / f"{candidate.record.name}.json"
        if candidate.calibration is None and not kept.exists() and count:
            pictures, begin = training_pictures(data, count), time.monotonic()
            others = [other for other in everyone if other is not candidate]
            learned = learn(candidate, others, pictures)
            kept.write_text(learned.as_json(), encoding="utf-8")
            print(f"{candidate.record.name}: calibrated in {time.monotonic() - begin:.0f} s", flush=True)
        known = read_calibration(kept) if count and candidate.calibration is None else candidate.calibration
        results.append(replace(candidate, calibration=known))
    return results


def validation_pictures(data: Path, label: str, count: int | None = None) -> list[Image]:
    """Return pictures of the validation and portfolio splits, whatever their licence allows, in a fixed order."""
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] == label and row["split"] in ("val", "portfolio")]
    paths = [data / row["path"] for row in rows]
    return [read(paths[place]) for place in np.random.default_rng(1).permutation(len(paths))[:count]]


def pictures_of(data: Path, asked: Sequence[Candidate], count: int, cache: Path) -> dict[str, Any]:
    """Return 8-bit crops by the set's name: real ones, edits of them, each candidate's drawings, and generated ones."""
    folder = cache / f"pictures-{count}"
    if not folder.is_dir():
        crops = middle_crops(validation_pictures(data, "real", count + 10))[:count]
        drawn = {
            candidate.record.name: to_8_bits(redraw(open_candidate(candidate.record), crops)) for candidate in asked
        }
        generated = middle_crops(validation_pictures(data, "generated"))
        unfinished = cache / "pictures, unfinished"
        unfinished.mkdir(exist_ok=True)
        for name, batch in (strangers(crops) | drawn | {"generated": generated}).items():
            np.save(unfinished / f"{name}.npy", _levels(batch))
        unfinished.rename(folder)
    order = (*strangers(torch.zeros(1, 3, SIDE, SIDE)), *(candidate.record.name for candidate in asked), "generated")
    return {name: np.load(folder / f"{name}.npy") for name in order}


def _levels(batch: Tensor) -> np.ndarray:
    return (batch * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()


def _learned(candidate: Candidate) -> CandidateCalibration:
    return cast(CandidateCalibration, candidate.calibration)


def _bar(candidate: Candidate) -> float:
    return _learned(candidate).bar


def _as_image(pixels: Tensor) -> Image:
    buffer = io.BytesIO()
    Pillow.fromarray(_levels(pixels)[0]).save(buffer, "PNG")
    return decode(buffer.getvalue(), name="noise")


def table(scores: Mapping[str, Mapping[str, np.ndarray]], bars: Mapping[str, float]) -> str:
    """Return one edit's results as two tables: each candidate alone, and which candidate is named for each set."""
    results, names = summary(scores, bars), list(scores)
    lines = [
        "| candidate | AUC against everything else | worst set | accuracy at 5 % false alarms |",
        "|---|---|---|---|",
    ]
    for name in names:
        row = results["candidates"][name]
        worst, value = min(row["auc_by_set"].items(), key=lambda pair: pair[1])
        at_5 = row["accuracy_at_5_percent_false_alarms"]
        lines.append(f"| `{name}` | {row['auc']:.3f} | {value:.3f} ({worst}) | {at_5} |")
    columns = [*names, NONE]
    lines += ["", f"| drawn by, named → | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    lines += [
        f"| {key} | {' | '.join(str(row.get(column, 0)) for column in columns)} |"
        for key, row in results["confusion"].items()
    ]
    lines += ["", f"Closed-set accuracy {results['closed_set_accuracy']}, open-set AUC {results['open_set_auc']:.3f}."]
    return "\n".join(lines)


def curve(bench: Bench, asked: Sequence[Candidate], names: Sequence[str], count: int) -> str:
    """Return for each edit the AUC against everything else, the share of own pictures found, and false alarms."""
    edits = (*EDITS, *FURTHER)
    lines = [f"| on the grid | {' | '.join(edits)} |", "|---|" + "---|" * len(edits)]
    for candidate in asked:
        own, cells = candidate.record.name, []
        for edit in edits:
            scores = bench.scores(edit, [candidate], names, count)[own]
            rest = np.concatenate([values for name, values in scores.items() if name != own])
            found = Share(int((scores[own] >= _bar(candidate)).sum()), len(scores[own]))
            wrong = Share(int((scores[REAL] >= _bar(candidate)).sum()), len(scores[REAL]))
            cells.append(
                f"{auc(scores[own], rest):.3f}, {found.value:.2f} found, {wrong.count} of {wrong.trials} reals"
            )
        lines.append(f"| `{own}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def searched(bench: Bench, asked: Sequence[Candidate], known: Sequence[str], chosen: argparse.Namespace) -> str:
    """Return the results of the grid search: AUCs of whole and cropped pictures, and false alarms on real ones."""
    lines = [
        "| candidate | pictures a set | AUC, whole | AUC, cropped by (3, 5), searched | own found | reals named |",
        "|---|---|---|---|---|---|",
    ]
    for candidate in asked:
        own, bar = candidate.record.name, _bar(candidate)
        few = chosen.cropped if candidate.record.kind == "studio" else chosen.cropped // 2
        names = (own, REAL, "blurred pictures")
        plain = bench.scores("as it is", [candidate], known, chosen.pictures)[own]
        moved = bench.scores(CROP, [candidate], names, few, search=True)[own]
        aucs = [auc(of[own][:few], np.concatenate([of[name][:few] for name in names[1:]])) for of in (plain, moved)]
        found = Share(int((moved[own] >= bar).sum()), few)
        reals = moved[REAL]
        if candidate.record.kind == "studio":
            reals = bench.scores("as it is", [candidate], [REAL], chosen.searched, search=True)[own][REAL]
        wrong = Share(int((reals >= bar).sum()), len(reals))
        lines.append(f"| `{own}` | {few} | {aucs[0]:.3f} | {aucs[1]:.3f} | {found} | {wrong} |")
    return "\n".join(lines)


def open_set(bench: Bench, count: int, searched: int) -> str:
    """Return how often no candidate is named for pictures by other generators, for embedded ones with the search."""
    embedded = [candidate for candidate in bench.asked if candidate.record.kind == "studio"]
    lines = []
    for asked, search, many in ((bench.asked, False, count), (embedded, True, searched)):
        scores = bench.scores("as it is", asked, ["generated"], many, search=search)
        bars = {candidate.record.name: _bar(candidate) for candidate in asked}
        rows = [{name: float(values["generated"][place]) for name, values in scores.items()} for place in range(many)]
        unnamed = Share(sum(not answer(row, bars) for row in rows), many)
        how = f"{len(asked)} candidates, {'grid searched' if search else 'on the grid as it lies'}"
        lines.append(f"{how}: {unnamed}")
    return (
        f"Pictures of the validation split by generators that are not held, said to be by {NONE}: {'; '.join(lines)}."
    )


def _seconds(act: Callable[[], object]) -> float:
    begin = time.process_time()
    act()
    return time.process_time() - begin


def speed(everyone: Sequence[Candidate]) -> str:
    """Return the CPU seconds for a picture of 512 x 512, without opening models; n free cores take about an n-th."""
    pixels = torch.rand(1, 3, 512, 512, generator=torch.Generator().manual_seed(0))
    lines = ["| processor seconds, 512 x 512 | `double` + `phase` | on the grid | grid searched |", "|---|---|---|---|"]
    total = 0.0
    for candidate in everyone:
        model, middle = open_candidate(candidate.record), pixels[..., :LOOKED_AT, :LOOKED_AT]
        both = sum(_seconds(partial(statistic(name).measure, model, middle)) for name in ("double", "phase"))
        spent = [
            f"{_seconds(partial(opinion, pixels, candidate, (1.0,), search=search)):.2f}"
            if candidate.calibration
            else ""
            for search in (False, True)
        ]
        total += both
        lines.append(f"| `{candidate.record.name}` | {both:.2f} | {' | '.join(spent)} |")
    lines.append(f"| all | {total:.2f} | | |")
    tracer, first = LatentTracer(steps=20, settled=0), open_candidate(everyone[0].record)
    pace = 21 / _seconds(partial(tracer.trace, first, pixels[..., :256, :256]))
    checked = _seconds(partial(Origin().examine, _as_image(pixels)))
    lines += ["", f"`latenttracer` on `{everyone[0].record.name}`, 256 x 256: {pace:.1f} steps a processor second."]
    lines += [f"The examiner in `audit check` with the embedded models: {checked:.1f} processor seconds."]
    return "\n".join(lines)


def main() -> None:
    """Calibrate, measure and write; every part is written as soon as it is complete."""
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
    embedded = [candidate for candidate in everyone if candidate.record.kind == "studio"]
    asked = [candidate for candidate in everyone if candidate.calibration is not None]
    bench = Bench(asked, sets, chosen.cache, deadline)
    known = [name for name in sets if name not in UNASKED]
    facts = f"{chosen.pictures} pictures a set, {SIDE} x {SIDE}."
    bars = {candidate.record.name: _bar(candidate) for candidate in asked}

    def named(edit: str) -> str:
        return f"{table(bench.scores(edit, asked, known, chosen.pictures), bars)}\n\n{facts}"

    parts: dict[str, Callable[[], str]] = {
        **{f"attribution, {edit}": partial(named, edit) for edit in EDITS},
        "attribution curve": lambda: f"{curve(bench, embedded, known, chosen.pictures)}\n\n{facts}",
        "attribution search": lambda: searched(bench, asked, known, chosen),
        "attribution of strangers": lambda: open_set(bench, len(sets["generated"]), chosen.searched),
        "attribution speed": lambda: speed(everyone),
    }
    for name, part in parts.items():
        if any(word in name for word in chosen.part):
            write(PAGE, name, part())


if __name__ == "__main__":
    main()
