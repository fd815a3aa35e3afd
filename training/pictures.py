"""The pictures the embedded autoencoders learn from, as seeded random crops."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image, ImageOps
from torch import Tensor

from artaudit.datasets.drawings import draw, soften

CROP = 128
DRAWN = 0.15
"""Share of crops that come from drawings."""

CHOOSING = 8
"""Paintings of the training split kept apart for choosing between runs."""

OTHERS = {"kodak": 2, "dcsan-imagen": 1, "supagruen-cheatsheet": 1}
"""How many pictures of the other sources are kept apart for choosing between encoders without a decoder."""

WHITE = 244
"""Grey level from which a border counts as white letterbox."""


def rows(data: Path, *splits: str) -> list[dict[str, str]]:
    """Return the manifest's rows that may be trained on and lie in `splits`."""
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["use"] == "train+measure" and row["split"] in splits]


def training_paths(data: Path) -> list[Path]:
    """Return the files to train on, the paintings kept apart for choosing left out."""
    apart = set(choosing_paths(data))
    return [path for row in rows(data, "train", "extra") if (path := data / row["path"]) not in apart]


def choosing_paths(data: Path) -> list[Path]:
    """Return the last `CHOOSING` paintings of the training split."""
    return [data / row["path"] for row in rows(data, "train") if row["source"] == "louvre"][-CHOOSING:]


def set_apart(data: Path) -> list[Path]:
    """Return `OTHERS` pictures of each other source of the training split, drawn by a seed, for choosing as well."""
    rng = np.random.default_rng(20261128)
    found = []
    for source, count in OTHERS.items():
        here = [data / row["path"] for row in rows(data, "train", "extra") if row["source"] == source]
        found += [here[number] for number in sorted(rng.choice(len(here), count, replace=False).tolist())]
    return found


def held_out_paths(data: Path, source: str) -> list[Path]:
    """Return the pictures of `source` that no training and no choice has seen."""
    return [data / row["path"] for row in rows(data, "val", "portfolio") if row["source"] == source]


def open_picture(path: Path) -> Image.Image:
    """Decode one picture upright in RGB and cut off a white letterbox."""
    with Image.open(path) as file:
        picture = ImageOps.exif_transpose(file).convert("RGB")
    return picture.crop(_content(np.asarray(picture)))


def _content(pixels: UInt8[np.ndarray, "height width 3"]) -> tuple[int, int, int, int]:
    """Return (left, top, right, bottom) of what lies inside the white border, two pixels in."""
    dark = pixels.min(axis=2) < WHITE
    wide, high = np.flatnonzero(dark.mean(axis=0) > 0.02), np.flatnonzero(dark.mean(axis=1) > 0.02)
    if wide.size < CROP or high.size < CROP:
        return 0, 0, pixels.shape[1], pixels.shape[0]
    inset = 2 if wide.size < pixels.shape[1] or high.size < pixels.shape[0] else 0
    return int(wide[0]) + inset, int(high[0]) + inset, int(wide[-1]) + 1 - inset, int(high[-1]) + 1 - inset


def random_crop(rng: np.random.Generator, paths: Sequence[Path]) -> UInt8[np.ndarray, "side side 3"]:
    """Return a crop of `CROP` pixels of a random picture or drawing."""
    drawn = rng.random() < DRAWN
    picture = soften(draw(rng), rng) if drawn else open_picture(paths[int(rng.integers(len(paths)))])
    return crop_of(picture, rng)


def crop_of(picture: Image.Image, rng: np.random.Generator) -> UInt8[np.ndarray, "side side 3"]:
    """Return a crop of `CROP` pixels of a picture, rescaled by 0.5 to 1.5 and flipped at random."""
    scale = max(float(np.exp(rng.uniform(np.log(0.5), np.log(1.5)))), CROP / min(picture.size))
    size = (max(CROP, round(picture.width * scale)), max(CROP, round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.LANCZOS)
    left, top = int(rng.integers(size[0] - CROP + 1)), int(rng.integers(size[1] - CROP + 1))
    crop = np.asarray(picture.crop((left, top, left + CROP, top + CROP)))
    return crop[:, ::-1] if rng.random() < 0.5 else crop


def crops(seed: Sequence[int], paths: Sequence[Path], count: int) -> UInt8[Tensor, "count 3 side side"]:
    """Return `count` crops; the same seed gives the same crops."""
    rng = np.random.default_rng(list(seed))
    stack = np.stack([random_crop(rng, paths) for _ in range(count)])
    return torch.from_numpy(np.ascontiguousarray(stack.transpose(0, 3, 1, 2)))
