"""Plain folders, labelled by their names where these say so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from artaudit.datasets.listing import Found, Left, find_below, labelled
from artaudit.datasets.manifest import GENERATED, Row


class Folder:
    """Any folder; a subfolder called real, nature, fake, ai, generated or the like labels what lies in it.

    The folder inside a folder of generated pictures is the generator, that inside a folder of real ones the source.
    """

    def find(self, root: Path) -> Iterator[Found | Left]:
        """Yield every picture in the folder; without a label where no folder's name gives one."""
        return find_below(root, self.tell)

    def tell(self, inside: PurePosixPath) -> Row:
        """Return what a path inside the folder says."""
        found = labelled(inside)
        if found is None:
            return Row(str(inside), "")
        place, label = found
        below = inside.parts[place + 1 : -1]
        who = below[0] if below else ""
        made = label == GENERATED
        return Row(str(inside), label, generator=who if made else "", source="" if made else who)
