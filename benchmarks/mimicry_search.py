"""Looks for the method and the strength from which a mimic learns less, on paintings by Monet.

Usage: python benchmarks/mimicry_search.py --data ../shared/data [--seeds 2] [--steps 100] [--side 256] [--processes 1].
Five paintings are cloaked and learned from, four others judge. Every cloak stands beside noise that is like its change
and as visible. What is found here is measured again on another painter by `benchmarks/mimicry.py`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from artaudit import catalog, distances
from artaudit.image import Image, read
from artaudit.protect.effect import Picture, amplitudes
from artaudit.protect.job import CloakOrder, prepare
from artaudit.protect.receipt import middle
from artaudit.protect.trial.fine_tuning import Arm, MimicrySetup, taught
from artaudit.protect.trial.judges import CHANGED, CLEAN, variants
from artaudit.protect.trial.measures import NOISE, in_words, measures
from artaudit.protect.trial.mimicry import Practice
from artaudit.protect.trial.mimicry_trial import chosen_model, held_out_crops
from artaudit.protect.trial.run import tools_at_hand
from benchmarks.held_out import window
from benchmarks.page import PAGE, write
from benchmarks.pools import cloaked, embedded_pool

LEARNED = 5
MADE = Path(".cache/bench/mimicry")
"""Where cloaks are kept, so that a run that was stopped goes on."""
TRIED: tuple[tuple[str, str | float], ...] = (
    ("push", "default"),
    ("push", "high"),
    ("push", 50),
    ("mist", 50),
    ("advdm", 50),
)
"""Methods and strengths: the default objective, and those that aim at what a denoiser makes of a picture."""


KINDS = {"push, 80": CHANGED}
"""The default is what trials call the cloaked picture, of which an attacker's best attempt is told."""
NAMES = {Arm(CHANGED).name: "push, 80"}


def named(method: str, strength: str | float) -> str:
    """Return what a cloak is called in the table."""
    return f"{method}, {catalog.STRENGTHS.get(str(strength), strength):g}"


def cloaks(originals: Sequence[Image], method: str, strength: str | float) -> list[Image]:
    """Return the pictures cloaked against the embedded models, as `audit protect` makes them; files are kept."""
    job, made = prepare(CloakOrder(method=method, strength=strength)), []
    MADE.mkdir(parents=True, exist_ok=True)
    for seed, picture in enumerate(originals):
        path = MADE / f"{named(method, strength)}, {seed}.png"
        if not path.exists():
            path.write_bytes(cloaked(job, picture, seed).data)
        made.append(read(path))
    return made


def kinds(clean: Image, made: Mapping[str, Image]) -> dict[str, Picture]:
    """Return the clean picture, its cloaks, and noise that is like each and as visible, by name."""
    one = middle(clean)
    found: dict[str, Picture] = {CLEAN: one}
    for name, changed in made.items():
        other = middle(changed)
        shown = variants(one, other, amplitudes(one, other, seed=0, kinds=(NOISE,)), seed=0)
        found |= {KINDS.get(name, name): other, f"noise like {name}": shown[NOISE]}
    return found


def main() -> None:
    """Cloak, train, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--processes", type=int, default=1)
    args = parser.parse_args()
    started = time.monotonic()
    embedded_pool()
    pictures = [window(path, args.side) for path in sorted((args.data / "real" / "monet").glob("*.png"))]
    originals, others = pictures[:LEARNED], pictures[LEARNED:]
    made, scores = {}, {}
    for method, strength in TRIED:
        name = named(method, strength)
        made[name] = cloaks(originals, method, strength)
        pairs = zip(originals, made[name], strict=True)
        scores[name] = float(np.mean([distances.ssimulacra2(clean.pixels, other.pixels) for clean, other in pairs]))
        print(f"{name}: SSIMULACRA2 {scores[name]:.1f}, {time.monotonic() - started:.0f} s", flush=True)
    practice = replace(Practice(), steps=args.steps)
    learned = tuple(
        kinds(clean, {name: files[number] for name, files in made.items()}) for number, clean in enumerate(originals)
    )
    crops = held_out_crops([middle(picture) for picture in others], practice.side, practice.crops)
    tools = (tools_at_hand(),) * LEARNED
    setup = MimicrySetup(chosen_model(None), practice, learned, tools, crops, practice.side, apart=False, seed=0)
    arms = [Arm(CLEAN), *(Arm(kind) for name in made for kind in (f"noise like {name}", KINDS.get(name, name)))]

    def tell(done: int, total: int) -> None:
        print(f"{done} of {total}, {time.monotonic() - started:.0f} s", flush=True)

    found = measures(taught(setup, arms, args.seeds, processes=args.processes, progress=tell), arms, setup)
    for name, measure in found.items():
        print(name, {arm: round(value, 5) for arm, value in measure.arms.items()}, flush=True)
    lines = [f"| recovery of mimics that learned from | SSIMULACRA2 | {' | '.join(found)} |"]
    lines.append("|---" * (len(found) + 2) + "|")
    for arm in arms[1:]:
        name = NAMES.get(arm.name, arm.name)
        score = f"{scores[name]:.0f}" if name in scores else ""
        recoveries = [
            in_words(measure.recoveries.arms[arm.name]) if measure.recoveries.learned else "cannot tell"
            for measure in found.values()
        ]
        lines.append(f"| {name} | {score} | {' | '.join(recoveries)} |")
    gaps = "; ".join(f"{name} {in_words(measure.recoveries.gap, 4)}" for name, measure in found.items())
    facts = f"{LEARNED} paintings by Monet, {len(others)} others to judge on, {args.seeds} trainings of {args.steps}"
    write(PAGE, "mimicry-search", "\n".join([*lines, "", f"{facts}. What clean pictures improve: {gaps}."]))
    print("\n".join(lines), gaps)


if __name__ == "__main__":
    main()
