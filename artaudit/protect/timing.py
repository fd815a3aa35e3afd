"""How the time for one picture is divided: what follows the steps of the descent is never cut short."""

from __future__ import annotations

import time

from artaudit.distances import whole_and_worst
from artaudit.image import Image
from artaudit.protect.cloak import working_size

_SAMPLE = 512
"""Pixels along a side of the corner that one comparison is timed on."""

_AT_WORKING_SIZE, _AT_FULL_SIZE = 20, 8
"""How long everything but the steps takes, in comparisons by SSIMULACRA2: setting up, settling and measuring at the
working size, then saving and measuring at full size."""


def beside_the_steps(image: Image) -> float:
    """Return an estimate of the seconds that a cloak takes beside the steps of its descent."""
    corner = image.seen(slice(_SAMPLE))[:, :_SAMPLE]
    started = time.perf_counter()
    whole_and_worst(corner, corner)
    per_pixel = (time.perf_counter() - started) / (corner.shape[0] * corner.shape[1])
    height, width = working_size(image.height, image.width)
    return per_pixel * (_AT_WORKING_SIZE * height * width + _AT_FULL_SIZE * image.height * image.width)
