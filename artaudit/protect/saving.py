"""Puts a cloak into a file and proves that the file itself keeps the budget."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from artaudit.errors import ImageError
from artaudit.image import Image, decode, encode
from artaudit.protocols import Cloaked

_JPEG_QUALITY = 100
_ROUNDS = 80
_RETREAT = 2
"""Levels inside the budget that an overshooting JPEG sample is sent back to."""


def save_within(image: Image, cloaked: Cloaked) -> Image:
    """Return the cloaked file, decoded from its own bytes, with no sample further than the budget from `image`.

    Lossless kinds hold the samples exactly. A JPEG is written at quality 100 with full colour resolution, and
    samples that its rounding carried over the budget are pulled back until none is left. Raises ImageError when
    that does not settle or the kind cannot be written.
    """
    if image.lossless or image.format == "WEBP":
        saved = decode(encode(image, cloaked.colours), name=image.name)
        if excess(image, saved, cloaked).any():
            raise ImageError(f"{image.name} did not come back from its file as written: convert it to PNG first.")
        return saved
    aimed = cloaked.colours.astype(np.float64)
    for _ in range(_ROUNDS):
        colours = np.rint(aimed).clip(0, image.levels).astype(cloaked.colours.dtype)
        saved = decode(encode(image, colours, quality=_JPEG_QUALITY), name=image.name)
        over = excess(image, saved, cloaked)
        if not over.any():
            return saved
        aimed = (aimed - over).clip(0, image.levels)
    raise ImageError(f"{image.name} cannot keep the budget as a JPEG: convert it to PNG first.")


def excess(image: Image, saved: Image, cloaked: Cloaked) -> Float[np.ndarray, "height width colours"]:
    """Return by how many levels each sample leaves the budget, measured to a little inside it, 0 where it does not."""
    unit = image.levels // 255
    moved = np.rint((saved.samples - image.samples) * image.levels)
    allowed = cloaked.budget.levels * unit
    inside = max(0, allowed - _RETREAT * unit)
    return np.where(np.abs(moved) > allowed, moved - moved.clip(-inside, inside), 0)
