"""The pictures that calibrations learn from: what a candidate drew, and what it did not, as pictures travel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from artaudit.attribution.quantisation import Quantisation, of_quality
from artaudit.attribution.regression import BELONGING, FURTHER, REAL
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

SAVED = (
    (Saved(90), Saved(75), Saved(95), Saved(80), Saved(80, "WEBP"), Saved(70)),
    (Saved(80), Saved(95), Saved(70), Saved(90), Saved(95), Saved(90)),
)
"""Files that two versions of every picture are saved as, in turn: one is a JPEG of high quality."""

SCALES = (0.75, 0.5, 1.25, 0.6, 1.5, 0.85)
"""Factors that pictures are resized by before saving, in turn."""

SIGMAS = (0.7, 1.0, 1.5, 2.0, 3.0)
"""Standard deviations of blurs in pixels, in turn."""

EDITED = "edited pictures"
CHANGED = EDITED, "drawings by code"
STRANGERS = (REAL, *CHANGED)

UNDONE, NEVER, MISTAKEN = "undone", "never took place", "mistaken for a stronger one"
"""What a search undoes: the resize itself, one that never took place, and one by a smaller factor than the resize."""

RESIZES = {BELONGING: (UNDONE,), FURTHER: (MISTAKEN,)}
OF_OTHERS = UNDONE, NEVER
"""What is undone of versions of a set, and of sets that are not named."""

Batch = Float[Tensor, "batch 3 height width"]
Changed = Float[Tensor, "batch 3 rows columns"]


@dataclass(frozen=True, slots=True)
class Version:
    """One state of a set's pictures: their pixels, their places in the set, and the stratum that they belong to.

    Of JPEG files it is known how coarsely they are kept.
    """

    pixels: Batch
    places: Int[np.ndarray, " batch"]
    side: int
    resized: bool = False
    saved: bool = False
    files: Sequence[Quantisation] = ()


def strangers(crops: Batch) -> dict[str, Batch]:
    """Return the sets of pictures that no model drew, by name.

    Edited pictures are, in turn, blurred, resized without it being undone, and in grey.
    """
    edits: tuple[Callable[[Batch, int], Batch], ...] = (_blurred, _resized, _grey)
    edited = [edits[place % len(edits)](crop[None], place // len(edits)) for place, crop in enumerate(crops)]
    drawn = torch.stack([_drawing(place, crops.shape[-1]) for place in range(len(crops))])
    return dict(zip(STRANGERS, (crops, to_8_bits(torch.cat(edited)), to_8_bits(drawn)), strict=True))


def versions(pixels: Batch, *, saved: bool = True, resizes: Sequence[str] = (UNDONE,)) -> Iterator[Version]:
    """Yield the versions of a set: as drawn and twice `saved` as files, in both sizes; then one by `resizes`."""
    every = np.arange(len(pixels))
    for side in SIDES:
        yield Version(_middles(pixels, side), every, side)
    for kept, places, files in _as_files(pixels) if saved else ():
        for side in SIDES:
            yield Version(_middles(kept, side), places, side, saved=True, files=files)
    for kind in resizes:
        back = [_travelled(pixel[None], place, *_factors(kind, place)) for place, pixel in enumerate(pixels)]
        yield Version(torch.cat(back), every, SIDE, resized=True)


def middle_crops(pictures: Sequence[Image], side: int = SIDE) -> Batch:
    """Return the middle crop of every picture that is large enough; raises UsageError if none is."""
    large = [image for image in pictures if large_enough(image, side)]
    if not large:
        raise UsageError(f"None of the pictures has {side} pixels along each side: give larger ones.")
    return torch.stack([_middle(image.rgb8, side) for image in large])


def large_enough(image: Image, side: int = SIDE) -> bool:
    """Tell whether a crop of this side can be cut from a picture."""
    return min(image.height, image.width) >= side


def to_8_bits(pixels: Batch) -> Batch:
    """Clip to [0, 1] and round to the levels of 8 bits."""
    return (pixels.clamp(0, 1) * 255).round() / 255


def as_levels(batch: Batch) -> UInt8[np.ndarray, "batch height width 3"]:
    """Return pictures as the samples of 8-bit files."""
    return (batch * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()


def as_pixels(levels: Sequence[UInt8[np.ndarray, "height width 3"]]) -> Batch:
    """Return the samples of 8-bit files of one size as pixels in [0, 1]."""
    return torch.from_numpy(np.stack(levels).transpose(0, 3, 1, 2).copy()).float() / 255


def _as_files(pixels: Batch) -> Iterator[tuple[Batch, Int[np.ndarray, " batch"], Sequence[Quantisation]]]:
    """Yield pictures as they come back from files of all kinds in turn, JPEGs apart from others, with their places."""
    for kinds in SAVED:
        of_picture = [kinds[place % len(kinds)] for place in range(len(pixels))]
        for jpeg in (True, False):
            places = [place for place, kind in enumerate(of_picture) if (kind.format == "JPEG") == jpeg]
            if places:
                files = [of_quality(of_picture[place].quality) for place in places] if jpeg else []
                yield _saved(pixels[places], [of_picture[place] for place in places]), np.array(places), files


def _saved(pixels: Batch, kinds: Sequence[Saved]) -> Batch:
    """Return every picture as it comes back from a file of its kind."""
    return as_pixels([kind(levels) for kind, levels in zip(kinds, as_levels(pixels), strict=True)])


def _factors(kind: str, place: int) -> tuple[float, float]:
    """Return by which factor a picture was resized, and the factor that is undone of it."""
    factor, other = SCALES[place % len(SCALES)], SCALES[place // len(SCALES) % len(SCALES)]
    return {UNDONE: (factor, factor), NEVER: (1.0, factor), MISTAKEN: (max(factor, other), min(factor, other))}[kind]


def _travelled(pixel: Float[Tensor, "1 3 height width"], place: int, factor: float, undo: float) -> Batch:
    """Return a picture that was resized by a factor and saved, with a resize by `undo` undone of as much of it."""
    resized = pixel if factor == 1 else _scaled(pixel, factor)
    small = _fitted(resized, round(pixel.shape[-1] * undo))
    kind = SAVED[0][place // len(SCALES) % len(SAVED[0])]
    saved = _saved(to_8_bits(small), [kind]) if place % 3 else to_8_bits(small)
    return _fitted(undone(saved, undo), pixel.shape[-1])


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
