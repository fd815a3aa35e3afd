"""Reads the features of a data set's pictures for a detector, one picture in memory, going on where it was stopped."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float

from artaudit.datasets.listing import Left
from artaudit.datasets.manifest import GENERATED, Row
from artaudit.datasets.pictures import Pictures
from artaudit.detect import performance
from artaudit.detect.cross_generator import LabelledFeatures
from artaudit.detect.performance import ScoreTable
from artaudit.detect.strata import stratum_of_edit
from artaudit.edits import Edit, handling
from artaudit.errors import UsageError
from artaudit.image import Image, write_atomically
from artaudit.protocols import Progress

Drawn = Callable[[Row], Sequence[Edit]]
"""What is done to the picture of a row, each edit giving one reading."""

LIVED: dict[str, Literal["JPEG", "WEBP"]] = {"JPEG": "JPEG", "WEBP": "WEBP"}
"""Lossy codecs, by their names in manifests and in `edits.handling`."""


@runtime_checkable
class Reader(Protocol):
    """A detector that turns pictures into features."""

    def features(self, pictures: Sequence[np.ndarray]) -> Float[np.ndarray, "count features"]:
        """Return a row of features for each picture, NaN where it is too small."""
        ...


@dataclass(frozen=True, slots=True)
class Unread:
    """A picture that gave no features after one of its edits, and whether that is because it is too small."""

    row: Row
    reason: str
    too_small: bool


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Features and, for each, the row of the manifest and the stratum of the file that its edit ends in.

    `unread` names the pictures that gave none.
    """

    features: Float[np.ndarray, "count features"]
    rows: tuple[Row, ...]
    strata: np.ndarray
    unread: tuple[Unread, ...] = ()

    @property
    def made(self) -> Bool[np.ndarray, " count"]:
        """Return which are machine-made."""
        return np.array([row.label == GENERATED for row in self.rows], dtype=bool)

    @property
    def groups(self) -> np.ndarray:
        """Return what belongs together: the pair, else the group, else the file itself."""
        return np.array([row.pair or row.group or row.path for row in self.rows])

    def labelled(self) -> LabelledFeatures:
        """Return the features with the labels, generators and groups that heads are fitted and measured by."""
        generators = np.array([row.generator for row in self.rows])
        return LabelledFeatures(self.features, self.made, generators, self.groups)

    def calibrated(self, detector: Any) -> dict[str, dict[str, float]]:  # noqa: ANN401 - any detector of features
        """Return what a detector's likelihood ratios are worth where it has them; nothing where it has none."""
        learned = getattr(detector, "calibration_", None)
        known = np.array([learned is not None and learned.knows(stratum) for stratum in self.strata], dtype=bool)
        if learned is None or not known.any():
            return {}
        scores = detector.score_features(self.features[known])
        told = [learned.log10_ratio(float(score), at) for score, at in zip(scores, self.strata[known], strict=True)]
        return performance.calibrated(np.array(told) * np.log(10), self.made[known], self.groups[known])

    def scored(self, detector: Any) -> ScoreTable:  # noqa: ANN401 - any detector of features
        """Return the scores of a fitted detector with what tables of performance need."""
        generators, sources = (np.array([getattr(row, name) for row in self.rows]) for name in ("generator", "source"))
        known = detector.gate_.knows(self.features)
        small = Counter(_kind(picture.row) for picture in self.unread if picture.too_small)
        scores = detector.score_features(self.features)
        return ScoreTable(scores, known, self.made, self.groups, generators, sources, small)


def handled(draws: int, seed: int) -> Drawn:
    """Return the rule that draws `draws` handlings of each picture, by its path and the seed alone."""

    def draw(row: Row) -> Sequence[Edit]:
        first = zlib.crc32(f"{seed}:{row.path}".encode()) * draws
        return [handling(first + number, LIVED.get(row.codec, "new")) for number in range(draws)]

    return draw


def read_features(
    detector: Reader,
    rows: Sequence[Row],
    folder: Path,
    edits: Drawn,
    *,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> FeatureTable:
    """Read all rows; pictures that are missing, broken or too small are left out.

    In the folder `kept` each picture's features are written once they are known, and a later call reads them there.
    Raises UsageError where nothing is left.
    """
    features, read, strata = [], [], []
    unread: list[Unread] = []
    for number, row in enumerate(rows):
        drawn, reason = edits(row), "could not be read"
        found = _known(kept, number, row)
        if found is None:
            ((_, image),) = Pictures(folder).open([row])
            if isinstance(image, Left):
                found, reason = np.empty((0, 0)), image.reason
            else:
                found = _features(detector, image, drawn)
            _keep(kept, number, row, found)
        for numbers, edit in zip(found, drawn, strict=False):
            if np.isfinite(numbers).all():
                features.append(numbers)
                read.append(row)
                strata.append(stratum_of_edit(edit, row))
            else:
                unread.append(Unread(row, "is too small for one crop", too_small=True))
        if not len(found):
            unread.append(Unread(row, reason, too_small=False))
        if progress:
            progress(number + 1, len(rows))
    if not features:
        raise UsageError(_nothing_left(folder, unread))
    return FeatureTable(np.stack(features), tuple(read), np.array(strata), tuple(unread))


def _nothing_left(folder: Path, unread: Sequence[Unread]) -> str:
    if all(left.too_small for left in unread):
        return f"Every picture of the data set in {folder} is too small for one crop as edited: use larger ones."
    return f"No picture of the data set in {folder} could be read: index it again."


def _features(detector: Reader, image: Image, drawn: Sequence[Edit]) -> Float[np.ndarray, "count features"]:
    levels = np.ascontiguousarray(image.rgb8, dtype=np.uint8)
    return np.stack([detector.features([edit(levels).astype(np.float32) / 255])[0] for edit in drawn])


def _kind(row: Row) -> tuple[bool, str]:
    """Return whether a picture is machine-made, and its generator or its source."""
    made = row.label == GENERATED
    return made, row.generator if made else row.source


def _place(kept: Path, number: int, row: Row) -> Path:
    return kept / f"{number:07d}-{zlib.crc32((row.path + row.sha256).encode()):08x}.json"


def _known(kept: Path | None, number: int, row: Row) -> np.ndarray | None:
    if kept is None or not (place := _place(kept, number, row)).exists():
        return None
    return np.array(json.loads(place.read_text("utf-8")), dtype=float)


def _keep(kept: Path | None, number: int, row: Row, found: np.ndarray) -> None:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        text = json.dumps(np.where(np.isfinite(found), found, np.nan).tolist())
        write_atomically(_place(kept, number, row), text.encode())
