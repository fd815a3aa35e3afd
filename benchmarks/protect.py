"""Measures the cost of a cloak: a step beside its bare models, the gain by steps, a default picture, a large one.

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
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor

from artaudit.image import Image, decode
from artaudit.protect.effect import effect
from artaudit.protect.job import CloakJob
from artaudit.protocols import Encoder
from artaudit.tensors import to_batch
from artaudit.transforms import Identity
from benchmarks.held_out import paintings
from benchmarks.page import PAGE, write
from benchmarks.pools import cloaked, judges, workshop

STEPS = (15, 30, 60, 120)

MEASURED = {
    "step": "one step beside the bare forward and backward pass of one model, 320 x 320, median of 5 rounds",
    "reach": "mean gain on taef2 beside noise as visible by SSIMULACRA2 and FLIP, by number of steps",
    "default": "default cloak",
    "large": "`audit protect --time 10m` of a 24-megapixel JPEG, whole command, gains at 2048 pixels",
}


def seconds(act: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def step_cost(picture: Image, job: CloakJob, rounds: int = 5) -> dict[str, float]:
    """Compare a step of the descent with the forward and backward pass of one model alone.

    Steps serve the models in turn, so both are averaged over the models, including that of style references.
    """
    clean, style = to_batch(picture.samples), job.cloak.style
    aims: list[Callable[[Tensor], Tensor]] = [partial(distance, model, clean) for model in job.cloak.models]
    if style is not None:
        seen = style.aim(clean)
        aims.append(lambda pixels: seen(pixels, 0))

    def bare() -> None:
        for aim in aims:
            pixels = (clean + 0.01).requires_grad_()
            torch.autograd.grad(aim(pixels), pixels)

    def steps(count: int) -> Callable[[], object]:
        plain = replace(job.cloak, expectation=(Identity(),))
        cloak = replace(plain, descent=replace(plain.descent, steps=count * len(aims)))
        return lambda: cloak.apply(picture, budget=job.budget, seed=0)

    bare()
    ratios, alone = [], []
    for _ in range(rounds):
        few, many, passes = seconds(steps(2)), seconds(steps(6)), (seconds(bare) + seconds(bare)) / 2
        ratios.append((many - few) / 4 / passes)
        alone.append(passes / len(aims))
    return {"bare pass s": round(statistics.median(alone), 3), "step / bare pass": round(statistics.median(ratios), 2)}


def distance(model: Encoder, clean: Tensor, pixels: Tensor) -> Tensor:
    """Return the mean squared distance of a model's latents to those of the clean picture."""
    with torch.no_grad():
        origin = model.encode(clean)
    return (model.encode(pixels) - origin).square().mean()


def reach(pictures: Sequence[Image], judge: Encoder) -> dict[str, float]:
    """Return the mean gain of default cloaks by their number of steps."""
    by_steps = {}
    for steps in STEPS:
        job = workshop(steps=steps)
        results = [cloaked(job, picture, number) for number, picture in enumerate(pictures)]
        gains = [effect(judge, clean.pixels, saved.pixels).gain for clean, saved in zip(pictures, results, strict=True)]
        by_steps[f"{steps} steps"] = round(float(np.mean(gains)), 2)
    return by_steps


def default_picture(job: CloakJob) -> dict[str, float]:
    """Return the seconds of a default cloak of a picture of 512 x 512."""
    picture = synthetic(512, 512)
    return {"512 x 512 s": round(seconds(lambda: cloaked(job, picture, 0)), 1)}


def large_picture() -> dict[str, float]:
    """Run `audit protect --time 10m` on 24 megapixels in a process of its own; return its figures and peak memory."""
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
        [receipt] = json.loads(answer.stdout)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    effects = {measured["model"].split("@")[0]: measured["gain_over_visible_noise"] for measured in receipt["effect"]}
    score = receipt["visibility"]["ssimulacra2"]
    return {"24 MP s": round(took), "peak GiB": round(peak, 2), "SSIMULACRA2": score, **effects}


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
    """Return measured values as text."""
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
    job = workshop()
    pictures = [piece.open() for piece in paintings(args.data, args.pictures, args.side)]
    parts: dict[str, Callable[[], object]] = {
        "step": lambda: step_cost(paintings(args.data, 2, 320)[0].open(), job),
        "reach": lambda: reach(pictures, judges(args.data)[0]),
        "default": lambda: default_picture(job),
        "large": large_picture,
    }
    written = re.search(r"<!-- cost -->\n(.*?)<!-- end cost -->", PAGE.read_text("utf-8"), re.DOTALL)
    before = written[1].splitlines() if written else []
    lines = {name: line for name, words in MEASURED.items() for line in before if line.startswith(f"- {words}: ")}
    for name, measure in parts.items():
        if args.only in (None, name):
            lines[name] = f"- {MEASURED[name]}: {spoken(measure())}"
            print(lines[name], flush=True)
    write(PAGE, "cost", "\n".join(lines[name] for name in MEASURED if name in lines))


if __name__ == "__main__":
    main()
