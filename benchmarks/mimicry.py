"""Trains mimics on a series by van Gogh, clean, noisy, cloaked and attacked, and writes docs/limits.md's table.

Usage: python benchmarks/mimicry.py --data ../shared/data [--seeds 3] [--steps 40] [--processes 2] [--sheet FILE]. The
settings of `Practice` were chosen on paintings by Monet; the mimics are judged on other paintings by van Gogh than they
learned from. The embedded model is the mimic, and our cloak is made against the autoencoder that this model uses. Every
strength stands beside noise that is like its change and as visible.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from artaudit import catalog
from artaudit.image import Image
from artaudit.protect.effect import Picture, amplitudes
from artaudit.protect.receipt import middle
from artaudit.protect.trial.contact_sheet import sheet
from artaudit.protect.trial.fine_tuning import BASE, OTHERS, Arm, MimicrySetup, taught
from artaudit.protect.trial.judges import CHANGED, CLEAN, variants
from artaudit.protect.trial.measures import NOISE, Measure, in_words, measures
from artaudit.protect.trial.mimicry import Practice
from artaudit.protect.trial.mimicry_trial import QUICK, chosen_model, held_out_crops
from artaudit.protect.trial.run import tools_at_hand
from benchmarks.held_out import PUBLISHED, window
from benchmarks.page import PAGE, write
from benchmarks.trial import STRENGTHS, ours

CLOAKED = {"low": "low", "default": CHANGED, "high": "high"}
NOISES = {"low": f"{NOISE}, low", "default": NOISE, "high": f"{NOISE}, high"}
"""Kinds of pictures that mimics learn from, by strength; the attacker's best attempt is given for the default."""
NAMES = {"cloaked": "ours, default", NOISE: "noise like the change, default", "low": "ours, low", "high": "ours, high"}


def series(data: Path, side: int, practice: Practice) -> MimicrySetup:
    """Return five paintings in all kinds, and crops of fifteen other paintings that mimics are judged on."""
    paths = sorted((data / "real" / "vangogh").glob("*.png"))
    named = [path.name for path in sorted((data / "protected" / PUBLISHED[0]).glob("*.png"))]
    originals = [window(data / "real" / "vangogh" / name, side) for name in named]
    cloaks = {strength: ours(originals, strength) for strength in STRENGTHS}
    pictures = []
    for number, clean in enumerate(originals):
        kinds = taught_from(clean, {strength: changed[number] for strength, changed in cloaks.items()})
        kinds |= {kind: middle(window(data / "protected" / kind / named[number], side)) for kind in PUBLISHED}
        pictures.append(kinds)
    others = [middle(window(path, side)) for path in paths if path.name not in named]
    crops = held_out_crops(others, practice.side, practice.crops)
    tools = (tools_at_hand(),) * len(pictures)
    return MimicrySetup(chosen_model(None), practice, tuple(pictures), tools, crops, practice.side, apart=False, seed=0)


def taught_from(clean: Image, cloaks: Mapping[str, Image]) -> dict[str, Picture]:
    """Return the clean picture, its cloaks by strength, and noise that is like each and as visible."""
    before = middle(clean)
    kinds = {CLEAN: before}
    for strength, changed in cloaks.items():
        after = middle(changed)
        pictures = variants(before, after, amplitudes(before, after, seed=0, kinds=(NOISE,)), seed=0)
        kinds |= {CLOAKED[strength]: after, NOISES[strength]: pictures[NOISE]}
    return kinds


def arms() -> list[Arm]:
    """Return the training sets of mimics."""
    by_strength = [kind for strength in STRENGTHS for kind in (NOISES[strength], CLOAKED[strength])]
    plain = [Arm(kind) for kind in (CLEAN, OTHERS, *by_strength, *PUBLISHED)]
    strongest = {name: catalog.load(catalog.ATTACKS, name).strengths[-1] for name in QUICK}
    return plain + [Arm(kind, name, strongest[name]) for name in QUICK for kind in (CHANGED, "high", CLEAN)]


def page(found: Mapping[str, Measure], trained: list[Arm], facts: str) -> str:
    """Return the table: a row for each arm, a column for each measure."""
    lines = [f"| recovery of mimics that learned from | {' | '.join(found)} |", "|---|" + "---|" * len(found)]
    for arm in trained:
        cells = [
            in_words(reached.arms[arm.name]) if reached.learned else "cannot tell"
            for reached in (measure.recoveries for measure in found.values())
        ]
        lines.append(f"| {_title(arm)} | {' | '.join(cells)} |")
    highest = [measure.recoveries.worst for measure in found.values()]
    worst = ["cannot tell" if recovery is None else in_words(recovery) for recovery in highest]
    lines.append(f"| ours, default, the best of the attempts | {' | '.join(worst)} |")
    lines.append("")
    for name, measure in found.items():
        lines.append(
            f"{name.capitalize()}: {measure.about}; the model's own is {measure.base:.4g}, and clean pictures improve "
            f"it by {in_words(measure.recoveries.gap, 4)}."
        )
    return "\n".join([*lines, "", facts])


def _title(arm: Arm) -> str:
    kind = Arm(arm.kind).name
    return arm.name.replace(kind, NAMES.get(kind, kind), 1)


def main() -> None:
    """Train, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=Practice().steps)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--sheet", type=Path)
    args = parser.parse_args()
    started = time.monotonic()
    shared, trained = series(args.data, args.side, replace(Practice(), steps=args.steps)), arms()

    def tell(done: int, total: int) -> None:
        print(f"{done} of {total}, {time.monotonic() - started:.0f} s", flush=True)

    results = taught(shared, trained, args.seeds, processes=args.processes, progress=tell)
    found = measures(results, trained, shared)
    practice = shared.practice
    facts = (
        f"{len(shared.pictures)} paintings, their middle {args.side} x {args.side}; {len(shared.held_out)} crops of "
        f"{shared.side} x {shared.side} of 15 other paintings; {args.seeds} trainings of {practice.steps} steps; "
        f"{practice.drawn} pictures drawn by each mimic."
    )
    write(PAGE, "mimicry", page(found, trained, facts))
    if args.sheet is not None:
        rows = [(BASE, results.base), *((name, exams[0]) for name, exams in results.arms.items())]
        args.sheet.write_bytes(sheet(rows, practice.prompt))
    print(page(found, trained, facts))


if __name__ == "__main__":
    main()
