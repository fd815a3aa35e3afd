"""Community Forensics: Parquet files that hold the pictures of thousands of generators.

Park and Owens, CVPR 2025, https://huggingface.co/datasets/OwensLab/CommunityForensics
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from artaudit.datasets import parquet
from artaudit.datasets.listing import INSIDE, Found, Left, files_below, label_of
from artaudit.datasets.manifest import GENERATED, Row
from artaudit.errors import UsageError

_COLUMNS = (parquet.DATA, "model_name", "real_source", "label", "split", "prompt")
_AT_ONCE = 8


class CommunityForensics:
    """Parquet files with the columns image_data, label (0 real, 1 generated), model_name, real_source, split, prompt.

    A picture's path is `FILE.parquet::ROW`. Needs the extra `parquet`.
    """

    def find(self, root: Path) -> Iterator[Found | Left]:
        """Yield the pictures of one Parquet file or of all in a folder."""
        folder, names = (root.parent, [root.name]) if root.is_file() else (root, map(str, files_below(root)))
        for name in names:
            if not name.endswith(".parquet"):
                continue
            try:
                for number, cells in enumerate(parquet.cells(folder / name, _COLUMNS, _AT_ONCE)):
                    yield self._found(f"{name}{INSIDE}{number}", cells)
            except UsageError as error:
                yield Left(name, f"was left out: {error}")

    def _found(self, path: str, cells: Mapping[str, Any]) -> Found | Left:
        data = cells.get(parquet.DATA)
        if not isinstance(data, bytes):
            return Left(path, f"has no bytes in its column {parquet.DATA}")
        words = {name: str(cells.get(name) or "") for name in ("model_name", "real_source", "split", "prompt")}
        label = label_of(cells.get("label"))
        made = label == GENERATED
        told = Row(
            path,
            label,
            generator=words["model_name"] if made else "",
            source="community-forensics" if made else words["real_source"],
            prompt=words["prompt"] if made else "",
            split=words["split"].lower(),
        )
        return Found(told, lambda: data)
