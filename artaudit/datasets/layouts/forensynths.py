"""ForenSynths, the data of CNNDetection: ProGAN to train on, a dozen generators to test on.

Wang et al., CVPR 2020, https://github.com/PeterWang512/CNNDetection
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from artaudit.datasets.listing import Found, Left, find_below, labelled
from artaudit.datasets.manifest import GENERATED, Row

_OF_PROGAN = ("train", "val")


class ForenSynths:
    """`train|val/CLASS/0_real|1_fake/FILE`, all of ProGAN, and `test/GENERATOR/[CLASS/]0_real|1_fake/FILE`."""

    def find(self, root: Path) -> Iterator[Found | Left]:
        """Yield the pictures of the data set; the folder of one split is no data set."""
        return find_below(root, self.tell)

    def tell(self, inside: PurePosixPath) -> Row | None:
        """Return what a path says; without a split's folder the first one names the generator."""
        found = labelled(inside)
        if found is None or found[0] < 1:
            return None
        place, label = found
        above = inside.parts[:place]
        split = above[0] if above[0] in (*_OF_PROGAN, "test") else ""
        named = above[1:] if split else above
        generator = "progan" if split in _OF_PROGAN else named[0] if named else ""
        return Row(
            str(inside),
            label,
            generator=generator if label == GENERATED else "",
            source="forensynths" if label == GENERATED else f"forensynths-{generator}",
            split=split,
        )
