"""Synthbuster: nine generators asked for pictures like those of RAISE-1k.

Bammey, IEEE Open Journal of Signal Processing 2024, https://doi.org/10.1109/OJSP.2023.3337714
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from artaudit.datasets.listing import Found, Left, find_below
from artaudit.datasets.manifest import GENERATED, REAL, Row

_RAISE = re.compile(r"r[0-9a-f]{8}t", re.IGNORECASE)


class Synthbuster:
    """`GENERATOR/RAISE-NAME.png`, and the photographs in a folder called RAISE; the RAISE name is the group."""

    def find(self, root: Path) -> Iterator[Found | Left]:
        """Yield the pictures of the data set; it is for testing, so all are of the split test."""
        return find_below(root, self.tell)

    def tell(self, inside: PurePosixPath) -> Row | None:
        """Return what a path says."""
        named = _RAISE.match(inside.name)
        if len(inside.parts) < 2 or not named:  # noqa: PLR2004 - a folder and a file
            return None
        folder = inside.parts[-2]
        real = folder.lower().startswith(("raise", "real"))
        return Row(
            str(inside),
            REAL if real else GENERATED,
            generator="" if real else folder,
            source="raise-1k" if real else "synthbuster",
            group=f"raise-{named[0].lower()}",
            split="test",
        )
