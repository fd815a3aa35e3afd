"""Compares all cloaks at one visibility: each on its own objective beside noise of equal PSNR, all on real encoders.

Usage: python benchmarks/methods.py --data ../shared/data [--pictures 12] [--side 128] [--steps 40]. Cloaks are made
against the embedded autoencoders and the embedded latent diffusion model; TAEF2, VAElight and TAESANA only judge.
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
from artaudit.auditor.models import choose
from artaudit.generators.taesd import TaesdEncoder
from artaudit.image import Image
from artaudit.protect.advdm import AdvDM
from artaudit.protect.cloak import DescentCloak
from artaudit.protect.descent import Descent
from artaudit.protect.effect import effect, noisy
from artaudit.protect.objective import Learning, Objective
from artaudit.protect.saving import save_within
from artaudit.protect.sds import ScoreDistillation
from artaudit.protocols import Budget, Encoder, Generator
from artaudit.tensors import to_batch
from benchmarks.limits import PAGE, interval, paintings, real_pool, write

BUDGET = Budget(*catalog.STRENGTHS["default"])
DRAWS = 24
"""Random steps and noises over which a random objective is averaged."""


def own_terms(
    objective: Objective, models: Sequence[Encoder], clean: Image, cloaked: Image, seed: int
) -> tuple[float, float]:
    """Return the objective's own loss for noise of equal PSNR and for the cloaked picture, summed over the models.

    Both are asked with the same draws, after the descent's own, and of the models as they were before any learning.
    Score distillation has no loss but a gradient; it is judged by the denoising loss that it lowers.
    """
    pixels, moved = to_batch(clean.pixels), to_batch(cloaked.pixels)
    power = float(np.mean((cloaked.pixels.astype(np.float64) - clean.pixels) ** 2))
    control = to_batch(noisy(clean.pixels, power, sigma=1.0, seed=seed + 1))
    target = objective.target(pixels, models, seed)
    lowered = isinstance(objective, ScoreDistillation)
    judged: Objective = AdvDM() if lowered else objective
    losses = []
    for shown in (control, moved):
        total = 0.0
        for model in models:
            aim = judged.aim(model, pixels, target, seed)
            with torch.no_grad():
                total += float(np.mean([float(aim(shown, 10_000 + draw)) for draw in range(DRAWS)]))
        losses.append(-total if lowered else total)
    return losses[0], losses[1]


def measure(name: str, pictures: Sequence[Image], judges: Sequence[Encoder], steps: int) -> str:
    """Cloak every picture with the method and return its line of the table."""
    objective: Objective = catalog.load(catalog.CLOAKS, name)()
    models = choose(("auto",), needs_generator=objective.needs_generator).encoders
    cloak = DescentCloak(objective, models, replace(Descent(), steps=steps))
    started, rows = time.monotonic(), []
    for number, picture in enumerate(pictures):
        made = save_within(picture, cloak.apply(picture, budget=BUDGET, seed=number))
        control, reached = own_terms(objective, models, picture, made, number)
        gains = [effect(judge, picture.pixels, made.pixels).gain for judge in judges]
        rows.append([distances.psnr(picture.pixels, made.pixels), control, reached, reached < control, *gains])
    took = (time.monotonic() - started) / len(pictures)
    columns = list(zip(*rows, strict=True))
    against = "denoiser" if any(isinstance(model, Generator) for model in models) else "autoencoders"
    learning = ", learning" if isinstance(objective, Learning) else ""
    own = f"{np.mean(columns[1]):.3f} | {np.mean(columns[2]):.3f} | {sum(columns[3])} of {len(pictures)}"
    told = " | ".join(interval([float(value) for value in column]) for column in columns[4:])
    return f"| `{name}` | {against}{learning} | {np.mean(columns[0]):.2f} | {own} | {told} | {took:.0f} |"


def main() -> None:
    """Measure every cloak of the catalog and write the table into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=12)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--only", choices=list(catalog.CLOAKS))
    args = parser.parse_args()
    taesana = TaesdEncoder(args.data / "weights" / "taesana_encoder.safetensors", name="taesana", family="Sana")
    judges = (*real_pool(args.data), taesana)
    pictures = paintings(args.data, args.pictures, args.side)
    head = ("method", "made against", "PSNR dB", "own loss of noise", "of the cloak", "below noise")
    titles = (*head, *(judge.name.split("@")[0] for judge in judges), "s")
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for name in [args.only] if args.only else catalog.CLOAKS:
        lines.append(measure(name, pictures, judges, args.steps))
        print(lines[-1], flush=True)
    facts = f"{args.pictures} held-out paintings, middle crops of {args.side} x {args.side}, {args.steps} steps."
    if not args.only:
        write(PAGE, "methods", "\n".join([*lines, "", facts]))


if __name__ == "__main__":
    main()
