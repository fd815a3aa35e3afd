"""The pictures that cloaks are measured on; no training and no choice of settings has used their files.

Photographs were chosen by eye from the validation split for sky and skin, where cloaks are most visible. kodim19, a
tower before sky, was left out, since cloaks were judged by eye on it during development. Flat, line and pixel art are
drawings by code, and free art from Debian's games, whose packages `make .cache/art` fetches.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from artaudit.datasets import drawings
from artaudit.image import Image, decode
from training.pictures import held_out_paths, open_picture

SIDE = 256
PUBLISHED = ("anti-dreambooth", "styleguard")
"""Folders of published cloaks, made by their authors, of the first paintings by van Gogh."""

PHOTOGRAPHS = (
    ("kodak/kodim04.png", 110, 90),  # a face and a hat
    ("kodak/kodim10.png", 60, 0),  # sails before sky
    ("kodak/kodim16.png", 70, 140),  # clouds over water
    ("kodak/kodim22.png", 0, 90),  # a barn under sky
    ("cbsd/189080.png", 150, 32),  # an old face on a light ground
    ("cbsd/253055.png", 20, 120),  # sky over grassland
    ("imagenet/201.jpg", 10, 60),  # deep blue sky, a beach
    ("imagenet/284.jpg", 0, 200),  # a young face
)
"""File, and the upper left corner of the crop that holds the sky or the skin."""

ART = Path(".cache/art")
FREE = (
    ("ardentryst/usr/share/games/ardentryst/Data/StorySceneImages/Intro_Kiripan_Beach.png", 100, 330),  # digital art
    ("ardentryst/usr/share/games/ardentryst/Data/EndSave.png", 180, 330),  # soft shading
    ("monsterz-data/usr/share/games/monsterz/graphics/bigtiles.png", 0, 0),  # cartoons on white
    ("pingus-data/usr/share/games/pingus/data/images/core/misc/pingubw.png", 20, 25),  # ink on white
)
"""Free art, likewise; ardentryst and pingus are GPL-3 or CC-BY-SA, monsterz is WTFPL."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A held-out picture: the middle or the named part of a file, or a drawing; `open` reads or draws it."""

    name: str
    open: Callable[[], Image]


def groups(data: Path) -> dict[str, list[Piece]]:
    """Return the held-out pictures by kind, each of `SIDE` pixels a side and with a unique name."""
    return {"paintings": paintings(data), "photographs": photographs(data), "flat art": flat_art()}


def paintings(data: Path, count: int = 16, side: int = SIDE) -> list[Piece]:
    """Return `count` paintings: half from the Louvre, up to five by van Gogh, the rest by Monet.

    Van Gogh's are the first five, of which published cloaks exist.
    """
    spread = {"louvre": (count + 1) // 2, "vangogh": min(5, count // 2), "wikiart-monet": max(0, count // 2 - 5)}
    pieces = []
    for source, number in spread.items():
        paths = held_out_paths(data, source)
        chosen = paths if source == "vangogh" else [paths[place * len(paths) // number] for place in range(number)]
        pieces += [Piece(f"{source}-{path.stem[:40]}", partial(middle, path, side)) for path in chosen[:number]]
    return pieces


def photographs(data: Path) -> list[Piece]:
    """Return the photographs with sky or skin; refuses one that is not of the validation split."""
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as file:
        held_out = {row["path"] for row in csv.DictReader(file) if row["split"] == "val"}
    pieces = []
    for name, top, left in PHOTOGRAPHS:
        if f"real/{name}" not in held_out:
            raise ValueError(f"{name} is not held out")
        path = data / "real" / name
        pieces.append(Piece(name.replace("/", "-").partition(".")[0], partial(part, path, top, left)))
    return pieces


def flat_art() -> list[Piece]:
    """Return four drawings by code and four pieces of free art."""
    drawn = [Piece(kind, partial(drawing, kind)) for kind in DRAWN]
    missing = [name for name, _, _ in FREE if not (ART / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{ART / missing[0]} is not there: make .cache/art")
    return drawn + [Piece(Path(name).stem, partial(part, ART / name, top, left)) for name, top, left in FREE]


def middle(path: Path, side: int = SIDE) -> Image:
    """Return the middle of a picture without its white border, scaled down where it is more than twice as large."""
    picture = open_picture(path)
    scale = max(side / min(picture.size), min(1.0, 2 * side / min(picture.size)))
    picture = picture.resize((round(picture.width * scale), round(picture.height * scale)), Pillow.Resampling.LANCZOS)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return as_image(picture.crop((left, top, left + side, top + side)), path.name)


def part(path: Path, top: int, left: int, side: int = SIDE) -> Image:
    """Return a part of a picture, unscaled, on white where it is transparent."""
    with Pillow.open(path) as opened:
        picture = opened.convert("RGBA")
    ground = Pillow.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture)
    return as_image(ground.convert("RGB").crop((left, top, left + side, top + side)), path.name)


def window(path: Path, side: int = SIDE) -> Image:
    """Return the middle of a picture, unscaled."""
    with Pillow.open(path) as opened:
        width, height = opened.size
    return part(path, (height - side) // 2, (width - side) // 2, side)


def as_image(picture: Pillow.Image, name: str) -> Image:
    """Return a picture as a PNG in memory."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return decode(buffer.getvalue(), name=name)


def drawing(kind: str, side: int = SIDE) -> Image:
    """Return the middle of one of the drawings in `DRAWN`."""
    recipe = DRAWN[kind]
    rng = np.random.default_rng(recipe.seed)
    picture = (
        drawings.GROUNDS[recipe.ground](rng) if recipe.ground >= 0 else Pillow.new("RGB", (drawings.SIDE,) * 2, "white")
    )
    for layer in recipe.layers:
        drawings.LAYERS[layer](ImageDraw.Draw(picture), rng)
    corner = (drawings.SIDE - side) // 2
    picture = picture.crop((corner, corner, corner + side, corner + side))
    if recipe.dots > 1:
        small = picture.resize((side // recipe.dots,) * 2, Pillow.Resampling.NEAREST).quantize(16).convert("RGB")
        picture = small.resize((side, side), Pillow.Resampling.NEAREST)
    return as_image(picture, f"{kind}.png")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawing by code: its seed, ground (-1 is white), layers over it, and the width of a dot in pixels."""

    seed: int
    ground: int
    layers: Sequence[int]
    dots: int = 1


_FLAT, _GRADIENT, _WHITE = 0, 1, -1
_SHAPES, _LINES, _WRITING = 0, 1, 2
DRAWN = {
    "cel": Drawn(20261101, _FLAT, (_SHAPES,)),
    "shading": Drawn(20261102, _GRADIENT, (_SHAPES, _LINES)),
    "lines": Drawn(20261103, _WHITE, (_LINES, _WRITING)),
    "pixel art": Drawn(20261104, _FLAT, (_SHAPES, _SHAPES), dots=4),
}
"""Flat shapes, soft shading, line art on white, pixel art of 16 colours."""
