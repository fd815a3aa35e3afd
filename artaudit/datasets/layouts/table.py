"""A folder with a manifest of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from artaudit.datasets import manifest
from artaudit.datasets.listing import INSIDE, Found, Left
from artaudit.errors import UsageError


class Table:
    """A folder whose `manifest.csv` or `manifest.parquet` has at least the columns path and label."""

    def find(self, root: Path) -> Iterator[Found | Left]:
        """Yield what the manifest lists; its container facts are read anew from the files."""
        named = [root / name for name in ("manifest.csv", "manifest.parquet")]
        there = [root] if root.is_file() else [path for path in named if path.is_file()]
        if not there:
            raise UsageError(f"{root} holds no manifest.csv: choose another layout.")
        for row in manifest.read(there[0]):
            if INSIDE in row.path:
                yield Left(row.path, "lies inside another file: index that one")
            else:
                yield Found(row, partial(Path.read_bytes, there[0].parent / row.path))
