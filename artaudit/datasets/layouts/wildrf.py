"""WildRF: real and fake pictures as three social platforms serve them.

Cavia et al. 2024, https://arxiv.org/abs/2406.08603
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from artaudit.datasets.listing import Found, Left, find_below, labelled
from artaudit.datasets.manifest import Row


class WildRF:
    """`train|val|test/[PLATFORM/]0_real|1_fake/FILE`; the platform is the source, generators are not known."""

    def find(self, root: Path) -> Iterator[Found | Left]:
        """Yield the pictures of the data set."""
        return find_below(root, self.tell)

    def tell(self, inside: PurePosixPath) -> Row | None:
        """Return what a path says."""
        found = labelled(inside)
        if found is None or found[0] < 1:
            return None
        place, label = found
        platform = "-".join(("wildrf", *inside.parts[1:place]))
        return Row(str(inside), label, source=platform, split=inside.parts[0])
