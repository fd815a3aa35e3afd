"""The pictures that the shipped detector was learned from and measured on, by digest; none is part of artaudit.

`collection.csv` names each: sha256, label (real or made), generator and family of generators, source (a repository, a
Debian package, a data set), kind, group (prompt, author, session: what must not be divided), licence, use, part and the
seed of what is done to it. Only rows whose use is "train+measure" are learned from. The part "held" was drawn before
anything was tried, a third of the families and, kind by kind, of the sources of real pictures (seed 20261128); of those
that came later a third was drawn alike before they were read. Families of both parts may share a prompt, and 13
photographs of the other part are the originals of held-out edits.
"""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from jaxtyping import UInt8

from artaudit.edits import Blurred, Chain, Edit, Resized, Saved, Sharpened, Trimmed
from artaudit.image import read

Thing = TypeVar("Thing")

LIST = Path(__file__).parent / "collection.csv"
DEV, HELD = "dev", "held"
REAL, MADE = "real", "made"
LEARNED = "train+measure"
SEED = 20261128

LARGE, USUAL = 4096, (768, 1536)
"""Pixels along the longer side: none is read larger, and four in five large ones as the web shows them."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of the list."""

    sha256: str
    label: str
    generator: str
    family: str
    source: str
    kind: str
    group: str
    licence: str
    use: str
    part: str
    seed: int


def listed(path: Path = LIST) -> list[Listed]:
    """Return the list."""
    names = [field.name for field in fields(Listed)]
    with path.open(newline="", encoding="utf-8") as file:
        return [
            Listed(**{name: row[name] for name in names[:-1]}, seed=int(row["seed"])) for row in csv.DictReader(file)
        ]


def found(folders: Iterable[Path], wanted: Iterable[str]) -> dict[str, Path]:
    """Return where files of the wanted digests lie below some folders; those that lie nowhere are left out."""
    missing, places = set(wanted), {}
    for path in (file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest in missing:
            missing.remove(digest)
            places[digest] = path
    return places


def drawn_by_source(pictures: Iterable[Listed], count: int) -> Iterator[Listed]:
    """Yield up to `count` pictures of every source of real pictures, drawn by a seed."""
    sources = defaultdict(list)
    for picture in pictures:
        if picture.label == REAL:
            sources[picture.source].append(picture)
    for name in sorted(sources):
        order = np.random.default_rng([SEED, *name.encode()]).permutation(len(sources[name]))
        yield from (sources[name][place] for place in order[:count])


def in_turn(groups: Iterable[Sequence[Thing]]) -> Iterator[Thing]:
    """Yield the first of every group, then the second of every group that has one, and so on."""
    groups = list(groups)
    for turn in range(max(map(len, groups), default=0)):
        yield from (group[turn] for group in groups if turn < len(group))


def opened(picture: Listed, path: Path) -> UInt8[np.ndarray, "height width 3"]:
    """Return a picture as `audit check` sees it; four large ones in five are made as small as the web shows them."""
    levels = np.ascontiguousarray(read(path).rgb8, dtype=np.uint8)
    rng, longer = np.random.default_rng([7, picture.seed]), max(levels.shape[:2])
    if longer > USUAL[1] and rng.random() < 0.8:
        return Resized(float(rng.uniform(*USUAL)) / longer)(levels)
    return Resized(LARGE / longer)(levels) if longer > LARGE else levels


def edits_of(picture: Listed) -> dict[str, Edit]:
    """Return what is done to a picture: all are saved alike; every second one also lives as pictures on the web do."""
    even, drawn = picture.seed % 2 == 0, {"JPEG 96": Saved(96)}
    if picture.part == DEV:
        return drawn | ({"web": web(np.random.default_rng([SEED, picture.seed]))} if even else {})
    drawn |= {"JPEG 75": Saved(75)}
    return drawn | ({"resize .75": Chain((Resized(0.75), Saved(90)))} if even else {})


def web(rng: np.random.Generator) -> Edit:
    """Draw what happens to a picture: an earlier save, a trim, a resize, a blur or sharpening, a last save."""
    edits: list[Edit] = []
    past = rng.random()
    if past < 0.25:
        edits.append(Saved(int(rng.integers(70, 99))))
    elif past < 0.35:
        edits.append(Saved(int(rng.integers(70, 96)), "WEBP"))
    edits.append(Trimmed(*map(int, rng.integers(0, 8, 2))))
    if rng.random() < 0.4:
        kernels = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
        edits.append(Resized(float(rng.uniform(0.5, 1.25)), kernels[rng.integers(4)]))
    softened = rng.random()
    if softened < 0.07:
        edits.append(Blurred(float(rng.uniform(0.3, 1.0))))
    elif softened < 0.14:
        edits.append(Sharpened())
    return Chain((*edits, *_last_save(rng)))


def _last_save(rng: np.random.Generator) -> list[Edit]:
    drawn = rng.random()
    if drawn < 0.65:
        return [Saved(int(rng.integers(70, 99)), "JPEG", "4:2:0" if rng.random() < 0.7 else "4:4:4")]
    return [Saved(int(rng.integers(70, 96)), "WEBP")] if drawn < 0.8 else []
