"""The picture under trial beside its original."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from artaudit.errors import ImageError
from artaudit.image import Image

Picture = Float[np.ndarray, "height width 3"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture and, where it is known, its original.

    `source` says where the original came from; `receipt` is that of the cloak, which only cloaks of this tool have.
    """

    changed: Image
    clean: Image | None = None
    source: str = ""
    receipt: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def untouched(self) -> bool:
        """Whether the picture has the same samples as its original."""
        return self.clean is not None and self.clean.pixels_sha256 == self.changed.pixels_sha256


def same_size(clean: Image, changed: Image) -> Image:
    """Return the original; raises ImageError where the two differ in size."""
    if (clean.width, clean.height) != (changed.width, changed.height):
        raise ImageError(
            f"{clean.name} is {clean.width} x {clean.height} and {changed.name} {changed.width} x {changed.height}: "
            "a trial needs both in the same size, so give the original as it was when it was cloaked."
        )
    return clean
