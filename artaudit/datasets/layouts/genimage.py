"""GenImage: ImageNet classes drawn by eight generators.

Zhu et al., NeurIPS 2023, https://github.com/GenImage-Dataset/GenImage
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from artaudit.datasets.listing import Found, Left, find_below, labelled
from artaudit.datasets.manifest import GENERATED, Row


class GenImage:
    """`GENERATOR/imagenet_…/train|val/ai|nature/FILE`; the class that a file's name begins with is its group."""

    def find(self, root: Path) -> Iterator[Found | Left]:
        """Yield the pictures of the data set, or of one generator's folder."""
        return find_below(root, lambda inside: self.tell(inside, root.name))

    def tell(self, inside: PurePosixPath, root: str = "") -> Row | None:
        """Return what a path says; `root` names the generator where the path does not."""
        found = labelled(inside)
        if found is None or found[0] < 1:
            return None
        place, label = found
        split, above = inside.parts[place - 1], inside.parts[: place - 1]
        generator = next((part for part in above if not part.startswith("imagenet")), root)
        known = re.match(r"(n\d{8}|\d{1,3})_", inside.name)
        return Row(
            str(inside),
            label,
            generator=generator if label == GENERATED else "",
            source="genimage" if label == GENERATED else "imagenet",
            group=f"imagenet-{known[1]}" if known else "",
            split=split,
        )
