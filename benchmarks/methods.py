"""Compares all cloaks at one visibility, on their own objectives and on real encoders, beside noise as visible.

Usage: python benchmarks/methods.py --data ../shared/data [--pictures 6] [--side 160] [--steps 60] [--only NAME]. Cloaks
are made against the embedded encoders or the embedded latent diffusion model, without the loss against style
references, which only one method has; TAEF2, VAElight and TAESANA only judge.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from artaudit import catalog, distances
from artaudit.image import Image
from artaudit.protect.job import CloakOrder, prepare
from artaudit.protect.objective import Learning, Objective
from artaudit.protect.objectives.advdm import AdvDM
from artaudit.protect.objectives.sds import ScoreDistillation
from artaudit.protocols import Encoder, Generator
from artaudit.tensors import to_batch
from benchmarks.butteraugli import butteraugli
from benchmarks.held_out import paintings
from benchmarks.page import PAGE, interval, write
from benchmarks.pools import cloaked, embedded_pool, judges
from benchmarks.yardstick import Picture, by_judge, loudest, moved, short

DRAWS = 24
"""Random steps and noises over which a random objective is averaged."""


def own_terms(
    objective: Objective, models: Sequence[Encoder], clean: Picture, changed: Picture, noises: Sequence[Picture]
) -> tuple[float, float]:
    """Return the objective's own loss for the noise that has the lowest, and for the cloak, summed over the models.

    All have the same random draws, other than the descent's, on the models as they were before any learning. Score
    distillation has a gradient but no loss; it is judged by the denoising loss that it lowers.
    """
    pixels = to_batch(clean)
    target = objective.target(pixels, models, 0)
    lowered = isinstance(objective, ScoreDistillation)
    judged: Objective = AdvDM() if lowered else objective
    aims = [judged.aim(model, pixels, target, 0) for model in models]
    losses = []
    for shown in (changed, *noises):
        with torch.no_grad():
            total = sum(float(aim(to_batch(shown), 10_000 + draw)) / DRAWS for aim in aims for draw in range(DRAWS))
        losses.append(-total if lowered else total)
    return min(losses[1:]), losses[0]


def measure(name: str, pictures: Sequence[Image], panel: Sequence[Encoder], steps: int) -> str:
    """Cloak every picture with the method and return its row of the table."""
    job = prepare(CloakOrder(method=name, steps=steps))
    job = replace(job, cloak=replace(job.cloak, style=None))
    objective, models = job.cloak.objective, job.choice.encoders
    took, rows = 0.0, []
    for number, picture in enumerate(pictures):
        started = time.monotonic()
        cloaked_picture = cloaked(job, picture, number)
        took += (time.monotonic() - started) / len(pictures)
        clean, changed = picture.pixels, cloaked_picture.pixels
        controls = by_judge(clean, changed, seed=number + 1)
        noise, own = own_terms(
            objective, models, clean, changed, list(loudest(clean, changed, controls, seed=number + 1).values())
        )
        gains = [moved(judge, clean, changed, controls, seed=number + 1)[f"{short(judge)}, gain"] for judge in panel]
        shows = distances.ssimulacra2(clean, changed), butteraugli(clean, changed)
        rows.append([*shows, noise, own, own < noise, *gains])
    columns = list(zip(*rows, strict=True))
    against = "denoiser" if any(isinstance(model, Generator) for model in models) else "autoencoders"
    learning = ", learning" if isinstance(objective, Learning) else ""
    shown = " | ".join(f"{np.mean(column):.2f}" for column in columns[:2])
    own_losses = f"{np.mean(columns[2]):.3f} | {np.mean(columns[3]):.3f} | {sum(columns[4])} of {len(pictures)}"
    gains_by_judge = " | ".join(interval([float(value) for value in column]) for column in columns[5:])
    return f"| `{name}` | {against}{learning} | {shown} | {own_losses} | {gains_by_judge} | {took:.0f} |"


def main() -> None:
    """Measure every cloak of the catalog and write the table into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=6)
    parser.add_argument("--side", type=int, default=160)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--only", choices=list(catalog.CLOAKS))
    args = parser.parse_args()
    embedded_pool()
    panel = judges(args.data)
    pictures = [piece.open() for piece in paintings(args.data, args.pictures, args.side)]
    head = ("method", "made against", "SSIMULACRA2", "Butteraugli", "own loss of noise", "of the cloak", "below noise")
    titles = (*head, *map(short, panel), "s")
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for name in [args.only] if args.only else catalog.CLOAKS:
        lines.append(measure(name, pictures, panel, args.steps))
        print(lines[-1], flush=True)
    facts = f"{args.pictures} held-out paintings, middle crops of {args.side} x {args.side}, {args.steps} steps."
    if not args.only:
        write(PAGE, "methods", "\n".join([*lines, "", facts]))


if __name__ == "__main__":
    main()
