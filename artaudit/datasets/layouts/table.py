"""A folder with a manifest of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from artaudit.datasets import manifest
from artaudit.datasets.listing import Found
from artaudit.datasets.pictures import Pictures
from artaudit.errors import UsageError


class Table:
    """A folder whose `manifest.csv` or `manifest.parquet` has at least the columns path and label."""

    def find(self, root: Path) -> Iterator[Found]:
        """Yield what the manifest lists, in tars and Parquet files too; what containers say is read anew."""
        named = [root / name for name in ("manifest.csv", "manifest.parquet")]
        there = [root] if root.is_file() else [path for path in named if path.is_file()]
        if not there:
            raise UsageError(f"{root} holds no manifest.csv: choose another layout.")
        pictures = Pictures(there[0].parent)
        for row in manifest.read(there[0]):
            yield Found(row, partial(pictures.read, row))
