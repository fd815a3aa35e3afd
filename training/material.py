"""The pictures a detector is trained, calibrated and measured on, both kinds handled by one recipe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from jaxtyping import UInt8
from PIL import Image

from artaudit.datasets import manifest
from artaudit.datasets.drawings import draw, soften
from artaudit.datasets.manifest import REAL, Row
from artaudit.detect.crops import textured_crops
from training.fields import field
from training.pictures import open_picture

SIDE = 512
"""Pixels that are kept of a side: the middle, at native resolution."""

LEAST = 128
DOMAINS = {
    "louvre": "painting",
    "vangogh": "painting",
    "wikiart-monet": "painting",
    "drawn": "flat art",
    "abstract": "flat art",
    "cloaked": "cloaked",
}
ABSTRACT = ("abstract", "desktop", "gnome-backgrounds")
"""Folders of wallpapers that are drawn or computed."""

STAMP = 160
"""Pixels a side from which what is opaque of a stamp is used."""

WINDOWS = {1: 3, 2: 2, 4: 1}
"""Textured windows of a photograph, beside its middle, by how many times smaller it is made."""

LARGE = 900
"""Pixels of the shorter side from which a wallpaper is also looked at whole."""

FIELDS = "fields of noise"
FIELD_COUNT = 150
"""The generator of pictures that hold noise and little else, and how many are drawn."""

DRAWINGS = {"fit": 180, "val": 60}

_LIVED: dict[str, Literal["new", "JPEG", "WEBP"]] = {".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".png": "new"}
Levels = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True, slots=True)
class Specimen:
    """A picture and what is known about it.

    `part` is fit, fields (learned from by one head alone), whole (large, to set a bar on), val (held out) or measure
    (never trained on).
    """

    levels: Levels
    made: bool
    generator: str
    source: str
    group: str
    part: str
    lived: Literal["new", "JPEG", "WEBP"] = "new"

    @property
    def domain(self) -> str:
        """Return painting, photograph, flat art or cloaked; made pictures by their generator."""
        return self.generator or DOMAINS.get(self.source, "photograph")


def balance(domains: np.ndarray) -> np.ndarray:
    """Return how much each picture weighs, so that every domain weighs with the root of its number."""
    return np.array([1 / np.sqrt((domains == one).sum()) for one in domains])


def fields() -> Iterator[Specimen]:
    """Yield pictures of noise that one head alone learns from."""
    for number in range(FIELD_COUNT):
        levels = field(np.random.default_rng((20261124, number)))
        yield Specimen(levels, True, FIELDS, FIELDS, f"{FIELDS}-{number}", "fields")  # noqa: FBT003


def specimens(data: Path, debian: Path, cloaked: Path) -> Iterator[Specimen]:
    """Yield everything, the manifest's pictures first; folders that are missing yield nothing."""
    for row in manifest.read(data / "manifest.csv"):
        yield from _listed(data, row)
    yield from _wallpapers(debian)
    yield from _drawn()
    for split in ("train", "val"):
        for path in sorted((cloaked / split).glob("*.png")):
            group = f"louvre-{int(path.stem.rpartition('-')[2])}"
            part = "fit" if split == "train" else "val"
            yield Specimen(_levels(open_picture(path)), False, "", "cloaked", group, part, "JPEG")  # noqa: FBT003


def _listed(data: Path, row: Row) -> Iterator[Specimen]:
    """Yield a row's picture; a sheet of styles as two of its four tiles."""
    if min(row.width, row.height) < LEAST:
        return
    made, lived = row.label != REAL, _LIVED.get(Path(row.path).suffix.lower(), "new")
    picture = open_picture(data / row.path) if not made else Image.open(data / row.path).convert("RGB")
    if min(picture.size) < LEAST:
        return
    group = row.group or row.path
    if row.generator == "stable-diffusion-1.5-finetunes":
        for left, top in ((0, 0), (512, 512)):
            cut = picture.crop((left, top, left + 512, top + 512))
            yield Specimen(_levels(cut), made, row.generator, row.source, group, _part(row), lived)
        return
    yield Specimen(_levels(picture), made, row.generator, row.source, group, _part(row), lived)


def _part(row: Row) -> str:
    if row.use != "train+measure":
        return "measure"
    return "fit" if row.split in {"train", "extra"} else "val"


def large(folder: Path) -> Iterator[Specimen]:
    """Yield the large pictures that Debian packages, whole."""
    for path in _packaged(folder):
        with Image.open(path) as file:
            if "tuxpaint" not in str(path) and min(file.size) >= LARGE:
                levels = np.asarray(file.convert("RGB"))
                yield Specimen(levels, False, "", _source(path), _group(path), "whole", _LIVED[path.suffix.lower()])  # noqa: FBT003


def _packaged(folder: Path) -> list[Path]:
    return sorted(one for one in folder.rglob("*") if one.suffix.lower() in _LIVED)


def _group(path: Path) -> str:
    return f"wall-{re.sub(r'(_[0-9]+x[0-9]+|-[dl])$', '', path.stem)}"


def _source(path: Path) -> str:
    return "abstract" if any(one in str(path) for one in ABSTRACT) else "wallpapers"


def _wallpapers(folder: Path) -> Iterator[Specimen]:
    """Yield freely licensed pictures that Debian packages, in `WINDOWS`; all of one picture are one group."""
    for path in _packaged(folder):
        with Image.open(path) as file:
            if "tuxpaint" in str(path):
                yield from _stamp(file, f"stamp-{path.stem}")
                continue
            whole = file.convert("RGB")
        group, source = _group(path), _source(path)
        for times, count in WINDOWS.items():
            size = whole.width // times, whole.height // times
            if min(size) < 2 * LEAST:
                continue
            smaller = whole.resize(size, Image.Resampling.LANCZOS) if times > 1 else whole
            lived: Any = _LIVED[path.suffix.lower()] if times == 1 else "new"
            for levels in _windows(smaller, count if source == "wallpapers" else 0):
                yield Specimen(levels, False, "", source, group, "fit", lived)  # noqa: FBT003


def _windows(picture: Image.Image, count: int) -> Iterator[Levels]:
    """Yield the middle of a picture, then `count` textured windows where it is large enough."""
    yield _levels(picture)
    if min(picture.size) >= SIDE and count:
        levels = np.asarray(picture)
        for top, left in textured_crops(levels.astype(np.float32) / 255, SIDE, count):
            yield np.ascontiguousarray(levels[top : top + SIDE, left : left + SIDE])


def _stamp(file: Image.Image, group: str) -> Iterator[Specimen]:
    """Yield the largest square of a cut-out photograph that is opaque all over."""
    if min(file.size) < STAMP:
        return
    opaque = np.pad(np.asarray(file.convert("RGBA"))[..., 3] == 255, 1).astype(np.uint8)
    far = cv2.distanceTransform(opaque, cv2.DIST_C, 3)[1:-1, 1:-1]
    reach, (row, column) = int(far.max()) - 1, divmod(int(far.argmax()), far.shape[1])
    if 2 * reach + 1 > STAMP:
        square = file.convert("RGB").crop((column - reach, row - reach, column + reach + 1, row + reach + 1))
        yield Specimen(_levels(square), False, "", "stamps", group, "fit")  # noqa: FBT003


def _drawn() -> Iterator[Specimen]:
    """Yield pictures drawn by code: flat art without noise."""
    seed = 0
    for part, count in DRAWINGS.items():
        for _ in range(count):
            rng = np.random.default_rng((20261124, seed))
            yield Specimen(_levels(soften(draw(rng), rng)), False, "", "drawn", f"drawn-{seed}", part)  # noqa: FBT003
            seed += 1


def _levels(picture: Image.Image) -> Levels:
    """Return the middle of a picture, at most `SIDE` pixels a side, cut at whole cells of 8."""
    left, top = (max(0, side - SIDE) // 16 * 8 for side in picture.size)
    return np.array(picture.crop((left, top, min(picture.width, left + SIDE), min(picture.height, top + SIDE))))
