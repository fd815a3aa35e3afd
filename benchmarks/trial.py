"""Grades the published protected pictures beside our cloaks and plain noise, and writes docs/limits.md's table.

Usage: python benchmarks/trial.py --data ../shared/data [--side 256] [--pictures 5]. Every attack that takes seconds,
and diffusion with the embedded model, is carried out at its strongest; the judge that counts, taesana, was never
optimised against by anybody here.
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image as Pillow

from artaudit import catalog, distances
from artaudit.auditor.models import open_model
from artaudit.auditor.trial.grading import Outcome, grade
from artaudit.auditor.trial.judges import Judge, variants
from artaudit.auditor.trial.survival import Plan, Ring, measured, plan
from artaudit.auditor.trial.trying import tools_at_hand
from artaudit.generators import pool
from artaudit.generators.studio import Studio
from artaudit.image import Image, decode
from artaudit.protect.attacks.axis import Axis
from artaudit.protect.receipt import middle
from benchmarks.limits import cloaked, interval, plain_noise, real_pool, table, write

PAGE = Path("docs/limits.md")
PUBLISHED = ("anti-dreambooth", "styleguard")


def window(path: Path, side: int) -> Image:
    """Return the middle of a picture, unscaled, as a PNG in memory."""
    with Pillow.open(path) as opened:
        picture = opened.convert("RGB")
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    buffer = io.BytesIO()
    picture.crop((left, top, left + side, top + side)).save(buffer, "PNG")
    return decode(buffer.getvalue(), name=path.name)


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
    axes: dict[str, Axis] = {name: catalog.load(catalog.ATTACKS, name) for name, _ in every.run}
    return Plan(tuple((name, axis.strengths[-1]) for name, axis in axes.items()), every.skipped)


def tried(clean: Image, changed: Image, judged: Sequence[Judge], seed: int) -> tuple[str, list[Outcome]]:
    """Return the grade of a picture, and its outcomes: untouched first."""
    tools = tools_at_hand()
    todo = strongest(plan(("quick", "diffpure", "noisy-redraw"), tools))
    ring = Ring(variants(middle(clean), middle(changed), seed=seed), tuple(judged), tools, seed)
    outcomes = [measured(ring, "none", None), *(measured(ring, *job) for job in todo.run)]
    return grade(outcomes[0], [*outcomes[1:], *todo.skipped]).letter, outcomes


def rows(pairs: Sequence[tuple[Image, Image]], judged: Sequence[Judge]) -> tuple[dict[str, list[float]], Counter[str]]:
    """Return what was measured, picture by picture, and how often each grade was given."""
    found: dict[str, list[float]] = defaultdict(list)
    grades: Counter[str] = Counter()
    for seed, (clean, changed) in enumerate(pairs):
        letter, (untouched, *attacks) = tried(clean, changed, judged, seed)
        grades[letter] += 1
        found["PSNR dB"].append(distances.psnr(clean.pixels, changed.pixels))
        found["mean CIEDE2000"].append(float(distances.delta_e(clean.pixels, changed.pixels).mean()))
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


def main() -> None:
    """Grade all kinds and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=5)
    parser.add_argument("--side", type=int, default=256)
    args = parser.parse_args()
    names = [path.name for path in sorted((args.data / "protected" / PUBLISHED[0]).glob("*.png"))][: args.pictures]
    originals = [window(args.data / "real" / "vangogh" / name, args.side) for name in names]
    studio = [one for record in pool.embedded() if isinstance(one := open_model(record), Studio)]
    kinds: dict[str, Callable[[], list[Image]]] = {
        "noise": lambda: plain_noise(originals),
        **{kind: _published(args.data / "protected" / kind, names, args.side) for kind in PUBLISHED},
        "ours, embedded pool": lambda: cloaked(originals, studio)[0],
        "ours, taef2 + vaelight": lambda: cloaked(originals, real_pool(args.data))[0],
    }
    columns: dict[str, dict[str, list[float]]] = {}
    letters = {}
    with tempfile.TemporaryDirectory() as folder:
        judged = panel(args.data, Path(folder))
        for kind, make in kinds.items():
            columns[kind], grades = rows(list(zip(originals, make(), strict=True)), judged)
            letters[kind] = "".join(letter * count for letter, count in sorted(grades.items()))
            said = {name: interval(values) for name, values in columns[kind].items()}
            print(json.dumps({"kind": kind, "grades": letters[kind], **said}), flush=True)
    facts = f"{len(names)} paintings, their middle {args.side} x {args.side}. Grades: "
    facts += ", ".join(f"{kind} {found}" for kind, found in letters.items()) + "."
    write(PAGE, "trial", f"{table('gains on taesana, the hold-out', columns)}\n\n{facts}")


def _published(folder: Path, names: Sequence[str], side: int) -> Callable[[], list[Image]]:
    return lambda: [window(folder / name, side) for name in names]


if __name__ == "__main__":
    main()
