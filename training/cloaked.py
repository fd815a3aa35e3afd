"""Cloaks freely chosen real pictures by code, so that a detector can learn and show what it makes of protected work.

Usage: python -m training.cloaked FOLDER… [--out .cache/cloaked] [--count 1] [--steps 30] [--part 0/2]
FOLDERS hold the collected pictures. `count` pictures of every real source, drawn by a seed, are cloaked at 256 x 256
pixels of their middle, by every method of the catalogue and at every strength in turns. Files are PNG, called by the
digest of the original, the method and the strength; a run may be stopped.
"""

from __future__ import annotations

import argparse
import io
import os
from functools import cache
from itertools import product
from pathlib import Path

import torch
from PIL import Image as Pillow

from artaudit.catalog import CLOAKS, STRENGTHS
from artaudit.image import Image, decode, write_atomically
from artaudit.protect.job import CloakJob, CloakOrder, prepare
from artaudit.protect.saving import save_within
from training.collection import Listed, drawn_by_source, found, listed, opened

SIDE = 256

WAYS = tuple((method, strength) for strength, method in product(STRENGTHS, CLOAKS.shipped))
"""Every method at every strength; pictures take them in turns."""


def middle(picture: Listed, path: Path) -> Image:
    """Return the middle `SIDE` x `SIDE` pixels of a picture as the detector is shown it, as a PNG in memory."""
    levels = opened(picture, path)
    top, left = ((length - SIDE) // 2 // 8 * 8 for length in levels.shape[:2])
    buffer = io.BytesIO()
    Pillow.fromarray(levels[top : top + SIDE, left : left + SIDE]).save(buffer, "PNG")
    return decode(buffer.getvalue(), name=path.name)


@cache
def job(method: str, strength: str, steps: int) -> CloakJob:
    """Open the models of a method once."""
    return prepare(CloakOrder(method, strength=strength, steps=steps))


def main() -> None:
    """Cloak what is not cloaked yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=Path(".cache/cloaked"))
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--part", default="0/1", help="which of how many processes this is")
    args = parser.parse_args()
    os.environ["ARTAUDIT_MODELS"] = str(args.out / "no-models")
    part, parts = map(int, args.part.split("/"))
    places = found(args.folders, (row.sha256 for row in listed()))
    args.out.mkdir(parents=True, exist_ok=True)
    todo = drawn_by_source((row for row in listed() if row.sha256 in places), args.count)
    for number, row in enumerate(todo):
        method, strength = WAYS[number % len(WAYS)]
        target = args.out / f"{row.sha256}-{method}-{strength}.png"
        if number % parts != part or target.exists():
            continue
        image = middle(row, places[row.sha256])
        if (image.height, image.width) != (SIDE, SIDE):
            continue
        shop = job(method, strength, args.steps)
        made = shop.cloak.apply(image, budget=shop.budget, seed=number)
        write_atomically(target, save_within(image, made).data)
        print(number, row.source, method, strength, flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
