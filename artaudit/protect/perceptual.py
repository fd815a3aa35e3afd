"""How different two pictures look, differentiable and without weights: multi-scale structural similarity.

Wang, Simoncelli and Bovik, "Multiscale structural similarity for image quality assessment", 2003,
https://doi.org/10.1109/ACSSC.2003.1292216, on luma and both chromas, weighted 6:1:1 as video is judged (Ohm et al.
2012, https://doi.org/10.1109/TCSVT.2012.2221192).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.transforms import Blur, to_ycbcr

Colours = Float[Tensor, "1 colours height width"]
Planes = Float[Tensor, "1 planes height width"]

_SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_PLANES = (6 / 8, 1 / 8, 1 / 8)
_SIGMA = 1.5
_SMALLEST = 11
_LUMINANCE, _CONTRAST = 0.01**2, 0.03**2
_TINY = 1e-4


@runtime_checkable
class Distance(Protocol):
    """How far a window lies from its original, 0 for equal ones; LPIPS fits as well as `MultiScale`."""

    def __call__(self, clean: Colours, moved: Colours) -> Float[Tensor, ""]:
        """Return the distance for samples in [0, 1], differentiable."""
        ...


@dataclass(frozen=True, slots=True)
class MultiScale:
    """One minus the multi-scale structural similarity; scales smaller than the window are left out."""

    def __call__(self, clean: Colours, moved: Colours) -> Float[Tensor, ""]:
        """Return the distance in [0, 1]."""
        one, other = (to_ycbcr(colours) if colours.shape[1] == 3 else colours for colours in (clean, moved))  # noqa: PLR2004 - RGB
        kept = [weight for number, weight in enumerate(_SCALES) if min(clean.shape[-2:]) >> number >= _SMALLEST]
        product = clean.new_ones(one.shape[1])
        for number, weight in enumerate(kept):
            luminance, structure = _compare(one, other)
            last = number == len(kept) - 1
            product = product * (structure * luminance if last else structure).clamp(min=_TINY) ** (weight / sum(kept))
            one, other = F.avg_pool2d(one, 2), F.avg_pool2d(other, 2)
        weights = product.new_tensor(_PLANES[: len(product)])
        return 1 - (product * weights).sum() / weights.sum()


def _compare(one: Planes, other: Planes) -> tuple[Float[Tensor, " planes"], Float[Tensor, " planes"]]:
    """Return the mean luminance and the mean contrast and structure terms of each plane."""
    blur = Blur(_SIGMA)
    here, there = blur(one, 0), blur(other, 0)
    variance = blur(one.square(), 0) - here.square(), blur(other.square(), 0) - there.square()
    both = blur(one * other, 0) - here * there
    structure = (2 * both + _CONTRAST) / (variance[0] + variance[1] + _CONTRAST)
    luminance = (2 * here * there + _LUMINANCE) / (here.square() + there.square() + _LUMINANCE)
    return luminance.mean(dim=(0, 2, 3)), structure.mean(dim=(0, 2, 3))
