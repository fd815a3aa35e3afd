"""Reads the shipped detector's features of every listed picture, a file each in .cache; a run may be stopped.

Usage: python -m training.features FOLDER… [--out .cache/detector] [--part 0/2]
FOLDERS hold the collected pictures, in any order; what is not there is left out and counted. Pictures that
`training.cloaked` and `training.redrawn` left beside OUT are read after them.
"""

from __future__ import annotations

import argparse
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch

from artaudit.detect.detectors.backbone import BackboneDetector
from artaudit.detect.strata import stratum_after
from artaudit.image import write_atomically
from training.collection import LIST, MADE, Listed, edits_of, found, listed, opened

OUT = Path(".cache/detector")
CLOAKED, REDRAWN = "cloaked", "redrawn"


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

    def joined(self, other: Table) -> Table:
        """Return the rows of both."""
        facts = {name: np.concatenate([values, other.facts[name]]) for name, values in self.facts.items()}
        return Table(np.concatenate([self.features, other.features]), facts)

    @property
    def made(self) -> np.ndarray:
        """Return which rows are machine-made."""
        return self.facts["label"] == MADE


def cloaked(folder: Path) -> list[tuple[Listed, Path]]:
    """Return cloaked pictures as `training.cloaked` leaves them: real pictures of a kind of their own.

    Their source is that of the originals, so that both are left out together; method and strength of the cloak stand
    where machine-made pictures have generator and family.
    """
    found = []
    for row, way, path in _made_from_listed(folder):
        method, strength = way.split("-")
        name = f"{CLOAKED}-{path.stem}"
        found.append((replace(row, sha256=name, kind=CLOAKED, generator=method, family=strength), path))
    return found


def redrawn(folder: Path) -> list[tuple[Listed, Path]]:
    """Return pictures as `training.redrawn` leaves them: machine-made, of the originals' sources."""
    return [
        (replace(row, sha256=f"{REDRAWN}-{path.stem}", label=MADE, generator=model, family=REDRAWN), path)
        for row, model, path in _made_from_listed(folder)
    ]


def _made_from_listed(folder: Path) -> Iterator[tuple[Listed, str, Path]]:
    originals = {row.sha256: row for row in listed()}
    for path in sorted(folder.glob("*.png")):
        digest, _, way = path.stem.partition("-")
        yield originals[digest], way, path


def load(out: Path = OUT, path: Path = LIST) -> Table:
    """Return everything that was read, in the order of the list, then cloaked pictures."""
    return _loaded(out, [*listed(path), *(row for row, _ in cloaked(out.parent / CLOAKED))])


def load_redrawn(out: Path = OUT) -> Table:
    """Return the redrawings that were read."""
    return _loaded(out, [row for row, _ in redrawn(out.parent / REDRAWN)])


def _loaded(out: Path, ours: Sequence[Listed]) -> Table:
    rows, features = [], []
    for row in ours:
        if not (place := out / f"{row.sha256}.npz").exists():
            continue
        with np.load(place, allow_pickle=False) as kept:
            for edit, stratum in zip(kept["edits"].tolist(), kept["strata"].tolist(), strict=True):
                if np.isnan(kept[edit]).any():  # an edit made it too small to tell
                    continue
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
    parser.add_argument("--part", default="0/1", help="which of how many processes this is")
    args = parser.parse_args(arguments)
    os.environ |= {"OMP_WAIT_POLICY": "PASSIVE"}
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    rows = listed()
    places = found(args.folders, (row.sha256 for row in rows))
    print(f"{len(places)} of {len(rows)} listed pictures are here", flush=True)
    todo = [(row, places[row.sha256]) for row in rows if row.sha256 in places]
    todo += cloaked(args.out.parent / CLOAKED) + redrawn(args.out.parent / REDRAWN)
    detector, (part, parts) = BackboneDetector(), map(int, args.part.split("/"))
    args.out.mkdir(parents=True, exist_ok=True)
    for number, (row, path) in enumerate(todo):
        place = args.out / f"{row.sha256}.npz"
        if number % parts == part and not place.exists():
            read_one(detector, row, path, place)
            print(number, len(todo), path.name, flush=True)


if __name__ == "__main__":
    main()
