"""Measures the embedded latent diffusion model on pictures it has not learned from, and writes docs/limits.md's table.

Usage: python benchmarks/diffusion.py --data ../shared/data [--crops 96]. The denoising loss is the mean squared error
of the predicted noise; predicting zeros has a loss of 1.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.protocols import Generator
from benchmarks.page import PAGE, interval, write
from training.diffusion import NAME
from training.pictures import crop_of, held_out_paths, open_picture, training_paths

NOISES = 8
PROMPTS = {"painting": "painting", "no words": "", "photograph": "photograph", "drawing": "drawing"}


def losses(model: Generator, crops: torch.Tensor, prompt: str) -> list[float]:
    """Return the denoising loss of every crop, averaged over noises and steps that are the same for all prompts."""
    condition, errors = model.condition(prompt), []
    for number, crop in enumerate(crops):
        chance = torch.Generator().manual_seed(number)
        with torch.no_grad():
            latents = model.encode(crop[None]).expand(NOISES, -1, -1, -1)
            steps = torch.randint(model.schedule_steps, (NOISES,), generator=chance)
            noise = torch.randn(latents.shape, generator=chance)
            predicted = torch.cat(
                [
                    model.predict(noisy[None], step[None], condition)
                    for noisy, step in zip(model.add_noise(latents, noise, steps), steps, strict=True)
                ]
            )
            errors.append(float((predicted - model.training_target(latents, noise, steps)).square().mean()))
    return errors


def crops_of(paths: list[Path], count: int) -> torch.Tensor:
    """Return crops of the pictures in turn, as the training draws them."""
    rng = np.random.default_rng(9)
    crops = [crop_of(open_picture(paths[number % len(paths)]), rng) for number in range(count)]
    return torch.from_numpy(np.stack(crops).transpose(0, 3, 1, 2).astype(np.float32) / 255)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--crops", type=int, default=96)
    args = parser.parse_args()
    record = next(record for record in pool.embedded() if record.name == NAME)
    model = open_model(record)
    if not isinstance(model, Generator):
        raise SystemExit(f"{NAME} has no denoiser")
    seen = [path for path in training_paths(args.data) if "louvre" in path.parts]
    sources: dict[str, Callable[[], list[Path]]] = {
        "paintings it learned from": lambda: seen,
        "Louvre, held out": lambda: held_out_paths(args.data, "louvre"),
        "van Gogh, held out": lambda: held_out_paths(args.data, "vangogh"),
        "Kodak photographs, held out": lambda: held_out_paths(args.data, "kodak"),
    }
    lines = [f"| told | {' | '.join(sources)} |", "|---" * (len(sources) + 1) + "|"]
    crops = {name: crops_of(paths(), args.crops) for name, paths in sources.items()}
    for title, prompt in PROMPTS.items():
        cells = [interval(losses(model, crops[name], prompt)) for name in sources]
        lines.append(f"| {title} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    facts = f"{args.crops} crops of 128 x 128 a column, {NOISES} noises each."
    write(PAGE, "denoise", "\n".join([*lines, "", facts]))


if __name__ == "__main__":
    main()
