"""Redrawing errors in the blocks of a JPEG file, in steps of its quantisation, frequency by frequency.

A file rounds each frequency to a multiple of its step, which hides smaller errors; what a redrawing is off by beyond
half a step no rounding explains. Restoration bounds frequencies alike (Zakhor, "Iterative Procedures for Reduction of
Blocking Effects in Transform Image Coding", 1992; Robertson and Stevenson 2005,
https://doi.org/10.1109/TCSVT.2004.839995).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.quantisation import ALIGNED, Steps
from artaudit.attribution.statistic import Pictures, whole
from artaudit.transforms import block_frequencies, from_block_frequencies, to_rgb, to_ycbcr

LUMA = ((0, 0), (1, 2), (3, 4), (5, 7), (8, 10), (11, 14))
CHROMA = ((0, 1), (2, 4), (5, 14))
"""Bands: the lowest and the highest sum of a frequency's two indices."""

Frequencies = Float[Tensor, "batch planes rows columns 8 8"]

_LEAST_ROWS = 4
_FAINT = 1e-3
_KINDS = ("picture", "error", "error beyond half a step")

NAMES = tuple(
    f"log power of {kind} in {plane} of a file's blocks, in its steps, frequencies {low} to {high}"
    for plane, bands in (("luma", LUMA), ("chroma", CHROMA))
    for kind in _KINDS
    for low, high in bands
)


def in_steps(pixels: Pictures, redrawn: Pictures, steps: Steps) -> Float[Tensor, "batch places numbers"]:
    """Return by band the logarithms of the power of the picture, of redrawing errors, and of these beyond half a step.

    Places are those of `octaves`. The upper left corner of the pixels has to be one of the file's.
    """
    seen, drawn = (to_ycbcr(255 * whole(part, ALIGNED)) for part in (pixels, redrawn.clamp(0, 1)))
    both = seen, drawn - seen
    luma = [_frequencies(planes[:, :1], steps[:, :1]) for planes in both]
    chroma = [_frequencies(F.avg_pool2d(planes[:, 1:], 2), steps[:, 1:]) for planes in both]
    bands = [*_by_band(luma, LUMA, 2), *_by_band(chroma, CHROMA, 1)]
    numbers = torch.stack(bands, dim=1).add(_FAINT).log10()
    if min(numbers.shape[-2:]) >= _LEAST_ROWS:
        numbers = numbers[..., 1:-1, 1:-1]
    return numbers.flatten(2).transpose(1, 2)


def nearest(pixels: Pictures, redrawn: Pictures, steps: Steps) -> Pictures:
    """Return the pictures nearest to redrawn ones that the files allow: frequencies at most half a step from theirs.

    Chroma is moved as the files keep it, at half the size. The upper left corner of the pixels has to be one of the
    file's; at the right and lower edge, what is no whole block stays as it was redrawn.
    """
    height, width = redrawn.shape[-2:]
    missing = to_ycbcr(255 * (whole(pixels, ALIGNED) - whole(redrawn, ALIGNED)))
    luma = _beyond(missing[:, :1], steps[:, :1])
    chroma = F.interpolate(_beyond(F.avg_pool2d(missing[:, 1:], 2), steps[:, 1:]), scale_factor=2.0)
    moved = to_rgb(torch.cat([luma, chroma], dim=1)) / 255
    rest = height - moved.shape[-2], width - moved.shape[-1]
    return (redrawn + F.pad(moved, (0, rest[1], 0, rest[0]))).clamp(0, 1)


def _beyond(
    missing: Float[Tensor, "batch planes height width"], steps: Float[Tensor, "batch 1 8 8"]
) -> Float[Tensor, "batch planes height width"]:
    """Return what is missing beyond half a step of each frequency."""
    exact = _frequencies(missing, steps)
    return from_block_frequencies(F.softshrink(exact, 0.5) * steps[:, :, None, None].to(exact))


def _frequencies(
    planes: Float[Tensor, "batch planes height width"], steps: Float[Tensor, "batch 1 8 8"]
) -> Frequencies:
    """Return the cosine transform of every block of 8 x 8, in steps."""
    return block_frequencies(planes) / steps[:, :, None, None].to(planes)


def _by_band(
    both: Sequence[Frequencies], bands: Sequence[tuple[int, int]], pooled: int
) -> list[Float[Tensor, "batch down across"]]:
    """Return the mean power in each band: of the picture, of its errors, of what of these lies beyond half a step."""
    index = torch.arange(8)
    order = index[:, None] + index[None]
    means, (picture, errors) = [], both
    for values in (picture, errors, (errors.abs() - 0.5).clamp_min(0)):
        for low, high in bands:
            band = (low <= order) & (order <= high)
            power = values[..., band].square().mean(-1).mean(1, keepdim=True)
            means.append(F.avg_pool2d(power, pooled)[:, 0])
    return means
