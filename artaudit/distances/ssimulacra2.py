"""SSIMULACRA2, a visible-difference score: 100 equal, 90 no flicker seen, 80 no difference side by side, 50 annoying.

Sneyers, "SSIMULACRA 2", Cloudinary 2022 and 2023, https://github.com/cloudinary/ssimulacra2 (BSD-3-Clause); the
Gaussian is that of its tool, after Charalampidis 2016, https://doi.org/10.1109/TSP.2016.2585494. Differentiable.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.tensors import halved, mirrored, to_batch, to_linear

Pixels = Float[Tensor, "1 3 height width"]
Planes = Float[Tensor, "planes height width"]
Picture = Float[np.ndarray, "height width 3"]

SCALES = 6
TILE = 256
"""Pixels along a side of the tiles that get scores of their own."""

_SMALLEST = 113
"""Pictures with a shorter side are continued by their mirror image: below 113 pixels the tool has fewer than six
scales and takes the weights of others for them."""
_BAND, _MARGIN = 512, 192
"""Rows compared at once, and rows around them that the coarsest maps reach; multiples of 64."""
_C2 = 0.0009
_OPSIN = ((0.30, 0.622, 0.078), (0.23, 0.692, 0.078), (0.24342268924547819, 0.20476744424496821, 0.55180986650955360))
_BIAS = 0.0037930732552754493
_KERNEL = (0.26462110548819856, 0.2129285920104222, 0.10933537277746032, 0.036011114658364374, 0.0094143678096537)
"""Sigma 1.5, from the middle outwards."""
_TINY = 1e-24

X, Y, B = range(3)
SSIM, RINGING, BLURRING = range(3)
WEIGHTS = {
    (X, 0, RINGING): (0.0007376606707406586, 0.0007793481682867309),
    (X, 1, SSIM): (0.0, 1.1041726426657346),
    (X, 1, RINGING): (0.0004371155730107379, 0.00066284834129271),
    (X, 1, BLURRING): (0.0, 0.00015231632783718752),
    (X, 2, SSIM): (0.0, 1.8422455520539298),
    (X, 2, RINGING): (0.0016406437456599754, 11.441172603757666),
    (X, 3, SSIM): (0.0007989109436015163, 1.8787594979546387),
    (X, 3, RINGING): (0.000176816438078653, 10.94906990605142),
    (X, 4, SSIM): (0.0007289346991508072, 0.00014003424285435884),
    (X, 4, RINGING): (0.9677937080626833, 0.9981766977854967),
    (X, 4, BLURRING): (0.0, 0.00031949755934435053),
    (X, 5, SSIM): (0.0004550992113792063, 0.0013648766163243398),
    (Y, 0, SSIM): (0.0, 7.466890328078848),
    (Y, 0, BLURRING): (0.0, 17.445833984131262),
    (Y, 1, SSIM): (0.0006235601634041466, 6.683678146179332),
    (Y, 1, RINGING): (0.0, 0.00037724407979611296),
    (Y, 1, BLURRING): (0.0, 1.027889937768264),
    (Y, 2, SSIM): (225.20515300849274, 19.213238186143016),
    (Y, 2, RINGING): (0.0, 0.0011401524586618361),
    (Y, 2, BLURRING): (0.0, 0.001237755635509985),
    (Y, 3, SSIM): (176.39317598450694, 24.43300999870476),
    (Y, 3, RINGING): (0.0, 0.28520802612117757),
    (Y, 3, BLURRING): (0.0, 0.0004485436923833408),
    (Y, 4, SSIM): (0.0, 34.77906344483772),
    (Y, 4, RINGING): (0.0, 44.835625328877896),
    (B, 0, RINGING): (0.0008680556573291698, 0.0),
    (B, 1, SSIM): (0.0, 0.00016533814161379112),
    (B, 1, RINGING): (0.0005313191874358747, 0.0),
    (B, 2, SSIM): (0.0, 0.0004179171801251336),
    (B, 2, RINGING): (0.0, 0.0017290828234722833),
    (B, 3, SSIM): (0.0020827005846636437, 8.826982764996862),
    (B, 3, RINGING): (0.0, 23.19243343998926),
    (B, 4, SSIM): (95.1080498811086, 0.0012286405048278493),
    (B, 4, RINGING): (0.9863978034400682, 171.2667255897307),
    (B, 4, BLURRING): (0.9834382792465353, 0.9807858872435379),
    (B, 5, SSIM): (0.0, 0.0005130064588990679),
    (B, 5, BLURRING): (0.0, 0.00010854057858411537),
}
"""Weights of the mean and the 4-norm of an error map, by plane, scale (0 is the finest) and kind of error."""


class ErrorMap(NamedTuple):
    """Errors of one plane and kind at one scale (0: none), and the weights of their mean and their 4-norm."""

    scale: int
    mean: float
    fourth: float
    values: Float[Tensor, "rows columns"]


@dataclass(frozen=True, slots=True)
class _OriginalScale:
    """The original at one scale: the `planes` (X, Y, B) with weights, their values, means and mean squares."""

    planes: list[int]
    values: Planes = field(repr=False)
    means: Planes = field(repr=False)
    powers: Planes = field(repr=False)


class Ssimulacra2:
    """Scores of pictures against one original, whose maps are computed once."""

    def __init__(self, original: Pixels, *, cutoff: float = 0.0) -> None:
        """Prepare an original in [0, 1]; maps whose weights are at most `cutoff` are left out, which is quicker."""
        self._weights = {place: both for place, both in WEIGHTS.items() if max(both) > cutoff}
        scales = range(1 + max(scale for _, scale, _ in self._weights))
        with torch.no_grad():
            pyramid = _pyramid(original, len(scales))
            self._original = [self._at_scale(scale, xyb) for scale, xyb in zip(scales, pyramid, strict=True)]

    def _at_scale(self, scale: int, xyb: Planes) -> _OriginalScale:
        planes = sorted({plane for plane, at, _ in self._weights if at == scale})
        values = xyb[planes]
        return _OriginalScale(planes, values, _blurred(values), _blurred(values**2))

    def __call__(self, changed: Pixels) -> Float[Tensor, ""]:
        """Return the score of a picture in [0, 1] of the original's size, 100 at most, without a lower bound."""
        return self._scores(changed, (1, 1))[0]

    def tiles(self, changed: Pixels, side: int = TILE) -> Float[Tensor, "rows columns"]:
        """Return a score for every tile of about `side` pixels; the tiles divide the picture evenly."""
        return self._scores(changed, _divided(changed, side))[1]

    def whole_and_worst(self, changed: Pixels, side: int = TILE) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Return the score of the picture and that of its worst tile of about `side` pixels."""
        whole, tiles = self._scores(changed, _divided(changed, side))
        return whole, tiles.min()

    def _scores(
        self, changed: Pixels, shape: tuple[int, int]
    ) -> tuple[Float[Tensor, ""], Float[Tensor, "rows columns"]]:
        whole, tiles = changed.new_zeros(()), changed.new_zeros(shape)
        for error_map in self.maps(changed):
            for weight, power in ((error_map.mean, 1), (error_map.fourth, 4)):
                if weight:
                    errors = error_map.values**power
                    pooled = (
                        F.adaptive_avg_pool2d(errors[None], shape)[0] if shape != (1, 1) else errors.mean()[None, None]
                    )
                    whole = whole + weight * (errors.mean() + _TINY) ** (1 / power)
                    tiles = tiles + weight * (pooled + _TINY) ** (1 / power)
        return score(whole), score(tiles)

    def maps(self, changed: Pixels) -> Iterator[ErrorMap]:
        """Yield the error maps of a picture of the original's size, finest first."""
        pyramid = _pyramid(changed, len(self._original))
        for scale, (known, xyb) in enumerate(zip(self._original, pyramid, strict=True)):
            values = xyb[known.planes]
            means = _blurred(values)
            edges = (1 + (values - means).abs()) / (1 + (known.values - known.means).abs()) - 1
            for number, plane in enumerate(known.planes):
                for kind in (SSIM, RINGING, BLURRING):
                    if (plane, scale, kind) not in self._weights:
                        continue
                    if kind == SSIM:
                        errors = _structure(known, values, means, number)
                    else:
                        errors = (edges[number] if kind == RINGING else -edges[number]).clamp(min=0)
                    yield ErrorMap(scale, *self._weights[plane, scale, kind], errors)


def ssimulacra2(original: Picture, changed: Picture) -> float:
    """Return the score of two pictures in [0, 1] of one size, from 100 (equal) down without a lower bound.

    Large pictures are compared band by band, with the same result.
    """
    return whole_and_worst(original, changed)[0]


def whole_and_worst(original: Picture, changed: Picture) -> tuple[float, float]:
    """Return the score of two pictures in [0, 1] of one size, and that of their worst tile of about 256 pixels.

    Memory does not grow with the height: bands of 512 rows are compared one after the other.
    """
    worst, pixels, sums = 100.0, np.zeros(1), np.zeros(1)
    weights: list[tuple[float, int]] = []
    for rows, core in _bands(len(original)):
        with torch.no_grad():
            terms = list(_core_sums(Ssimulacra2(to_batch(original[rows])), to_batch(changed[rows]), core))
        weights = [(weight, power) for weight, power, _, _, _ in terms]
        pixels = pixels + np.array([count for _, _, count, _, _ in terms])
        sums = sums + np.array([total for _, _, _, total, _ in terms])
        tiles = sum((weight * mean ** (1 / power) for weight, power, _, _, mean in terms), torch.zeros(()))
        worst = min(worst, float(score(tiles).min()))
    means = sums / pixels
    errors = sum(weight * mean ** (1 / power) for (weight, power), mean in zip(weights, means, strict=True))
    return float(score(torch.tensor(errors, dtype=torch.float64))), worst


def _bands(height: int) -> Iterator[tuple[slice, slice]]:
    """Yield each band's rows with their margins, and the part of these to count; a short rest joins the last band.

    The parts to count cover the picture once.
    """
    starts = list(range(0, max(1, height - _MARGIN), _BAND))
    for start, stop in zip(starts, [*starts[1:], height], strict=True):
        rows = slice(max(0, start - _MARGIN), min(height, stop + _MARGIN))
        yield rows, slice(start - rows.start, stop - rows.start)


def _core_sums(
    measure: Ssimulacra2, changed: Pixels, core: slice
) -> Iterator[tuple[float, int, int, float, Float[Tensor, "rows columns"]]]:
    """Yield for each map and norm: weight, power, and count, sum and tile means of the errors in the `core` rows."""
    rows = min(core.stop, changed.shape[-2]) - core.start
    shape = max(1, round(rows / TILE)), _divided(changed, TILE)[1]
    last = core.stop >= changed.shape[-2]
    for error_map in measure.maps(changed):
        stride = 2**error_map.scale
        kept = error_map.values[core.start // stride : None if last else core.stop // stride].double()
        for weight, power in ((error_map.mean, 1), (error_map.fourth, 4)):
            if weight:
                errors = kept**power
                yield weight, power, errors.numel(), float(errors.sum()), F.adaptive_avg_pool2d(errors[None], shape)[0]


def _divided(pixels: Pixels, side: int) -> tuple[int, int]:
    """Return into how many tiles of about `side` pixels the rows and the columns of a picture are divided."""
    height, width = pixels.shape[-2:]
    return max(1, round(height / side)), max(1, round(width / side))


def score(errors: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return the score for a weighted sum of errors: a cubic and a power that were fitted to people's ratings."""
    scaled = 0.9562382616834844 * errors
    bent = 2.326765642916932 * scaled - 0.020884521182843837 * scaled**2 + 6.248496625763138e-05 * scaled**3
    return 100 - 10 * bent.clamp(min=1e-9) ** 0.6276336467831387


def _pyramid(pixels: Pixels, scales: int) -> Iterator[Planes]:
    """Yield X, Y and B - Y, all near [0, 1], at every scale; light is averaged, not samples."""
    light = to_linear(mirrored(pixels, _SMALLEST))
    for scale in range(scales):
        light = halved(light) if scale else light
        cones = torch.einsum("ij,jhw->ihw", light.new_tensor(_OPSIN), light[0]) + _BIAS
        long, middle, short = cones.clamp(min=_TINY) ** (1 / 3) - _BIAS ** (1 / 3)
        luma = (long + middle) / 2
        yield torch.stack([7 * (long - middle) + 0.42, luma + 0.01, short - luma + 0.55])


def _structure(known: _OriginalScale, values: Planes, means: Planes, number: int) -> Float[Tensor, "rows columns"]:
    """Return 1 - SSIM, where the difference of the means is not divided by their size."""
    original_mean, changed_mean = known.means[number], means[number]
    original, changed = known.values[number], values[number]
    mixed, square = _blurred(torch.stack([original * changed, changed**2]))
    numerator = 2 * (mixed - original_mean * changed_mean) + _C2
    denominator = (known.powers[number] - original_mean**2) + (square - changed_mean**2) + _C2
    return (1 - (1 - (original_mean - changed_mean) ** 2) * numerator / denominator).clamp(min=0)


def _blurred(planes: Planes) -> Planes:
    """Blur by a Gaussian of 1.5 pixels; the planes are zero beyond the border."""
    kernel = planes.new_tensor([*_KERNEL[:0:-1], *_KERNEL])
    reach = len(_KERNEL) - 1
    across = F.conv2d(planes[:, None], kernel.view(1, 1, 1, -1), padding=(0, reach))
    return F.conv2d(across, kernel.view(1, 1, -1, 1), padding=(reach, 0))[:, 0]
