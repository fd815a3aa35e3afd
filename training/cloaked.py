"""Cloaks paintings by code, so that a detector can learn and show what it makes of protected human work.

Usage: python -m training.cloaked --data ../shared/data --out .cache/cloaked [--train 80] [--val 32] [--steps 40].
Half get the default cloak (Push), half a pull of all latents to zero (PhotoGuard); every file is a PNG called like its
painting.
"""

from __future__ import annotations

import argparse
import io
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image as Pillow

from artaudit.auditor.models import open_model
from artaudit.catalog import STRENGTHS
from artaudit.generators import pool
from artaudit.generators.studio import Studio
from artaudit.image import Image, decode, write_atomically
from artaudit.protect.cloak import DescentCloak
from artaudit.protect.photoguard import PhotoGuard
from artaudit.protect.push import Push
from artaudit.protect.saving import save_within
from artaudit.protocols import Budget
from training.pictures import open_picture, rows


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
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--side", type=int, default=256)
    args = parser.parse_args()
    models = tuple(one for record in pool.embedded() if isinstance(one := open_model(record), Studio))
    plain = (DescentCloak(Push(), models), DescentCloak(PhotoGuard(), models))
    tools = [replace(one, descent=replace(one.descent, steps=args.steps)) for one in plain]
    for split, count in (("val", args.val), ("train", args.train)):
        paintings = [args.data / row["path"] for row in rows(args.data, split) if row["source"] == "louvre"]
        for number, path in enumerate(paintings[len(paintings) - count :]):
            target = args.out / split / f"{path.stem}.png"
            if target.exists() or min(open_picture(path).size) < args.side:
                continue
            image = middle(path, args.side)
            made = tools[number % 2].apply(image, budget=Budget(*STRENGTHS["default"]), seed=number)
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, save_within(image, made).data)
            print(split, number, path.name, flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
