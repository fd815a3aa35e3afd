"""How coarsely a JPEG file keeps the frequencies of its blocks, which tells its loss from the errors of a model.

ITU-T T.81, annex A.3.4, https://www.w3.org/Graphics/JPEG/itu-t81.pdf.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image as Pillow
from torch import Tensor

from artaudit.datasets.container import jpeg_quality, sampling, tables, tables_of
from artaudit.image import Image

Steps = Float[Tensor, "batch 2 8 8"]
"""Steps of each frequency, down then across, of luma and of both chromas, in levels of 255."""

ALIGNED = 16
"""Pixels along each side of what a file codes together: four blocks of luma, and one of each chroma."""

BANDS = ((60, 84), (85, 97))
"""Lowest and highest quality of files that are learned apart: the finer the steps, the more errors in them tell.

They reach somewhat beyond the qualities that are learned from.
"""

_SAMPLING = [(2, 2), (1, 1), (1, 1)]


@dataclass(frozen=True, slots=True)
class Quantisation:
    """The steps of a JPEG file, and its quality, 1 to 100, by the tables that are nearest."""

    steps: Float[Tensor, "1 2 8 8"]
    quality: int

    @property
    def band(self) -> tuple[int, ...]:
        """The band that the quality lies in, empty if in none."""
        return next((band for band in BANDS if band[0] <= self.quality <= band[1]), ())


def quantisation(image: Image) -> Quantisation | None:
    """Return how coarsely a picture is kept that is a JPEG file, None where its pixels are not the blocks of one.

    None also for files that are turned by their metadata, converted by a profile, not in YCbCr or not subsampled as
    most are (4:2:0), and for qualities that nothing is known of.
    """
    if image.format != "JPEG" or image.orientation != 1 or image.icc:
        return None
    with Pillow.open(io.BytesIO(image.data)) as opened:
        usual = [(across, down) for across, down, _ in sampling(opened)] == _SAMPLING
        found = tables(opened)
        if not usual or opened.info.get("adobe_transform") == 0 or not 1 <= len(found) <= 2:  # noqa: PLR2004 - one each
            return None
    told = Quantisation(_as_steps(np.array([found[0], found[-1]])), jpeg_quality(found) or 0)
    return told if told.band else None


def of_quality(quality: int) -> Quantisation:
    """Return that of a file that Pillow writes at a quality of 1 to 100."""
    return Quantisation(_as_steps(tables_of(quality)), quality)


def _as_steps(found: np.ndarray) -> Float[Tensor, "1 2 8 8"]:
    return torch.from_numpy(np.maximum(found, 1).reshape(1, 2, 8, 8).astype(np.float32))
