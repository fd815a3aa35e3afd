"""Grades the published protected pictures beside our cloaks and plain noise, and writes docs/limits.md's table.

Usage: python benchmarks/trial.py --data ../shared/data [--side 256] [--pictures 5]. Every attack that takes seconds,
and diffusion with the embedded model, is carried out at its strongest; the judge that counts, taesana, was never
optimised against by anybody here.
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
    """Return the hold-out, installed in a folder of its own, and an embedded encoder beside it."""
    file = data / "weights" / "taesana_encoder.safetensors"
    about = pool.record_of("taesana", "taesd-encoder", [file], family="Sana", licence="MIT", use=pool.HOLD_OUT)
    record, _ = pool.install(about, {file.name: file}, folder, open_model)
    return Judge(record, hold_out=True), Judge(
        next(one for one in pool.embedded() if one.name == "studio-flux2"), hold_out=False
    )


def strongest(every: Plan) -> Plan:
    """Keep of every attack the last of its strengths."""
    axes: dict[str, AttackSweep] = {name: catalog.load(catalog.ATTACKS, name) for name, _ in every.run}
    return Plan(tuple((name, axis.strengths[-1]) for name, axis in axes.items()), every.skipped)


def tried(clean: Image, changed: Image, judged: Sequence[Judge], seed: int) -> tuple[str, list[Outcome]]:
    """Return the grade of a picture, and its outcomes: untouched first."""
    tools = tools_at_hand()
    todo = strongest(plan(("quick", "diffpure", "noisy-redraw"), tools))
    one, other = middle(clean), middle(changed)
    loudness = amplitudes(one, other, seed=seed, kinds=NOISES)
    ring = Ring(variants(one, other, loudness, seed=seed), tuple(judged), tools, seed)
    outcomes = [measured(ring, "none", None), *(measured(ring, *job) for job in todo.run)]
    return grade(outcomes[0], [*outcomes[1:], *todo.skipped]).letter, outcomes


def rows(pairs: Sequence[tuple[Image, Image]], judged: Sequence[Judge]) -> tuple[dict[str, list[float]], Counter[str]]:
    """Return what was measured, picture by picture, and how often each grade was given."""
    found: dict[str, list[float]] = defaultdict(list)
    grades: Counter[str] = Counter()
    for seed, (clean, changed) in enumerate(pairs):
        letter, (untouched, *attacks) = tried(clean, changed, judged, seed)
        grades[letter] += 1
        found["SSIMULACRA2"].append(distances.ssimulacra2(clean.pixels, changed.pixels))
        found["Butteraugli, 3-norm"].append(butteraugli(clean.pixels, changed.pixels))
        found["PSNR dB"].append(distances.psnr(clean.pixels, changed.pixels))
        found["gain, untouched"].append(untouched.gain or 0.0)
        found["gain on studio-flux2, untouched"].append(untouched.readings[1].gain)
        everyday, all_of_them = (
            [one.gain for one in attacks if one.gain is not None and (one.everyday or not only)]
            for only in (True, False)
        )
        found["gain, worst everyday edit"].append(min(everyday))
        found["gain, worst attack"].append(min(all_of_them))
        for one in attacks:
            found[f"gain after {one.attack} {one.strength:g}"].append(one.gain or 0.0)
    return dict(found), grades


def ours(originals: Sequence[Image], strength: str, real: Path | None = None) -> list[Image]:
    """Return our cloaks, made against the embedded models, or with TAEF2 and VAElight installed."""
    shop = workshop(strength, real=real)
    made = [cloaked(shop, one, number) for number, one in enumerate(originals)]
    os.environ[FOLDER] = str(MODELS / "none")
    return made


def noise_as_visible(originals: Sequence[Image], changed: Sequence[Image]) -> list[Image]:
    """Return the pictures with low-pass noise as visible as the changes: what a cloak that does nothing looks like."""
    found = []
    for number, (one, other) in enumerate(zip(originals, changed, strict=True)):
        noise = as_visible(one.pixels, other.pixels, seed=1000 + number, kinds=(LOW_PASS,))[LOW_PASS]
        found.append(as_image(Pillow.fromarray(np.rint(noise * 255).astype(np.uint8)), one.name))
    return found


def main() -> None:
    """Grade all kinds and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=5)
    parser.add_argument("--side", type=int, default=256)
    args = parser.parse_args()
    names = [path.name for path in sorted((args.data / "protected" / PUBLISHED[0]).glob("*.png"))][: args.pictures]
    originals = [window(args.data / "real" / "vangogh" / name, args.side) for name in names]
    made = {strength: ours(originals, strength) for strength in STRENGTHS}
    kinds: dict[str, list[Image]] = {
        "noise": noise_as_visible(originals, made["default"]),
        **{kind: [window(args.data / "protected" / kind / name, args.side) for name in names] for kind in PUBLISHED},
        **made,
        "default, taef2 + vaelight installed": ours(originals, "default", args.data),
    }
    columns: dict[str, dict[str, list[float]]] = {}
    letters = {}
    with tempfile.TemporaryDirectory() as folder:
        judged = panel(args.data, Path(folder))
        for kind, changed in kinds.items():
            columns[kind], grades = rows(list(zip(originals, changed, strict=True)), judged)
            letters[kind] = "".join(letter * count for letter, count in sorted(grades.items()))
            said = {name: interval(values) for name, values in columns[kind].items()}
            print(json.dumps({"kind": kind, "grades": letters[kind], **said}), flush=True)
    facts = f"{len(names)} paintings, their middle {args.side} x {args.side}. Grades: "
    facts += ", ".join(f"{kind} {found}" for kind, found in letters.items()) + "."
    write(PAGE, "trial", f"{table('gains on taesana, the hold-out', columns)}\n\n{facts}")


if __name__ == "__main__":
    main()
