"""The pictures that calibrations learn from: what a candidate drew, and what it did not, as pictures travel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float, UInt8
from torch import Tensor

from artaudit.attribution.regression import REAL
from artaudit.attribution.search import undone
from artaudit.datasets.drawings import draw, soften
from artaudit.edits import Saved
from artaudit.errors import UsageError
from artaudit.image import Image
from artaudit.transforms import Blur, to_ycbcr

SIDE = 256
"""Pixels along each side of the crops that calibrations are made from; smaller pictures are left out."""

SIDES = (128, 256)
"""Sizes that calibrations know: the middles of the crops, and the whole."""

SAVED = (Saved(90), Saved(75), Saved(95), Saved(80), Saved(80, "WEBP"), Saved(70))
"""Files that versions of pictures are saved as, in turn."""

SCALES = (0.75, 0.5, 1.25, 0.6, 1.5, 0.85)
"""Factors that pictures are resized by before saving, in turn."""

SIGMAS = (0.7, 1.0, 1.5, 2.0, 3.0)
"""Standard deviations of blurs in pixels, in turn."""

CHANGED = "edited pictures", "drawings by code"
FURTHER = "further real pictures"
STRANGERS = (REAL, *CHANGED)

Batch = Float[Tensor, "batch 3 height width"]
Changed = Float[Tensor, "batch 3 rows columns"]


@dataclass(frozen=True, slots=True)
class Version:
    """One state of a set of pictures: their pixels, in their order, and the stratum that they belong to."""

    pixels: Batch
    side: int
    resized: bool


def strangers(crops: Batch) -> dict[str, Batch]:
    """Return the sets of pictures that no model drew, by name.

    Edited pictures are, in turn, blurred, resized without it being undone, and in grey.
    """
    edits: tuple[Callable[[Batch, int], Batch], ...] = (_blurred, _resized, _grey)
    edited = [edits[place % len(edits)](crop[None], place // len(edits)) for place, crop in enumerate(crops)]
    drawn = torch.stack([_drawing(place, crops.shape[-1]) for place in range(len(crops))])
    return dict(zip(STRANGERS, (crops, to_8_bits(torch.cat(edited)), to_8_bits(drawn)), strict=True))


def versions(pixels: Batch, *, saved: bool = True, resized: bool = True, wrong: bool = False) -> Iterator[Version]:
    """Yield the versions of a set: as drawn and `saved` as files, in both sizes; then resized, and put back.

    Files are of all kinds in turn. With `wrong`, some are put back although no resize ever took place, as happens when
    a search tries it.
    """
    for kept in [pixels, *([_as_files(pixels, 0)] if saved else [])]:
        for side in SIDES:
            yield Version(_middles(kept, side), side, resized=False)
    for mistaken in ([False] if resized else []) + ([True] if wrong else []):
        back = [_travelled(pixel[None], place, wrong=mistaken) for place, pixel in enumerate(pixels)]
        yield Version(torch.cat(back), SIDE, resized=True)


def middle_crops(pictures: Sequence[Image], side: int = SIDE) -> Batch:
    """Return the middle crop of every picture that is large enough; raises UsageError if none is."""
    large = [image for image in pictures if min(image.height, image.width) >= side]
    if not large:
        raise UsageError(f"None of the pictures has {side} pixels along each side: give larger ones.")
    return torch.stack([_middle(image.rgb8, side) for image in large])


def to_8_bits(pixels: Batch) -> Batch:
    """Clip to [0, 1] and round to the levels of 8 bits."""
    return (pixels.clamp(0, 1) * 255).round() / 255


def as_levels(batch: Batch) -> UInt8[np.ndarray, "batch height width 3"]:
    """Return pictures as the samples of 8-bit files."""
    return (batch * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()


def as_pixels(levels: Sequence[UInt8[np.ndarray, "height width 3"]]) -> Batch:
    """Return the samples of 8-bit files of one size as pixels in [0, 1]."""
    return torch.from_numpy(np.stack(levels).transpose(0, 3, 1, 2).copy()).float() / 255


def _as_files(pixels: Batch, first: int) -> Batch:
    """Return every picture as it comes back from a file, of the kinds in turn from `first` on."""
    return as_pixels([SAVED[(place + first) % len(SAVED)](levels) for place, levels in enumerate(as_levels(pixels))])


def _travelled(pixel: Float[Tensor, "1 3 height width"], place: int, *, wrong: bool) -> Batch:
    """Return a picture that was resized and saved, with the resize undone; if `wrong`, it was saved alone."""
    scale = SCALES[place % len(SCALES)]
    if wrong:
        size = [round(side * scale) for side in pixel.shape[-2:]]
        small = pixel[..., : size[0], : size[1]] if scale < 1 else F.pad(pixel, _around(pixel, size), mode="reflect")
    else:
        small = _scaled(pixel, scale)
    saved = _as_files(to_8_bits(small), place // len(SCALES)) if place % 3 else to_8_bits(small)
    return _fitted(undone(saved, scale), pixel.shape[-1])


def _around(pixel: Batch, size: Sequence[int]) -> tuple[int, int, int, int]:
    """Return the padding, left, right, top and bottom, that brings a picture to a larger size."""
    return 0, size[1] - pixel.shape[-1], 0, size[0] - pixel.shape[-2]


def _fitted(pixels: Batch, side: int) -> Changed:
    """Return pictures cut or mirrored at the right and lower edge to this side, which rounding may have missed."""
    short = max(0, side - min(pixels.shape[-2:]))
    return F.pad(pixels, (0, short, 0, short), mode="reflect")[..., :side, :side]


def _middles(pixels: Batch, side: int) -> Changed:
    inset = (pixels.shape[-1] - side) // 2
    return pixels[..., inset : inset + side, inset : inset + side]


def _scaled(pixels: Batch, scale: float) -> Changed:
    return F.interpolate(pixels, scale_factor=scale, mode="bicubic", antialias=True, align_corners=False)


def _blurred(pixels: Batch, turn: int) -> Batch:
    return Blur(SIGMAS[turn % len(SIGMAS)])(pixels, 0)


def _resized(pixels: Batch, turn: int) -> Batch:
    """Return a resized crop of the same size: a smaller one is padded by mirroring, a larger one cropped."""
    resized, side = _scaled(pixels, SCALES[turn % len(SCALES)]), pixels.shape[-1]
    short = max(0, side - resized.shape[-1])
    return _middles(F.pad(resized, (short // 2, short - short // 2) * 2, mode="reflect") if short else resized, side)


def _grey(pixels: Batch, turn: int) -> Batch:  # noqa: ARG001 - nothing takes turns here
    return to_ycbcr(pixels)[:, :1].expand_as(pixels)


def _drawing(seed: int, side: int) -> Float[Tensor, "3 height width"]:
    rng = np.random.default_rng(seed)
    return _middle(np.asarray(soften(draw(rng), rng).convert("RGB")), side)


def _middle(rgb8: np.ndarray, side: int) -> Float[Tensor, "3 height width"]:
    top, left = ((length - side) // 2 for length in rgb8.shape[:2])
    window = np.ascontiguousarray(rgb8[top : top + side, left : left + side].transpose(2, 0, 1))
    return torch.from_numpy(window).float() / 255
