"""Teaches the denoiser whose residual `residual` looks at, on grey crops of real pictures of the training split.

Usage: python -m training.noise --data ../shared/data [--debian .cache/debian] [--steps 4000]. The same pictures and
steps give the same weights on one machine.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from safetensors.torch import save
from torch import Tensor, nn

from artaudit.detect import learned_noise
from artaudit.detect.networks import denoiser
from artaudit.detect.residuals import Plane
from artaudit.image import write_atomically
from training.material import specimens

SEED = 20261124
SOURCES = ("louvre", "kodak", "wallpapers", "stamps")
"""Where noise is a camera's or a brush's; flat art has none to tell apart."""

SIDE, BATCH = 48, 16
RATE = 2e-3
STRONGEST = 8 / 255
"""Standard deviation of the strongest noise at middle grey."""


def planes(data: Path, debian: Path) -> list[Plane]:
    """Return the grey planes of all pictures, samples in [0, 1]."""
    found = specimens(data, debian, Path("none"))
    chosen = (one for one in found if one.part == "fit" and not one.made and one.source in SOURCES)
    return [learned_noise.grey(one.levels.astype(np.float32) / 255) for one in chosen]


def crop(plane: Plane, random: np.random.Generator) -> Plane:
    """Return a crop of `SIDE` pixels, half of them at half size: what a save left is smaller there."""
    times = 2 if random.random() < 0.5 and min(plane.shape) > 2 * SIDE else 1
    top, left = (int(random.integers(length - times * SIDE + 1)) for length in plane.shape)
    cut = plane[top : top + times * SIDE, left : left + times * SIDE]
    return cut.reshape(SIDE, times, SIDE, times).mean(axis=(1, 3))


def batch(pictures: Sequence[Plane], step: int) -> Float[Tensor, "count 1 side side"]:
    """Return the crops of a step."""
    random = np.random.default_rng((SEED, step))
    chosen = [pictures[int(random.integers(len(pictures)))] for _ in range(BATCH)]
    return torch.from_numpy(np.stack([crop(plane, random) for plane in chosen]))[:, None]


def learn(pictures: Sequence[Plane], steps: int) -> nn.Module:
    """Return a denoiser that was shown noise of many sizes, stronger where it is brighter."""
    torch.manual_seed(SEED)
    network = denoiser(1)
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    for step in range(steps):
        clean = batch(pictures, step)
        noise = torch.randn_like(clean) * torch.rand(BATCH, 1, 1, 1) * STRONGEST * (0.5 + clean).sqrt()
        for group in optimiser.param_groups:
            group["lr"] = RATE * (0.5 + 0.5 * math.cos(math.pi * step / steps)) + 1e-6
        loss = (network(clean + noise) - noise).square().mean() * 255**2
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 200 == 0:
            print(f"{step}: {loss.item():.2f} of {noise.square().mean().item() * 255**2:.2f}", flush=True)
    return network


def main() -> None:
    """Learn and keep the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--debian", type=Path, default=Path(".cache/debian"))
    parser.add_argument("--steps", type=int, default=4000)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    network = learn(planes(asked.data, asked.debian), asked.steps)
    write_atomically(learned_noise.WEIGHTS, save(dict(network.state_dict())))


if __name__ == "__main__":
    main()
