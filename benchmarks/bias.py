"""The bias audit on the raw development pictures and on the aligned pairs made from them.

Usage: python benchmarks/bias.py ../shared/data [pictures of each source, 16]
"""

from __future__ import annotations

import sys
import tempfile
import time
from itertools import groupby
from pathlib import Path

from artaudit.auditor import data
from artaudit.datasets import manifest
from artaudit.datasets.manifest import REAL, Row


def some(rows: list[Row], each: int) -> list[Row]:
    """Return the first real pictures of every source, whose redrawing takes seconds."""
    reals = sorted((row for row in rows if row.label == REAL), key=lambda row: row.source)
    small = [list(group)[:each] for _, group in groupby(reals, lambda row: row.source)]
    return [row for group in small for row in group if row.width * row.height < 400_000]


def audited(name: str, path: Path) -> None:
    """Print what the audit says of a manifest."""
    start = time.perf_counter()
    found = data.audit(path)
    print(f"{name}: {found.bias.pictures} pictures, {'fails' if found.bias.biased else 'passes'}: {found.bias}")
    for one in found.bias.facts:
        print(f"  {one.fact:<14} {one.auc:.3f} ({one.low:.3f} to {one.high:.3f})  {one.real} | {one.generated}")
    near = len(found.near or ())
    print(f"  {len(found.copies)} copies, {near} near copies, {len(found.leaks)} leaks, {len(found.left)} left out")
    print(f"  audited in {time.perf_counter() - start:.0f} s")


def main() -> None:
    """Index, audit, align, audit."""
    each = int(sys.argv[2]) if len(sys.argv) > 2 else 16
    with tempfile.TemporaryDirectory() as room:
        raw, chosen = Path(room, "raw.csv"), Path(room, "chosen.csv")
        data.index(Path(sys.argv[1]).resolve(), raw, layout="table", headers_only=True)
        audited("raw", raw)
        manifest.write(chosen, some(list(manifest.read(raw)), each))
        redraws = data.opened("studio-flux2")
        for name, even in (("plainly aligned", False), ("aligned", True)):
            start = time.perf_counter()
            written = data.align(chosen, Path(room, name), redraws, even=even)
            print(f"{name}: {written.pictures} pictures in {time.perf_counter() - start:.0f} s")
            audited(name, written.path)


if __name__ == "__main__":
    main()
