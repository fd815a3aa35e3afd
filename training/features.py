"""Reads the features of all specimens, handled several ways, once; kept in .cache.

Usage: python -m training.features --data ../shared/data [--debian .cache/debian] [--cloaked .cache/cloaked].
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from artaudit.detect.calibration import stratum_of
from artaudit.detect.edits import ROBUSTNESS, Chain, Edit, Saved, Trimmed, handling
from artaudit.detect.residual import ResidualDetector
from training.material import Specimen, fields, large, specimens

DRAWS = 4
"""Random handlings of every picture that is learned from."""


AS_FOUND = ("as it is", "JPEG 96")
CURVE = ("JPEG 96", "JPEG 75", "resize .75", "WebP 80", "blur 1", "screenshot")
"""Edits of measured pictures: those that get no past, and those that do."""

THINNED = 3
"""One picture in so many of those for measuring alone is read."""


@dataclass(frozen=True)
class Table:
    """Features, a row each, and what each row is: made, generator, source, domain, group, part, edit, stratum."""

    features: np.ndarray
    facts: dict[str, np.ndarray]

    def where(self, **wanted: object) -> Table:
        """Return the rows whose facts are as wanted; a list stands for any of its values."""
        kept = np.isfinite(self.features[:, 0])
        for name, value in wanted.items():
            kept &= np.isin(self.facts[name], np.array(value))
        return self.rows(kept)

    def rows(self, kept: np.ndarray) -> Table:
        """Return chosen rows, by mask or number."""
        return Table(self.features[kept], {name: values[kept] for name, values in self.facts.items()})

    def with_rows(self, other: Table) -> Table:
        """Return these rows, then those of another table."""
        facts = {name: np.concatenate([values, other.facts[name]]) for name, values in self.facts.items()}
        return Table(np.concatenate([self.features, other.features]), facts)

    @property
    def made(self) -> np.ndarray:
        """Return which rows are machine-made."""
        return self.facts["made"].astype(bool)


def edits_of(one: Specimen, number: int) -> dict[str, Edit]:
    """Return what is done to a specimen: random handlings to learn from, the robustness curve to measure on.

    Measured pictures that come new get a past like the paintings': JPEG 75, its grid moved.
    """
    if one.part in {"fit", "fields"}:
        return {f"draw {draw}": handling(number * DRAWS + draw, one.lived) for draw in range(DRAWS)}
    if one.part == "whole":
        return {"JPEG 90": ROBUSTNESS["JPEG 90"]}
    past: tuple[Edit, ...] = (Saved(75), Trimmed(3, 5)) if one.lived == "new" else (Trimmed(3, 5),)
    chosen = CURVE if one.part == "val" else CURVE[:1]
    handled = {f"past, {name}": Chain((*past, ROBUSTNESS[name])) for name in chosen}
    return {name: ROBUSTNESS[name] for name in AS_FOUND} | handled


def stratum(edit: Edit) -> str:
    """Return the stratum of the file that an edit ends in, as its last save tells."""
    while isinstance(edit, Chain) and edit.edits:
        edit = edit.edits[-1]
    return stratum_of(edit.format, edit.quality) if isinstance(edit, Saved) else "lossless"


def read(all_of_them: Sequence[Specimen], detector: ResidualDetector) -> Table:
    """Read everything; the same specimens give the same table."""
    features, facts = [], []
    for one in all_of_them:
        number = zlib.crc32(one.levels.tobytes()) % 2**28
        for name, edit in edits_of(one, number).items():
            picture = edit(one.levels).astype(np.float32) / 255
            features.append(detector.features([picture])[0])
            facts.append((one.made, one.generator, one.source, one.domain, one.group, one.part, name, stratum(edit)))
    width = max(len(row) for row in features)
    full = np.stack([row if len(row) == width else np.full(width, np.nan) for row in features])
    names = ("made", "generator", "source", "domain", "group", "part", "edit", "stratum")
    return Table(full, {name: np.array(column) for name, column in zip(names, zip(*facts, strict=True), strict=True)})


def load(path: Path) -> Table:
    """Read a table that `main` kept."""
    with np.load(path, allow_pickle=False) as kept:
        return Table(kept["features"], {name: kept[name] for name in kept.files if name != "features"})


def asked(args: argparse.Namespace) -> Iterator[Specimen]:
    """Yield what may be of the parts that are asked for, without drawing and decoding for the others."""
    if set(args.parts) - {"fields", "whole"}:
        yield from specimens(args.data, args.debian, args.cloaked)
    if "fields" in args.parts:
        yield from fields()
    if "whole" in args.parts:
        yield from large(args.debian)


def main() -> None:
    """Read and keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--debian", type=Path, default=Path(".cache/debian"))
    parser.add_argument("--cloaked", type=Path, default=Path(".cache/cloaked"))
    parser.add_argument("--out", type=Path, default=Path(".cache/detector/features.npz"))
    parser.add_argument("--parts", nargs="+", default=["fit", "val", "measure"])
    args = parser.parse_args()
    cv2.setNumThreads(1)
    found = [one for one in asked(args) if one.part in args.parts]
    found = [one for number, one in enumerate(found) if one.part != "measure" or number % THINNED == 0]
    table = read(found, ResidualDetector())
    args.out.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {"features": table.features.astype(np.float32), **table.facts}
    np.savez(args.out, **arrays)
    print(json.dumps({part: int((table.facts["part"] == part).sum()) for part in args.parts}))


if __name__ == "__main__":
    main()
