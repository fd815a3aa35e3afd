"""The picture under trial beside its original, which the registry knows or a person names."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from artaudit.auditor.registry import Registry, Version, Work
from artaudit.errors import ImageError
from artaudit.image import Image, read

Picture = Float[np.ndarray, "height width 3"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture and, where it is known, its original; `receipt` is there for cloaks of this tool alone.

    `source` says where the original came from.
    """

    changed: Image
    clean: Image | None = None
    source: str = ""
    receipt: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def untouched(self) -> bool:
        """Whether the picture has the very samples of its original."""
        return self.clean is not None and self.clean.pixels_sha256 == self.changed.pixels_sha256


def find_pair(path: Path, registry: Registry, original: Path | None = None) -> Pair:
    """Read the picture at `path` and find its original: `original`, else what the registry knows of its samples.

    `original` may be a folder that holds the original under the picture's own name.
    Raises ImageError where the two differ in size, or where a registered original is no longer where it was.
    """
    changed = read(path)
    found = registry.find(pixels_sha256=changed.pixels_sha256)
    versions = [(work, version) for work, version in found if version is not None]
    receipt = versions[0][1].receipt if versions else None
    if original is not None:
        place = original / path.name if original.is_dir() else original
        return Pair(changed, _same_size(read(place), changed), str(place), receipt)
    if versions:
        return _registered(changed, *versions[0])
    if found:
        return Pair(changed, changed, f"work {found[0][0].id} of the registry")
    return Pair(changed)


def _registered(changed: Image, work: Work, version: Version) -> Pair:
    place = Path(work.path)
    clean = read(place) if place.is_file() else None
    if clean is None or clean.pixels_sha256 != work.pixels_sha256:
        raise ImageError(
            f"The original of {changed.name} is not at {work.path} as it was registered: name it with --original."
        )
    return Pair(changed, _same_size(clean, changed), f"work {work.id} of the registry", version.receipt)


def _same_size(clean: Image, changed: Image) -> Image:
    if (clean.width, clean.height) != (changed.width, changed.height):
        raise ImageError(
            f"{clean.name} is {clean.width} x {clean.height} and {changed.name} {changed.width} x {changed.height}: "
            "a trial needs both in the same size, so give the original as it was when it was cloaked."
        )
    return clean
