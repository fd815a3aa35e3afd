"""The bias audit on the raw development pictures and on the aligned pairs made from them, for docs/limits.md.

Usage: python benchmarks/bias.py ../shared/data [pictures of each source, 16]
"""

from __future__ import annotations

import sys
import tempfile
import time
from itertools import groupby
from pathlib import Path

from artaudit.datasets import manifest, preparation
from artaudit.datasets.manifest import REAL, Row
from benchmarks.page import PAGE, write


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


def main() -> None:
    """Index, audit, align, audit."""
    each = int(sys.argv[2]) if len(sys.argv) > 2 else 16
    with tempfile.TemporaryDirectory() as folder:
        raw, chosen = Path(folder, "raw.csv"), Path(folder, "chosen.csv")
        preparation.index([Path(sys.argv[1]).resolve()], raw, layout="table", headers_only=True)
        lines = [audited("as they lie there", raw)]
        manifest.write(chosen, some(list(manifest.read(raw)), each))
        redraws = preparation.opened("studio-flux2")
        for name, even in (("plainly aligned", False), ("aligned", True)):
            start = time.perf_counter()
            written = preparation.align(chosen, Path(folder, name), redraws, even=even)
            print(f"{name}: {written.pictures} pictures in {time.perf_counter() - start:.0f} s")
            lines.append(audited(name, written.path))
    head = ("| pictures | n | AUC of containers alone | the audit |", "|---|---|---|---|")
    write(PAGE, "bias", "\n".join((*head, *lines)))


if __name__ == "__main__":
    main()
