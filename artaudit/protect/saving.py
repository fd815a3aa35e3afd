"""Puts a cloak into a file and proves that the file itself keeps the budget."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from artaudit.errors import ImageError, UsageError
from artaudit.image import Image, decode, encode
from artaudit.protocols import Cloaked

_JPEG_QUALITY = 100
_ROUNDS = 80
_RETREAT = 2
"""Levels inside the budget that an overshooting JPEG sample is sent back to."""
_SHRINK = 0.995
"""How much further than measured a change is scaled back whose root mean square is over the budget."""


def save_within(image: Image, cloaked: Cloaked, quality: int | None = None) -> Image:
    """Return the cloaked file, decoded from its own bytes, with no sample further than the budget from `image`.

    Lossless kinds hold the samples exactly. A JPEG is written at quality 100 with full colour resolution, and
    samples that its rounding carried over the budget are pulled back until none is left. With a `quality`, 1 to
    100, a lossy file is written at that quality instead, and its loss comes on top of the budget. Raises
    ImageError when the budget cannot be kept or the kind cannot be written, UsageError for a quality that the
    kind does not have.
    """
    if quality is not None:
        return _at_quality(image, cloaked, quality)
    if image.lossless or image.format == "WEBP":
        saved = decode(encode(image, cloaked.colours), name=image.name)
        if excess(image, saved, cloaked).any():
            raise ImageError(f"{image.name} did not come back from its file as written: convert it to PNG first.")
        return saved
    original = image.samples.astype(np.float64) * image.levels
    aimed = cloaked.colours.astype(np.float64)
    for _ in range(_ROUNDS):
        colours = np.rint(aimed).clip(0, image.levels).astype(cloaked.colours.dtype)
        saved = decode(encode(image, colours, quality=_JPEG_QUALITY), name=image.name)
        over, part = excess(image, saved, cloaked), _kept_part(image, saved, cloaked)
        if part == 1 and not over.any():
            return saved
        aimed = (original + part * (aimed - over - original)).clip(0, image.levels)
    raise ImageError(f"{image.name} cannot keep the budget as a JPEG: convert it to PNG first.")


def excess(image: Image, saved: Image, cloaked: Cloaked) -> Float[np.ndarray, "height width colours"]:
    """Return by how many levels each sample leaves the budget, measured to a little inside it, 0 where it does not."""
    unit = image.levels // 255
    moved = np.rint((saved.samples - image.samples) * image.levels)
    allowed = cloaked.budget.levels * unit
    inside = max(0, allowed - _RETREAT * unit)
    return np.where(np.abs(moved) > allowed, moved - moved.clip(-inside, inside), 0)


def _kept_part(image: Image, saved: Image, cloaked: Cloaked) -> float:
    """Return by what part the change must shrink for its root mean square to keep the budget, 1 when it does."""
    allowed = cloaked.budget.rms
    rms = float(np.sqrt(np.mean((saved.samples - image.samples).astype(np.float64) ** 2)))
    return 1.0 if allowed is None or rms <= allowed else _SHRINK * allowed / rms


def _at_quality(image: Image, cloaked: Cloaked, quality: int) -> Image:
    if image.lossless:
        raise UsageError(f"{image.name} is of a kind that loses nothing: leave out the quality, or convert it to JPEG.")
    if quality not in range(1, 101):
        raise UsageError(f"There is no quality {quality}: choose one from 1 to 100.")
    return decode(encode(image, cloaked.colours, quality=quality), name=image.name)
