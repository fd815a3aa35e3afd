"""The bias audit on the raw development pictures, on aligned pairs made from them, and on the detector's collection.

Usage: python benchmarks/bias.py ../shared/data [--collected ../pictures …] [--each 16]. Writes docs/limits.md. Of the
collection its files are audited, and at most four pictures of each source and generator as the detector learns from
them: large ones made smaller, all saved as JPEG 96.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from PIL import Image as Pillow

from artaudit.datasets import manifest, preparation
from artaudit.datasets.manifest import GENERATED, REAL, Row
from benchmarks.page import PAGE, write
from training.collection import REAL as BY_PEOPLE
from training.collection import Listed, found, listed, opened

FEW = 4
"""Pictures of each source or generator that are audited as the detector learns from them."""


def some(rows: list[Row], each: int) -> list[Row]:
    """Return the first `each` real pictures of every source, but for large ones, whose redrawing takes long."""
    reals = sorted((row for row in rows if row.label == REAL), key=lambda row: row.source)
    small = [list(group)[:each] for _, group in groupby(reals, lambda row: row.source)]
    return [row for group in small for row in group if row.width * row.height < 400_000]


def audited(name: str, path: Path) -> str:
    """Print the audit of a manifest and return its row of the table."""
    start = time.perf_counter()
    found = preparation.audit(path)
    print(f"{name}: {found.bias.pictures} pictures, {'fails' if found.bias.biased else 'passes'}: {found.bias}")
    for fact in found.bias.facts:
        print(f"  {fact.fact:<14} {fact.auc:.3f} ({fact.low:.3f} to {fact.high:.3f})  {fact.real} | {fact.generated}")
    near = len(found.near or ())
    print(f"  {len(found.copies)} copies, {near} near copies, {len(found.leaks)} leaks, {len(found.left)} left out")
    print(f"  audited in {time.perf_counter() - start:.0f} s")
    whole, culprits = found.bias.whole, ", ".join(found.bias.culprits)
    auc = f"{whole.auc:.2f} ({whole.low:.2f} to {whole.high:.2f})"
    verdict = f"fails: {culprits}" if found.bias.biased else "passes"
    return f"| {name} | {found.bias.pictures} | {auc} | {verdict} |"


def as_row(picture: Listed, path: Path) -> Row:
    """Return a picture of the collection as a row of a manifest."""
    label = REAL if picture.label == BY_PEOPLE else GENERATED
    return Row(str(path), label, picture.generator, picture.source, picture.group)


def few(pictures: Sequence[Listed]) -> Iterator[Listed]:
    """Yield the first `FEW` pictures of each source and generator."""
    seen: Counter[tuple[str, str]] = Counter()
    for picture in sorted(pictures, key=lambda picture: picture.seed):
        seen[picture.source, picture.generator] += 1
        if seen[picture.source, picture.generator] <= FEW:
            yield picture


def collection(folders: Sequence[Path], out: Path) -> list[str]:
    """Audit the collection's files, then what the detector learns from."""
    rows = listed()
    places = found(folders, (row.sha256 for row in rows))
    here = [row for row in rows if row.sha256 in places]
    as_files, alike = out / "files", out / "alike"
    for folder in (as_files, alike):
        folder.mkdir()
    manifest.write(as_files / "manifest.csv", [as_row(row, places[row.sha256].resolve()) for row in here])
    saved = []
    for row in few(here):
        path = alike / f"{row.sha256}.jpg"
        Pillow.fromarray(opened(row, places[row.sha256])).save(path, quality=96, subsampling=2)
        saved.append(as_row(row, path))
    manifest.write(alike / "manifest.csv", saved)
    lines = []
    for name, folder in (("the detector's collection, its files", as_files), ("a part of it, saved alike", alike)):
        table = out / f"{folder.name}.csv"
        preparation.index([folder], table, layout="table", headers_only=True)
        lines.append(audited(name, table))
    return lines


def main() -> None:
    """Index, audit, align, audit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--collected", type=Path, nargs="*", default=[])
    parser.add_argument("--each", type=int, default=16, help="pictures of each source that pairs are made from")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        raw, some_of_it = Path(folder, "raw.csv"), Path(folder, "chosen.csv")
        preparation.index([chosen.data.resolve()], raw, layout="table", headers_only=True)
        lines = [audited("as they lie there", raw)]
        manifest.write(some_of_it, some(list(manifest.read(raw)), chosen.each))
        redraws = preparation.opened("studio-flux2")
        for name, even in (("plainly aligned", False), ("aligned", True)):
            start = time.perf_counter()
            written = preparation.align(some_of_it, Path(folder, name), redraws, even=even)
            print(f"{name}: {written.pictures} pictures in {time.perf_counter() - start:.0f} s")
            lines.append(audited(name, written.path))
        if chosen.collected:
            lines += collection([*chosen.collected, chosen.data], Path(folder))
    head = ("| pictures | n | AUC of containers alone | the audit |", "|---|---|---|---|")
    write(PAGE, "bias", "\n".join((*head, *lines)))


if __name__ == "__main__":
    main()
