"""Grades the published protected pictures beside our cloaks and plain noise, and writes docs/limits.md's table.

Usage: python benchmarks/trial.py --data ../shared/data [--side 256] [--pictures 5]. Every attack that takes seconds,
and diffusion with the embedded model, is carried out at its strongest. No cloak here was made against the judge that
counts, taesana.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from artaudit import catalog, distances
from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.image import Image
from artaudit.protect.attacks.sweep import AttackSweep
from artaudit.protect.effect import LOW_PASS, amplitudes, as_visible
from artaudit.protect.receipt import middle
from artaudit.protect.trial.grading import Outcome, grade
from artaudit.protect.trial.judges import NOISES, Judge, variants
from artaudit.protect.trial.run import tools_at_hand
from artaudit.protect.trial.survival import Plan, Ring, measured, plan
from benchmarks.butteraugli import butteraugli
from benchmarks.held_out import PUBLISHED, as_image, window
from benchmarks.page import PAGE, interval, table, write
from benchmarks.pools import FOLDER, MODELS, cloaked, workshop

STRENGTHS = ("low", "default", "high")


def panel(data: Path, folder: Path) -> tuple[Judge, ...]:
    """Return two judges: the hold-out, which is installed in `folder`, and an embedded encoder."""
    file = data / "weights" / "taesana_encoder.safetensors"
    about = pool.record_of("taesana", "taesd-encoder", [file], family="Sana", licence="MIT", use=pool.HOLD_OUT)
    record, _ = pool.install(about, {file.name: file}, folder, open_model)
    shipped = next(record for record in pool.embedded() if record.name == "studio-flux2")
    return Judge(record, hold_out=True), Judge(shipped, hold_out=False)


def strongest(every: Plan) -> Plan:
    """Return a plan with only the last strength of every attack."""
    axes: dict[str, AttackSweep] = {name: catalog.load(catalog.ATTACKS, name) for name, _ in every.run}
    return Plan(tuple((name, axis.strengths[-1]) for name, axis in axes.items()), every.skipped)


def tried(clean: Image, changed: Image, judged: Sequence[Judge], seed: int) -> tuple[str, list[Outcome]]:
    """Return the grade of a picture, and its outcomes: untouched first."""
    tools = tools_at_hand()
    todo = strongest(plan(("quick", "diffpure", "noisy-redraw"), tools))
    before, after = middle(clean), middle(changed)
    loudness = amplitudes(before, after, seed=seed, kinds=NOISES)
    ring = Ring(variants(before, after, loudness, seed=seed), tuple(judged), tools, seed)
    outcomes = [measured(ring, "none", None), *(measured(ring, *job) for job in todo.run)]
    return grade(outcomes[0], [*outcomes[1:], *todo.skipped]).letter, outcomes


def rows(pairs: Sequence[tuple[Image, Image]], judged: Sequence[Judge]) -> tuple[dict[str, list[float]], Counter[str]]:
    """Return the measured values, picture by picture, and the count of each grade."""
    values: dict[str, list[float]] = defaultdict(list)
    grades: Counter[str] = Counter()
    for seed, (clean, changed) in enumerate(pairs):
        letter, (untouched, *attacks) = tried(clean, changed, judged, seed)
        grades[letter] += 1
        values["SSIMULACRA2"].append(distances.ssimulacra2(clean.pixels, changed.pixels))
        values["Butteraugli, 3-norm"].append(butteraugli(clean.pixels, changed.pixels))
        values["PSNR dB"].append(distances.psnr(clean.pixels, changed.pixels))
        values["gain, untouched"].append(untouched.gain or 0.0)
        values["gain on studio-flux2, untouched"].append(untouched.readings[1].gain)
        everyday, all_of_them = (
            [outcome.gain for outcome in attacks if outcome.gain is not None and (outcome.everyday or not only)]
            for only in (True, False)
        )
        values["gain, worst everyday edit"].append(min(everyday))
        values["gain, worst attack"].append(min(all_of_them))
        for outcome in attacks:
            values[f"gain after {outcome.attack} {outcome.strength:g}"].append(outcome.gain or 0.0)
    return dict(values), grades


def ours(originals: Sequence[Image], strength: str, real: Path | None = None) -> list[Image]:
    """Return our cloaks, made against the embedded models, or with TAEF2 and VAElight installed."""
    job = workshop(strength, real=real)
    results = [cloaked(job, original, number) for number, original in enumerate(originals)]
    os.environ[FOLDER] = str(MODELS / "none")
    return results


def noise_as_visible(originals: Sequence[Image], changed: Sequence[Image]) -> list[Image]:
    """Return the pictures with low-pass noise as visible as the changes, which are cloaks without any effect."""
    noised = []
    for number, (before, after) in enumerate(zip(originals, changed, strict=True)):
        noise = as_visible(before.pixels, after.pixels, seed=1000 + number, kinds=(LOW_PASS,))[LOW_PASS]
        noised.append(as_image(Pillow.fromarray(np.rint(noise * 255).astype(np.uint8)), before.name))
    return noised


def main() -> None:
    """Grade all kinds and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=5)
    parser.add_argument("--side", type=int, default=256)
    args = parser.parse_args()
    names = [path.name for path in sorted((args.data / "protected" / PUBLISHED[0]).glob("*.png"))][: args.pictures]
    originals = [window(args.data / "real" / "vangogh" / name, args.side) for name in names]
    cloaks = {strength: ours(originals, strength) for strength in STRENGTHS}
    kinds: dict[str, list[Image]] = {
        "noise": noise_as_visible(originals, cloaks["default"]),
        **{kind: [window(args.data / "protected" / kind / name, args.side) for name in names] for kind in PUBLISHED},
        **cloaks,
        "default, taef2 + vaelight installed": ours(originals, "default", args.data),
    }
    columns: dict[str, dict[str, list[float]]] = {}
    letters = {}
    with tempfile.TemporaryDirectory() as folder:
        judged = panel(args.data, Path(folder))
        for kind, changed in kinds.items():
            columns[kind], grades = rows(list(zip(originals, changed, strict=True)), judged)
            letters[kind] = "".join(letter * count for letter, count in sorted(grades.items()))
            row = {name: interval(values) for name, values in columns[kind].items()}
            print(json.dumps({"kind": kind, "grades": letters[kind], **row}), flush=True)
    facts = f"{len(names)} paintings, their middle {args.side} x {args.side}. Grades: "
    facts += ", ".join(f"{kind} {found}" for kind, found in letters.items()) + "."
    write(PAGE, "trial", f"{table('gains on taesana, the hold-out', columns)}\n\n{facts}")


if __name__ == "__main__":
    main()
