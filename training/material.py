"""The pictures a detector is trained, calibrated and measured on, both kinds handled by one recipe."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from artaudit.datasets import manifest
from artaudit.datasets.drawings import draw, soften
from artaudit.datasets.manifest import REAL, Row
from training.pictures import open_picture

SIDE = 512
"""Pixels that are kept of a side: the middle, at native resolution."""

LEAST = 128
CALIBRATING = 4
"""One group in so many of the training split is kept for the threshold and the calibration."""

DOMAINS = {
    "louvre": "painting",
    "vangogh": "painting",
    "wikiart-monet": "painting",
    "drawn": "flat art",
    "cloaked": "cloaked",
}
DRAWINGS = {"fit": 120, "calibrate": 60, "val": 60}

Levels = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True, slots=True)
class Specimen:
    """A picture and what is known about it; `part` is fit, calibrate, val (held out) or measure (never trained on)."""

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


def specimens(data: Path, debian: Path, cloaked: Path) -> Iterator[Specimen]:
    """Yield everything, the manifest's pictures first; folders that are missing yield nothing."""
    for row in manifest.read(data / "manifest.csv"):
        yield from _listed(data, row)
    yield from _wallpapers(debian)
    yield from _drawn()
    for split in ("train", "val"):
        for path in sorted((cloaked / split).glob("*.png")):
            group = f"louvre-{int(path.stem.rpartition('-')[2])}"
            part = _share(group) if split == "train" else "val"
            yield Specimen(_levels(open_picture(path)), False, "", "cloaked", group, part, "JPEG")  # noqa: FBT003


def _listed(data: Path, row: Row) -> Iterator[Specimen]:
    """Yield a row's picture; a sheet of styles as two of its four tiles."""
    if min(row.width, row.height) < LEAST:
        return
    made, lived = row.label != REAL, _lived(row)
    picture = open_picture(data / row.path) if not made else Image.open(data / row.path).convert("RGB")
    if min(picture.size) < LEAST:
        return
    group = row.group or row.path
    if row.generator == "stable-diffusion-1.5-finetunes":
        for left, top in ((0, 0), (512, 512)):
            cut = picture.crop((left, top, left + 512, top + 512))
            yield Specimen(_levels(cut), made, row.generator, row.source, group, _part(row, group), lived)
        return
    yield Specimen(_levels(picture), made, row.generator, row.source, group, _part(row, group), lived)


def _lived(row: Row) -> Literal["new", "JPEG", "WEBP"]:
    suffix = Path(row.path).suffix.lower()
    return "JPEG" if suffix in {".jpg", ".jpeg"} else "WEBP" if suffix == ".webp" else "new"


def _part(row: Row, group: str) -> str:
    if row.use != "train+measure":
        return "measure"
    return _share(group) if row.split in {"train", "extra"} else "val"


def _share(group: str) -> str:
    """Say by a group's name alone whether it is learned from or kept for the threshold."""
    return "calibrate" if zlib.crc32(group.encode()) % CALIBRATING == 0 else "fit"


def _wallpapers(folder: Path) -> Iterator[Specimen]:
    """Yield freely licensed photographs that Debian packages, each at its size, at half and at a quarter of it."""
    kinds = {".jpg", ".jpeg", ".png", ".webp"}
    for path in sorted(one for one in folder.rglob("*") if one.suffix.lower() in kinds and "tuxpaint" not in str(one)):
        with Image.open(path) as file:
            whole = file.convert("RGB")
        lived: Literal["new", "JPEG"] = "JPEG" if path.suffix.lower() in {".jpg", ".jpeg"} else "new"
        for times in (1, 2, 4):
            size = whole.width // times, whole.height // times
            if min(size) >= 2 * LEAST:
                smaller = whole.resize(size, Image.Resampling.LANCZOS) if times > 1 else whole
                state = lived if times == 1 else "new"
                yield Specimen(_levels(smaller), False, "", "wallpapers", path.stem, _share(path.stem), state)  # noqa: FBT003


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
