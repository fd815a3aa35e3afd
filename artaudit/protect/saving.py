"""Puts a cloak into a file and proves that the file itself keeps the budget."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, UInt

from artaudit.distances import whole_and_worst
from artaudit.errors import ImageError, UsageError
from artaudit.image import Image, decode, encode
from artaudit.protect.visibility import grounds
from artaudit.protocols import TILE_SLACK, Budget, Cloaked

Levels = UInt[np.ndarray, "height width colours"]

_JPEG_QUALITY = 100
_ROUNDS = 80
_RETREAT = 2
"""Levels inside the budget to which JPEG samples beyond the budget are pulled back."""
_NARROWINGS = 24
_NARROWEST = 0.96
"""Largest factor of one scaling; in whole levels, a factor nearer to 1 may change nothing."""


def save_within(image: Image, cloaked: Cloaked, quality: int | None = None) -> Image:
    """Return the cloaked file, decoded from its own bytes, that keeps the budget beside `image`.

    A change that is more visible than the budget allows is scaled back. Lossless kinds hold the samples exactly. A JPEG
    is written at quality 100 with full colour resolution, and samples that rounding moved beyond the largest change
    are pulled back. With a `quality`, 1 to 100, a lossy file is written at that quality from samples that keep the
    budget; the loss of the file comes on top. Raises ImageError when the budget cannot be kept or the kind cannot be
    written, UsageError for a quality that the kind does not have.
    """
    _ensure_quality(image, quality)
    floor = cloaked.budget.ssimulacra2
    if floor is None:
        return _written(image, cloaked, cloaked.colours, quality)
    signed = np.int16 if image.levels == 255 else np.int32  # noqa: PLR2004 - 8 bits; large pictures fill the memory
    before = np.rint(image.samples * image.levels).astype(signed)
    change = cloaked.colours.astype(signed) - before
    unit = image.levels // 255
    part = 1.0
    for _ in range(_NARROWINGS):
        steps = np.rint(change.astype(np.float32) * np.float32(part / unit)).astype(signed)
        colours = (before + unit * steps).clip(0, image.levels).astype(cloaked.colours.dtype)
        del steps  # as large as the picture, and comparing takes memory of its own
        saved = _written(image, cloaked, colours, None)
        lacking = floor - similarity(image, saved)
        if lacking <= 0:
            return saved if quality is None else _written(image, cloaked, colours, quality)
        part *= min(_NARROWEST, max(0.5, 1 - lacking / (2 * (100 - floor))))
    raise ImageError(
        f"{image.name} cannot keep a score of {floor:g} in its own kind of file: convert it to PNG, or use --strength."
    )


def similarity(original: Image, changed: Image) -> float:
    """Return the SSIMULACRA2 score of a file beside another, or its worst tile's plus `TILE_SLACK`, if that is less.

    Transparent pictures are compared on white and on black, and the lower score counts.
    """
    pairs = (whole_and_worst(*pair) for pair in grounds(original, changed))
    return min(min(whole, worst + TILE_SLACK) for whole, worst in pairs)


def _written(image: Image, cloaked: Cloaked, colours: Levels, quality: int | None) -> Image:
    """Return the file that holds these samples, none of them beyond the largest change."""
    if quality is not None:
        return decode(encode(image, colours, quality=quality), name=image.name)
    if image.lossless or image.format == "WEBP":
        saved = decode(encode(image, colours), name=image.name)
        if excess(image, saved, cloaked.budget).any():
            raise ImageError(f"{image.name} did not come back from its file as written: convert it to PNG first.")
        return saved
    aimed = colours.astype(np.float32)
    for _ in range(_ROUNDS):
        rounded = np.rint(aimed).clip(0, image.levels).astype(cloaked.colours.dtype)
        saved = decode(encode(image, rounded, quality=_JPEG_QUALITY), name=image.name)
        over = excess(image, saved, cloaked.budget)
        if not over.any():
            return saved
        aimed = aimed - over
    raise ImageError(f"{image.name} cannot keep the budget as a JPEG: convert it to PNG first.")


def excess(image: Image, saved: Image, budget: Budget) -> Float[np.ndarray, "height width colours"]:
    """Return by how many levels each sample is to be pulled back to lie inside the budget, 0 where it keeps it."""
    moved = np.rint((saved.samples - image.samples) * image.levels)
    if budget.levels is None:
        return np.zeros_like(moved)
    unit = image.levels // 255
    allowed = budget.levels * unit
    inside = max(0, allowed - _RETREAT * unit)
    return np.where(np.abs(moved) > allowed, moved - moved.clip(-inside, inside), 0)


def _ensure_quality(image: Image, quality: int | None) -> None:
    if quality is None:
        return
    if image.lossless:
        raise UsageError(f"{image.name} is of a kind that loses nothing: leave out the quality, or convert it to JPEG.")
    if quality not in range(1, 101):
        raise UsageError(f"There is no quality {quality}: choose one from 1 to 100.")
