"""WikiArt: paintings by style and artist.

Tan et al., ICIP 2016, https://github.com/cs-chan/ArtGAN/tree/master/WikiArt%20Dataset
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from artaudit.datasets.listing import Found, Left, find_below
from artaudit.datasets.manifest import REAL, Row


class WikiArt:
    """`STYLE/ARTIST_TITLE.jpg`; all real, and a painting that two styles hold keeps one group."""

    def find(self, root: Path) -> Iterator[Found | Left]:
        """Yield the paintings."""
        return find_below(root, self.tell)

    def tell(self, inside: PurePosixPath) -> Row | None:
        """Return what a path says."""
        artist, apart, _ = inside.stem.partition("_")
        if len(inside.parts) < 2 or not apart or not artist:  # noqa: PLR2004 - a folder and a file
            return None
        return Row(str(inside), REAL, source="wikiart", group=inside.stem, artist=artist)
