"""Reads the shipped detector's features of every listed picture, a file each in .cache; a run may be stopped.

Usage: python -m training.features FOLDER… [--out .cache/detector] [--cloaked .cache/cloaked] [--part 0/2]
FOLDERS hold the collected pictures, in any order; what is not there is left out and counted.
"""

from __future__ import annotations

import argparse
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from artaudit.detect.detectors.backbone import BackboneDetector
from artaudit.detect.strata import stratum_after
from artaudit.image import write_atomically
from training.collection import DEV, LEARNED, LIST, MADE, REAL, Listed, edits_of, found, listed, opened

OUT = Path(".cache/detector")
CLOAKED = "cloaked"


@dataclass(frozen=True)
class Table:
    """Features, a row a reading, and facts of each: those of the list, the edit, the stratum, the shorter side."""

    features: np.ndarray
    facts: dict[str, np.ndarray]

    def rows(self, kept: np.ndarray) -> Table:
        """Return chosen rows, by mask or number."""
        return Table(self.features[kept], {name: values[kept] for name, values in self.facts.items()})

    def where(self, **wanted: str) -> Table:
        """Return the rows whose facts are as wanted."""
        kept = np.ones(len(self.features), bool)
        for name, value in wanted.items():
            kept &= self.facts[name] == value
        return self.rows(kept)

    @property
    def made(self) -> np.ndarray:
        """Return which rows are machine-made."""
        return self.facts["label"] == MADE


def cloaked(folder: Path) -> list[tuple[Listed, Path]]:
    """Return cloaked paintings as `training.cloaked` leaves them: real pictures of a kind of their own.

    Their source is that of the paintings, so that both are left out together.
    """
    kept = []
    for number, path in enumerate(sorted(folder.rglob("*.png"))):
        row = Listed(f"cloaked-{path.stem}", REAL, "", "", "louvre", CLOAKED, path.stem, "", LEARNED, DEV, 2 * number)
        kept.append((row, path))
    return kept


def load(out: Path = OUT, path: Path = LIST) -> Table:
    """Return everything that was read, in the order of the list, then cloaked pictures."""
    rows, features = [], []
    ours = [(row.sha256, row) for row in listed(path)]
    ours += [(row.sha256, row) for row, _ in cloaked(out.parent / CLOAKED)]
    for name, row in ours:
        if not (place := out / f"{name}.npz").exists():
            continue
        with np.load(place, allow_pickle=False) as kept:
            for edit, stratum in zip(kept["edits"].tolist(), kept["strata"].tolist(), strict=True):
                facts = {field: getattr(row, field) for field in Listed.__slots__}
                rows.append(facts | {"edit": edit, "stratum": stratum, "side": int(kept["side"])})
                features.append(kept[edit].astype(np.float32))
    return Table(np.stack(features), {name: np.array([row[name] for row in rows]) for name in rows[0]})


def read_one(detector: BackboneDetector, picture: Listed, path: Path, place: Path) -> None:
    """Read a picture in all its edits and keep what the detector sees."""
    levels, kept, strata = opened(picture, path), {}, []
    for name, edit in edits_of(picture).items():
        kept[name] = detector.features([edit(levels).astype(np.float32) / 255])[0].astype(np.float16)
        strata.append(stratum_after(edit))
    buffer = io.BytesIO()
    np.savez(buffer, edits=np.array(list(kept)), strata=np.array(strata), side=np.array(min(levels.shape[:2])), **kept)
    write_atomically(place, buffer.getvalue())


def main(arguments: Sequence[str] | None = None) -> None:
    """Read what is not read yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--cloaked", type=Path, default=Path(".cache/cloaked"))
    parser.add_argument("--part", default="0/1", help="which of how many processes this is")
    args = parser.parse_args(arguments)
    os.environ |= {"OMP_WAIT_POLICY": "PASSIVE"}
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    rows = listed()
    places = found(args.folders, (row.sha256 for row in rows))
    print(f"{len(places)} of {len(rows)} listed pictures are here", flush=True)
    todo = [(row, places[row.sha256]) for row in rows if row.sha256 in places] + cloaked(args.cloaked)
    detector, (part, parts) = BackboneDetector(), map(int, args.part.split("/"))
    args.out.mkdir(parents=True, exist_ok=True)
    for number, (row, path) in enumerate(todo):
        place = args.out / f"{row.sha256}.npz"
        if number % parts == part and not place.exists():
            read_one(detector, row, path, place)
            print(number, len(todo), path.name, flush=True)


if __name__ == "__main__":
    main()
