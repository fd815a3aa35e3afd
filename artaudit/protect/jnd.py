"""How well a picture hides a change, pixel by pixel: the just noticeable difference beside that of a flat mid grey.

Luminance adaptation and contrast masking with the exponents of Ahumada and Watson, "A visual detection model for DCT
coefficient quantization", 1993, https://core.ac.uk/works/24844467; the masker is the local standard deviation of luma,
the power law that of Legge and Foley 1980, https://doi.org/10.1364/JOSA.70.001458.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.tensors import to_linear
from artaudit.transforms import to_luma

Colours = Float[Tensor, "1 colours height width"]
Map = Float[Tensor, "1 1 height width"]

FLAT_SHARE = 0.2
"""The share of a budget that a flat mid grey gets; five times its threshold takes the whole."""

_RADIUS = 1
"""The masker is looked for this near, so that little noise stands in the flat colour beside a line."""
_MASKER = 2 / 255
"""The local standard deviation from which masking begins."""
_CONTRAST_EXPONENT = 0.7
_LUMINANCE_EXPONENT = 0.649
_FLARE = 0.01
"""Light that a screen reflects in the reference viewing conditions of sRGB, as a share of white."""
_MID_GREY = 0.5


def share(clean: Colours) -> Map:
    """Return the share in (0, 1] of a budget that each pixel hides, for samples in [0, 1]."""
    return (FLAT_SHARE * adaptation(clean) * elevation(clean)).clamp(max=1)


def elevation(clean: Colours) -> Map:
    """Return by what factor, at least 1, texture raises the threshold; 1 in flat areas."""
    luma = to_luma(clean).double()
    variance = _local(luma.square()) - _local(luma).square()
    contrast = variance.clamp(min=0).sqrt().to(clean) / _MASKER
    return contrast.clamp(min=1) ** _CONTRAST_EXPONENT


def adaptation(clean: Colours) -> Map:
    """Return by what factor luminance moves the threshold, counted in sample values; 1 at mid grey, most at black."""
    ground = _local(to_luma(clean)).clamp(0, 1)
    grey = torch.full_like(ground, _MID_GREY)
    return _threshold(ground) / _threshold(grey)


def _threshold(luma: Map) -> Map:
    """Return the visible step of light over the light that a step of luma makes."""
    luma = luma.detach().clone().requires_grad_()
    light = to_linear(luma)
    (slope,) = torch.autograd.grad(light.sum(), luma)
    return (light.detach() + _FLARE) ** _LUMINANCE_EXPONENT / slope


def _local(plane: Float[Tensor, "1 1 height width"]) -> Float[Tensor, "1 1 height width"]:
    padded = F.pad(plane, (_RADIUS,) * 4, mode="replicate")
    return F.avg_pool2d(padded, 2 * _RADIUS + 1, stride=1)
