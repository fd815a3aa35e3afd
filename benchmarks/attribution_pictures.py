"""Pictures that attribution is measured on: none was enrolled on, or is of a source that was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from artaudit.attribution.candidate import Candidate, open_candidate
from artaudit.attribution.evaluation import Crops
from artaudit.attribution.known_pictures import as_levels, as_pixels, strangers, to_8_bits
from artaudit.attribution.statistic import redraw
from artaudit.image import read
from training.attribution import digests_to_enrol_on
from training.collection import found, in_turn, listed, opened
from training.pictures import rows


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures that no calibration has seen, by what they are."""

    data: Path
    collected: Path
    folder: Path
    everyone: Sequence[Candidate]

    def real(self, side: int, count: int) -> Crops:
        """Return middle crops of photographs, paintings and digital art, of the validation split and the collection."""
        known = digests_to_enrol_on(self.data)
        left = [row for row in rows(self.data, "val", "portfolio") if row["sha256"] not in known]
        paths = [self.data / row["path"] for row in left if row["label"] == "real"]
        own = (partial(_read, path) for path in shuffled(paths))
        half = self._kept("own", own, side, count // 2)
        return [*half, *self._kept("real", self._in_turn("real"), side, count - len(half))]

    def generated(self, side: int, count: int) -> Crops:
        """Return middle crops of pictures by generators that are not held, of the collection."""
        return self._kept("made", self._in_turn("made"), side, count)

    def _in_turn(self, label: str) -> Iterator[Callable[[], np.ndarray]]:
        """Yield pictures of the collection in turn by source or generator, in an order drawn once."""
        paths, known = _collected(self.collected), digests_to_enrol_on(self.data)
        asked = [row for row in listed() if row.label == label and row.sha256 in paths and row.sha256 not in known]
        by_maker: dict[str, list[Callable[[], np.ndarray]]] = {}
        for row in shuffled(asked):
            maker = row.source if label == "real" else row.generator
            by_maker.setdefault(maker, []).append(partial(opened, row, paths[row.sha256]))
        return in_turn(by_maker.values())

    def _kept(self, name: str, pictures: Iterator[Callable[[], np.ndarray]], side: int, count: int) -> Crops:
        """Return crops that were cut before, or cut them now: large pictures take long to read."""
        path = self.folder / f"crops, {name}, {side}, {count}.npy"
        if not path.exists():
            np.save(path, np.stack([*_crops(pictures, side, count), np.zeros((side, side, 3), np.uint8)])[:-1])
        return list(np.load(path, allow_pickle=False))

    def own(self, candidate: Candidate, side: int, count: int) -> Crops:
        """Return crops of real pictures as a candidate redraws them."""
        model = open_candidate(candidate.record)

        def drawn(crop: np.ndarray) -> np.ndarray:
            return np.asarray(as_levels(to_8_bits(redraw(model, as_pixels([crop]))))[0])

        crops = (partial(drawn, crop) for crop in self.real(side, 2 * count)[-count:])
        return self._kept(f"drawn by {candidate.record.name} {candidate.record.digest[:12]}", crops, side, count)

    def edited(self, name: str, side: int, count: int) -> Crops:
        """Return real pictures that were edited, or drawings by code."""
        return list(as_levels(strangers(as_pixels(self.real(side, count)))[name]))


@cache
def _collected(folder: Path) -> Mapping[str, Path]:
    """Return where the pictures of the collection lie, by digest."""
    return found([folder], [row.sha256 for row in listed()])


def _read(path: Path) -> np.ndarray:
    return read(path).rgb8


def shuffled(things: Sequence[Any]) -> list[Any]:
    """Return things in an order drawn once."""
    return [things[place] for place in np.random.default_rng(18).permutation(len(things))]


def _crops(pictures: Iterator[Callable[[], np.ndarray]], side: int, count: int) -> Iterator[np.ndarray]:
    """Yield the middle crops of the first pictures that are large enough."""
    for picture in pictures:
        levels = picture()
        if min(levels.shape[:2]) >= side and count > 0:
            top, left = ((length - side) // 2 for length in levels.shape[:2])
            yield np.ascontiguousarray(levels[top : top + side, left : left + side])
            count -= 1
        if not count:
            return
