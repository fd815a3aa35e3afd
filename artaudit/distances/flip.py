"""FLIP, what shows when two pictures are flipped in place: 0 equal, 1 as far apart as can be, for every pixel.

Andersson et al., "FLIP: A Difference Evaluator for Alternating Images", HPG 2020,
https://doi.org/10.1145/3406183. Differentiable, with separable filters. By default at 67 pixels per degree of visual
angle: a screen 0.7 m wide with 3840 pixels, seen from 0.7 m.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.tensors import to_batch, to_linear

Pixels = Float[Tensor, "1 3 height width"]
Planes = Float[Tensor, "planes height width"]
Map = Float[Tensor, "height width"]
Picture = Float[np.ndarray, "height width 3"]

PIXELS_A_DEGREE = 0.7 * 3840 / 0.7 * math.pi / 180
_TO_XYZ = (
    (10135552 / 24577794, 8788810 / 24577794, 4435075 / 24577794),
    (2613072 / 12288897, 8788810 / 12288897, 887015 / 12288897),
    (1425312 / 73733382, 8788810 / 73733382, 70074185 / 73733382),
)
_CONTRAST = (((1.0, 0.0047),), ((1.0, 0.0053),), ((34.1, 0.04), (13.5, 0.025)))
"""Sensitivity to contrast of luma, red-green and blue-yellow: weight and breadth of Gaussians, in degrees squared."""
_FEATURE_WIDTH = 0.082
"""Degrees that an edge or a point spans."""
_COLOUR_POWER, _FEATURE_POWER = 0.7, 0.5
_KNEE, _KNEE_ERROR = 0.4, 0.95
_TINY = 1e-8
_BAND, _MARGIN = 1024, 32
"""Rows compared at once, and rows around them that the filters reach."""


class Flip:
    """FLIP errors of pictures against one original, which is filtered once."""

    def __init__(self, original: Pixels, pixels_a_degree: float = PIXELS_A_DEGREE) -> None:
        """Filter an original in [0, 1]; half as many `pixels_a_degree` stand for twice the magnification."""
        self._resolution = pixels_a_degree
        with torch.no_grad():
            self._colours, self._edges, self._points = _seen(original, pixels_a_degree)

    def __call__(self, changed: Pixels) -> Map:
        """Return the error of every pixel, in [0, 1], of a picture of the original's size."""
        colours, edges, points = _seen(changed, self._resolution)
        colour = _redistributed(_hyab(colours, self._colours) ** _COLOUR_POWER)
        feature = torch.maximum((edges - self._edges).abs(), (points - self._points).abs())
        feature = (feature / math.sqrt(2) + _TINY) ** _FEATURE_POWER
        return colour ** (1 - feature)


def flip(original: Picture, changed: Picture) -> Float[np.ndarray, "height width"]:
    """Return the error of every pixel of two pictures in [0, 1] of one size; the mean is their FLIP value."""
    bands = []
    with torch.no_grad():
        for top in range(0, len(original), _BAND):
            rows = slice(max(0, top - _MARGIN), top + _BAND + _MARGIN)
            errors = Flip(to_batch(original[rows]))(to_batch(changed[rows])).numpy()
            bands.append(errors[top - rows.start :][:_BAND])
    return np.concatenate(bands)


def _seen(pixels: Pixels, resolution: float) -> tuple[Planes, Map, Map]:
    """Return colours as the eye blurs them (Hunt-adjusted Lab), and how strong edges and points are."""
    opponent = _opponent(to_linear(pixels[0]))
    edges, points = _features((opponent[0] + 16) / 116, _FEATURE_WIDTH / 2 * resolution)
    return _hunt(_lab(_from_opponent(_filtered(opponent, resolution)).clamp(0, 1))), edges, points


def _xyz(light: Planes) -> Planes:
    """Return XYZ in units of white."""
    matrix = torch.tensor(_TO_XYZ, dtype=torch.float64)
    return torch.einsum("ij,jhw->ihw", (matrix / matrix.sum(dim=1, keepdim=True)).to(light), light)


def _opponent(light: Planes) -> Planes:
    """Return YCxCz, linear in light (Zhang and Wandell 1997)."""
    x, y, z = _xyz(light)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def _from_opponent(opponent: Planes) -> Planes:
    """Undo `_opponent`."""
    y = (opponent[0] + 16) / 116
    white = torch.stack([opponent[1] / 500 + y, y, y - opponent[2] / 200])
    matrix = torch.tensor(_TO_XYZ, dtype=torch.float64)
    return torch.einsum("ij,jhw->ihw", torch.linalg.inv(matrix / matrix.sum(dim=1, keepdim=True)).to(white), white)


def _lab(light: Planes) -> Planes:
    """Return CIE L*a*b* of linear light."""
    xyz, corner = _xyz(light), 6 / 29
    bent = torch.where(xyz > corner**3, xyz.clamp(min=corner**3) ** (1 / 3), xyz / (3 * corner**2) + 4 / 29)
    return torch.stack([116 * bent[1] - 16, 500 * (bent[0] - bent[1]), 200 * (bent[1] - bent[2])])


def _hunt(lab: Planes) -> Planes:
    """Return colours whose chroma shrinks with lightness (the Hunt effect)."""
    return torch.stack([lab[0], 0.01 * lab[0] * lab[1], 0.01 * lab[0] * lab[2]])


def _hyab(first: Planes, second: Planes) -> Map:
    """Return the HyAB distance: city block between lightness and colour."""
    apart = first - second
    return apart[0].abs() + (apart[1] ** 2 + apart[2] ** 2 + _TINY).sqrt()


def _largest() -> float:
    """Return the largest distance of two colours of sRGB, between green and blue."""
    green, blue = (_hunt(_lab(torch.eye(3, dtype=torch.float64)[place].view(3, 1, 1))) for place in (1, 2))
    return float(_hyab(green, blue)) ** _COLOUR_POWER


def _redistributed(errors: Map) -> Map:
    """Map colour errors to [0, 1]; those below 0.4 of the largest take 0.95 of the range."""
    largest = _largest()
    knee = _KNEE * largest
    return torch.where(
        errors < knee,
        _KNEE_ERROR / knee * errors,
        _KNEE_ERROR + (errors - knee) / (largest - knee) * (1 - _KNEE_ERROR),
    )


def _filtered(opponent: Planes, resolution: float) -> Planes:
    """Blur every plane as the eye does at `resolution` pixels per degree."""
    reach = math.ceil(3 * math.sqrt(0.04 / (2 * math.pi**2)) * resolution)
    place = torch.arange(-reach, reach + 1, dtype=torch.float64) / resolution
    planes = []
    for plane, waves in zip(opponent, _CONTRAST, strict=True):
        kernels = [torch.exp(-(math.pi**2) * place**2 / breadth) for _, breadth in waves]
        scales = [weight * math.sqrt(math.pi / breadth) for weight, breadth in waves]
        total = sum(scale * float(kernel.sum()) ** 2 for scale, kernel in zip(scales, kernels, strict=True))
        parts = [
            _separable(plane, kernel * (scale / total), kernel) for scale, kernel in zip(scales, kernels, strict=True)
        ]
        planes.append(torch.stack(parts).sum(dim=0))
    return torch.stack(planes)


def _features(luma: Map, deviation: float) -> tuple[Map, Map]:
    """Return the strengths of edges and points: first and second derivatives of a Gaussian, `deviation` in pixels."""
    reach = math.ceil(3 * deviation)
    place = torch.arange(-reach, reach + 1, dtype=torch.float64)
    bell = torch.exp(-(place**2) / (2 * deviation**2))
    smooth = bell / bell.sum()
    slope = -place * bell
    bend = ((place / deviation) ** 2 - 1) * bell
    strengths = []
    for kernel in (slope, bend):
        balanced = torch.where(kernel > 0, kernel / kernel.clamp(min=0).sum(), kernel / -kernel.clamp(max=0).sum())
        across, down = _separable(luma, smooth, balanced), _separable(luma, balanced, smooth)
        strengths.append((across**2 + down**2 + _TINY**2).sqrt())
    return strengths[0], strengths[1]


def _separable(plane: Map, down: Float[Tensor, " taps"], across: Float[Tensor, " taps"]) -> Map:
    """Convolve rows and columns; the border repeats itself."""
    reach = len(down) // 2
    padded = F.pad(plane[None, None], (reach, reach, reach, reach), mode="replicate")
    rows = F.conv2d(padded, across.to(plane).view(1, 1, 1, -1))
    return F.conv2d(rows, down.to(plane).view(1, 1, -1, 1))[0, 0]
