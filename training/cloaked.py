"""Cloaks paintings by code, so that a detector can learn and show what it makes of protected human work.

Usage: python -m training.cloaked --data ../shared/data --out .cache/cloaked [--train 80] [--val 32] [--steps 60].
Two in three get our own cloak with the tower of image prompts, as `audit protect` makes it, the others a pull of all
latents to zero (PhotoGuard), and all strengths come by turns; every file is a PNG called like its painting.
"""

from __future__ import annotations

import argparse
import io
import os
from pathlib import Path

import torch
from PIL import Image as Pillow

from artaudit.catalog import STRENGTHS
from artaudit.image import Image, decode, write_atomically
from artaudit.protect.job import CloakOrder, prepare
from artaudit.protect.saving import save_within
from training.pictures import open_picture, rows

METHODS = ("push", "push", "photoguard")
"""What cloaks are made by, in turns."""


def middle(path: Path, side: int) -> Image:
    """Return the middle `side` x `side` pixels of a painting, at native resolution, as a PNG in memory."""
    picture = open_picture(path)
    left, top = (picture.width - side) // 2 // 8 * 8, (picture.height - side) // 2 // 8 * 8
    buffer = io.BytesIO()
    picture.crop((left, top, left + side, top + side)).save(buffer, "PNG")
    with Pillow.open(buffer) as check:
        check.verify()
    return decode(buffer.getvalue(), name=path.name)


def main() -> None:
    """Cloak the last paintings of the training split and the first of the validation split."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--train", type=int, default=80)
    parser.add_argument("--val", type=int, default=32)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--side", type=int, default=256)
    args = parser.parse_args()
    os.environ["ARTAUDIT_MODELS"] = str(args.out / "no-models")
    orders = [CloakOrder(method, strength=name, steps=args.steps) for method in METHODS for name in STRENGTHS]
    shops = [prepare(order) for order in orders]
    for split, count in (("val", args.val), ("train", args.train)):
        paintings = [args.data / row["path"] for row in rows(args.data, split) if row["source"] == "louvre"]
        for number, path in enumerate(paintings[len(paintings) - count :]):
            target = args.out / split / f"{path.stem}.png"
            if target.exists() or min(open_picture(path).size) < args.side:
                continue
            image = middle(path, args.side)
            shop = shops[number % len(shops)]
            made = shop.cloak.apply(image, budget=shop.budget, seed=number)
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, save_within(image, made).data)
            print(split, number, path.name, flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
