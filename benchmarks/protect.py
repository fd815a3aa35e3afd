"""Measures what a cloak costs: a step beside its bare surrogates, steps to a gain, a default picture, a large one.

Usage: python benchmarks/protect.py --data ../shared/data [--only step|reach|default|large]. Ratios are taken in one run
on one machine; seconds alone mean little elsewhere. With `--only` the other lines of docs/limits.md stay as they were.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image as Pillow

from artaudit.catalog import STRENGTHS
from artaudit.image import Image, decode
from artaudit.protect.cloak import DescentCloak
from artaudit.protect.descent import Descent
from artaudit.protect.effect import effect
from artaudit.protect.push import Push
from artaudit.protect.saving import save_within
from artaudit.protocols import Budget, Encoder
from artaudit.tensors import to_batch
from artaudit.transforms import Identity
from benchmarks.limits import PAGE, embedded_pool, paintings, real_pool, write

DEFAULT = Budget(*STRENGTHS["default"])
PLAIN = Descent(steps=100, first=1 / 7, last=1 / 7, momentum=0.0, power=0.0)
"""Projected gradient descent as published: signed steps of one level, no momentum."""

MEASURED = {
    "step": "one step beside the bare forward and backward passes of its models, 320 x 320, median of 7 rounds",
    "reach": "mean gain on taef2, made against the real pool, by number of steps",
    "default": "default cloak against the embedded pool",
    "large": "`audit protect --time 10m` of a 24-megapixel JPEG, whole command, gains at 2048 pixels",
}


def seconds(act: Callable[[], object]) -> float:
    """Return how long a call takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def step_cost(picture: Image, models: Sequence[Encoder], rounds: int = 7) -> dict[str, float]:
    """Compare one step of the descent with the forward and backward pass of its models alone, in turns."""
    clean = to_batch(picture.samples)
    with torch.no_grad():
        origins = [model.encode(clean) for model in models]

    def bare() -> None:
        pixels = clean.clone().requires_grad_()
        parts = [(model.encode(pixels) - origin).square().mean() for model, origin in zip(models, origins, strict=True)]
        torch.autograd.grad(torch.stack(parts).sum(), pixels)

    def steps(count: int) -> Callable[[], object]:
        cloak = DescentCloak(Push(), tuple(models), Descent(steps=count), expectation=(Identity(),))
        return lambda: cloak.apply(picture, budget=DEFAULT, seed=0)

    bare()
    ratios, alone = [], []
    for _ in range(rounds):
        few, many, passes = seconds(steps(2)), seconds(steps(8)), seconds(bare) + seconds(bare) + seconds(bare)
        ratios.append((many - few) / 6 / (passes / 3))
        alone.append(passes / 3)
    return {"bare pass s": round(statistics.median(alone), 3), "step / bare pass": round(statistics.median(ratios), 3)}


def reach(pictures: Sequence[Image], models: Sequence[Encoder], judge: Encoder) -> dict[str, object]:
    """Find how many of the default's steps reach the gain of plain signed descent after 100, at the same PSNR."""

    def gains(cloak: DescentCloak, budget: Budget) -> list[float]:
        made = [save_within(one, cloak.apply(one, budget=budget, seed=n)) for n, one in enumerate(pictures)]
        return [effect(judge, one.pixels, other.pixels).gain for one, other in zip(pictures, made, strict=True)]

    plain = DescentCloak(Push(), tuple(models), PLAIN, expectation=(Identity(),))
    wanted = float(np.mean(gains(plain, Budget(7 / 255, DEFAULT.rms))))
    found = {}
    for steps in (10, 15, 20, 30, 40):
        cloak = DescentCloak(Push(), tuple(models), replace(Descent(), steps=steps))
        untransformed = replace(cloak, expectation=(Identity(),))
        found[steps] = [round(float(np.mean(gains(one, DEFAULT))), 3) for one in (cloak, untransformed)]
    return {"plain signed descent, 100 steps": round(wanted, 3), "ours by steps (with, without transforms)": found}


def default_picture(models: Sequence[Encoder]) -> dict[str, float]:
    """Time a default cloak of a picture of 512 x 512, alone."""
    picture = synthetic(512, 512)
    cloak = DescentCloak(Push(), tuple(models))
    return {"512 x 512 s": round(seconds(lambda: cloak.apply(picture, budget=DEFAULT, seed=0)), 1)}


def large_picture() -> dict[str, float]:
    """Cloak 24 megapixels with ten minutes in a process of its own, as the command does it, and read its memory."""
    import subprocess  # noqa: PLC0415 - for this part alone
    import sys  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.jpg"
        Pillow.fromarray(synthetic(4000, 6000).rgb8).save(path, quality=92)
        line = [sys.executable, "-m", "artaudit", "protect", str(path), "--time", "10m", "--json", "--seed", "1"]
        line += ["--db", str(Path(folder) / "registry.db")]
        started = time.perf_counter()
        answer = subprocess.run(line, capture_output=True, check=True, text=True)  # noqa: S603 - our own command
        took = time.perf_counter() - started
        [paper] = json.loads(answer.stdout)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    effects = {one["model"].split("@")[0]: one["gain_over_noise"] for one in paper["effect"]}
    return {"24 MP s": round(took), "peak GiB": round(peak, 2), "psnr": paper["visibility"]["psnr_db"], **effects}


def synthetic(height: int, width: int) -> Image:
    """Return a picture with the spectrum of a photograph, drawn by code."""
    rng = np.random.default_rng(5)
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    shape = 1 / (np.hypot(rows, columns) + 1 / max(height, width)) ** 1.2
    planes = [np.fft.irfft2(np.fft.rfft2(rng.standard_normal((height, width))) * shape, (height, width)) for _ in "rgb"]
    array = np.stack([128 + 50 * plane / plane.std() for plane in planes], axis=-1).clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Pillow.fromarray(array).save(buffer, "PNG", compress_level=1)
    return decode(buffer.getvalue(), name="synthetic.png")


def spoken(measured: object) -> str:
    """Return what was measured as words and numbers."""
    if isinstance(measured, dict):
        return ", ".join(f"{name} {spoken(value)}" for name, value in measured.items())
    return " / ".join(map(str, measured)) if isinstance(measured, list) else str(measured)


def main() -> None:
    """Measure what was asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", choices=("step", "reach", "default", "large"))
    parser.add_argument("--pictures", type=int, default=4)
    parser.add_argument("--side", type=int, default=192)
    args = parser.parse_args()
    real, own = real_pool(args.data), embedded_pool()
    parts: dict[str, Callable[[], object]] = {
        "step": lambda: {
            "real pool": step_cost(paintings(args.data, 2, 320)[0], real),
            "embedded pool": step_cost(paintings(args.data, 2, 320)[0], own),
        },
        "reach": lambda: reach(paintings(args.data, args.pictures, args.side), real, real[0]),
        "default": lambda: default_picture(own),
        "large": large_picture,
    }
    written = re.search(r"<!-- cost -->\n(.*?)<!-- end cost -->", PAGE.read_text("utf-8"), re.DOTALL)
    before = written[1].splitlines() if written else []
    lines = {name: line for name, told in MEASURED.items() for line in before if line.startswith(f"- {told}: ")}
    for name, measure in parts.items():
        if args.only in (None, name):
            lines[name] = f"- {MEASURED[name]}: {spoken(measure())}"
            print(lines[name], flush=True)
    write(PAGE, "cost", "\n".join(lines[name] for name in MEASURED if name in lines))


if __name__ == "__main__":
    main()
