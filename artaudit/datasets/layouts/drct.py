"""DRCT-2M: pictures of sixteen diffusion models for the captions of MSCOCO.

Chen et al., ICML 2024, https://github.com/beibuwandeluori/DRCT
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from artaudit.datasets.listing import Found, Left, find_below
from artaudit.datasets.manifest import GENERATED, REAL, Row


class Drct2M:
    """`MODEL/train2017|val2017/COCO-NUMBER.png` beside `MSCOCO/train2017|val2017/COCO-NUMBER.jpg`.

    The COCO number is the group: a photograph and every picture of its caption.
    """

    def find(self, root: Path) -> Iterator[Found | Left]:
        """Yield the pictures of the data set."""
        return find_below(root, self.tell)

    def tell(self, inside: PurePosixPath) -> Row | None:
        """Return what a path says."""
        split = next((part.removesuffix("2017") for part in inside.parts[1:-1] if part.endswith("2017")), "")
        if not split:
            return None
        model = inside.parts[0]
        real = "coco" in model.lower()
        return Row(
            str(inside),
            REAL if real else GENERATED,
            generator="" if real else model,
            source="mscoco" if real else "drct-2m",
            group=f"coco-{inside.stem}",
            split=split,
        )
