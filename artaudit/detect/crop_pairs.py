"""Draws pairs of crops for networks to learn from: a real and a machine-made one, handled by the same recipe."""

from __future__ import annotations

import math
import zlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from artaudit.datasets.listing import Left
from artaudit.datasets.manifest import GENERATED, Row
from artaudit.datasets.pictures import Pictures
from artaudit.detect.feature_table import LIVED
from artaudit.edits import handling
from artaudit.errors import UsageError

Levels = UInt8[np.ndarray, "height width 3"]
Square = UInt8[np.ndarray, "side side 3"]

SHRUNK = 0.6
"""The smallest factor that a handling may scale by."""

TRIES = 50
"""How many pairs are tried, at most, for each that a batch needs."""

WATCHED = 8
"""One group in so many is kept apart to see when a network has learned enough."""


@dataclass(frozen=True)
class CropPairs:
    """Draws pairs at random: what a step draws follows from the seed, the step and the process.

    Rows that share a `pair` are drawn together and cut alike; others are drawn one of each label, generators and
    sources being equally frequent. Both members go through handlings of the same chances.
    """

    rows: Sequence[Row]
    open: Callable[[Row], Levels | None]
    side: int
    batch: int
    seed: int
    _kinds: dict[bool, dict[str, list[Row]]] = field(default_factory=dict, repr=False)
    _twins: dict[str, Row] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Sort the rows; raises UsageError where a label is missing."""
        for made in (False, True):
            kinds = defaultdict[str, list[Row]](list)
            for row in self.rows:
                if (row.label == GENERATED) == made:
                    kinds[row.generator or row.source].append(row)
            if not kinds:
                raise UsageError("A network learns from real and machine-made pictures: the data has one kind only.")
            self._kinds[made] = dict(sorted(kinds.items()))
        self._twins.update({row.pair: row for row in self.rows if row.pair and row.label != GENERATED})

    def __call__(self, step: int, process: int) -> tuple[Tensor, Tensor]:
        """Return the crops of a step, uint8 of shape (2 * batch, side, side, 3), and which are machine-made.

        Raises UsageError where hardly any picture can be cut.
        """
        rng = np.random.default_rng((self.seed, step, process))
        crops: list[Square] = []
        for _ in range(TRIES * self.batch):
            crops += self._pair(rng)
            if len(crops) == 2 * self.batch:
                return torch.from_numpy(np.stack(crops)), torch.tensor([False, True] * self.batch)
        raise UsageError(f"Hardly any picture could be read at {self.side} pixels or more: index the data again.")

    def _pair(self, rng: np.random.Generator) -> list[Square]:
        """Return a real and a machine-made crop, or nothing where one of the files cannot be cut."""
        made = _any(rng, self._kinds[True])
        real = self._twins.get(made.pair) or _any(rng, self._kinds[False])
        spot, seed = rng.random(2), int(rng.integers(2**31))
        crops = [crop for row in (real, made) if (crop := self._cut(row, spot, seed)) is not None]
        return crops if len(crops) == 2 else []  # noqa: PLR2004 - a pair

    def _cut(self, row: Row, spot: np.ndarray, seed: int) -> Square | None:
        levels = self.open(row)
        reach = math.ceil(self.side / SHRUNK) + 16
        if levels is None or min(levels.shape[:2]) < self.side:
            return None
        top, left = (int(share * max(0, size - reach + 1)) for share, size in zip(spot, levels.shape, strict=False))
        edited = handling(seed, LIVED.get(row.codec, "new"))(levels[top : top + reach, left : left + reach])
        down, across = (size - self.side for size in edited.shape[:2])
        if min(down, across) < 0:
            return None
        top, left = int(spot[1] * down), int(spot[0] * across)
        square = edited[top : top + self.side, left : left + self.side]
        return np.ascontiguousarray(square[:, ::-1] if seed % 2 else square)


def divided(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Return rows to learn from and rows to watch a network on: one group in `WATCHED`, by its name alone."""
    parts: tuple[list[Row], list[Row]] = [], []
    for row in rows:
        name = row.pair or row.group or row.path
        parts[zlib.crc32(name.encode()) % WATCHED == 0].append(row)
    return parts


def opener(folder: Path) -> Callable[[Row], Levels | None]:
    """Return what opens the picture of a row, nothing where it is missing or broken."""
    pictures = Pictures(folder)

    def opened(row: Row) -> Levels | None:
        ((_, image),) = pictures.open([row])
        return None if isinstance(image, Left) else np.ascontiguousarray(image.rgb8, dtype=np.uint8)

    return opened


def _any(rng: np.random.Generator, kinds: dict[str, list[Row]]) -> Row:
    names = list(kinds)
    rows = kinds[names[rng.integers(len(names))]]
    return rows[rng.integers(len(rows))]
