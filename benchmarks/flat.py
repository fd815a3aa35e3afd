"""Measures what perceptual limits buy on flat, cel-shaded pictures drawn by code: noise in flat areas at equal gain.

    python benchmarks/flat.py [--data ../shared/data] [--pictures 4] [--side 192] [--steps 40]

Gain is the displacement of latents over that of noise of equal PSNR (artaudit/protect/effect.py), averaged over the
models the cloak was made against: the embedded ones and, with --data, taef2 and vaelight. `displacement` is the same
numerator relative to the plain cloak's, so that a gain at a smaller change is not mistaken for an equal effect.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ImageDraw

from artaudit import distances
from artaudit.datasets import drawings
from artaudit.image import Image, decode
from artaudit.protect.cloak import DescentCloak
from artaudit.protect.descent import Descent
from artaudit.protect.effect import effect
from artaudit.protect.limits import Limits
from artaudit.protect.push import Push
from artaudit.protect.saving import save_within
from artaudit.protocols import Budget, Encoder
from benchmarks.limits import PAGE, embedded_pool, real_pool, write

PLAIN = "plain, 7"
KINDS: dict[str, tuple[Budget, Limits]] = {
    PLAIN: (Budget(7 / 255), Limits()),
    "plain, 2": (Budget(2 / 255), Limits()),
    "plain, 7, rms 2": (Budget(7 / 255, rms=2 / 255), Limits()),
    "jnd, 7": (Budget(7 / 255), Limits(jnd=1.0)),
    "jnd, 12": (Budget(12 / 255), Limits(jnd=1.0)),
    "jnd, 16, rms 3": (Budget(16 / 255, rms=3 / 255), Limits(jnd=1.0)),
    "jnd, luma, 16, rms 3": (Budget(16 / 255, rms=3 / 255), Limits(jnd=1.0, luma=True)),
    "luma, 7": (Budget(7 / 255), Limits(luma=True)),
    "delta E 2, 12": (Budget(12 / 255), Limits(delta_e=2.0)),
    "delta E 2, luma, 12": (Budget(12 / 255), Limits(delta_e=2.0, luma=True)),
    "low pass 1, 7": (Budget(7 / 255), Limits(low_pass=1.0)),
    "hinge .02, 7": (Budget(7 / 255), Limits(hinge=0.02)),
}
"""Limits by name; the numbers are levels of 255."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one kind of limits did, averaged over the pictures."""

    gain: float
    displacement: float
    flat_levels: float
    psnr: float
    delta_e: float
    growth: float
    seconds: float


def cel(number: int, side: int) -> Image:
    """Draw flat shapes on a flat ground; its middle, as a PNG in memory."""
    rng = np.random.default_rng(number)
    picture = drawings.GROUNDS[0](rng)
    drawings.LAYERS[0](ImageDraw.Draw(picture), rng)
    corner = (drawings.SIDE - side) // 2
    buffer = io.BytesIO()
    picture.crop((corner, corner, corner + side, corner + side)).save(buffer, "PNG", optimize=True)
    return decode(buffer.getvalue(), name=f"cel {number}.png")


def measure(pictures: Sequence[Image], tool: DescentCloak, budget: Budget) -> Row:
    """Cloak every picture and average what is seen and what is moved."""
    rows = []
    for number, image in enumerate(pictures):
        started = time.monotonic()
        saved = save_within(image, tool.apply(image, budget=budget, seed=number))
        taken = time.monotonic() - started
        effects = [effect(model, image.pixels, saved.pixels) for model in tool.models]
        rows.append(
            (
                float(np.mean([one.gain for one in effects])),
                float(np.mean([one.displacement for one in effects])),
                255 * distances.flat_rms(image.pixels, saved.pixels),
                distances.psnr(image.pixels, saved.pixels),
                float(np.percentile(distances.delta_e(image.pixels, saved.pixels), 95)),
                len(saved.data) / len(image.data),
                taken,
            )
        )
    return Row(*np.mean(rows, axis=0).tolist())


def table(models: Sequence[Encoder], pictures: Sequence[Image], steps: int) -> str:
    """Return a row a kind of limits, printed as it comes."""
    lines = [
        f"Made against and measured on {', '.join(model.name.split('@')[0] for model in models)}:\n",
        "| limits, levels | gain | displacement | flat RMS, levels | PSNR dB | delta E p95 | PNG growth | seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    rows: dict[str, Row] = {}
    for name, (budget, limits) in KINDS.items():
        tool = DescentCloak(Push(), tuple(models), Descent(steps=steps), limits=limits)
        row = rows[name] = measure(pictures, tool, budget)
        lines.append(
            f"| {name} | {row.gain:.2f} | {row.displacement / rows[PLAIN].displacement:.2f} | {row.flat_levels:.2f} | "
            f"{row.psnr:.1f} | {row.delta_e:.2f} | {row.growth:.1f} | {row.seconds:.1f} |"
        )
        print(lines[-1], flush=True)
    return "\n".join(lines)


def main() -> None:
    """Measure on the embedded models and, where they are given, on real ones, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--pictures", type=int, default=4)
    parser.add_argument("--side", type=int, default=192)
    parser.add_argument("--steps", type=int, default=40)
    args = parser.parse_args()
    pools = [embedded_pool(), *([real_pool(args.data)] if args.data else [])]
    pictures = [cel(number, args.side) for number in range(args.pictures)]
    tables = [table(models, pictures, args.steps) for models in pools]
    facts = f"{args.pictures} pictures of {args.side} x {args.side} drawn by code, {args.steps} steps."
    write(PAGE, "flat", "\n\n".join([*tables, facts]))


if __name__ == "__main__":
    main()
