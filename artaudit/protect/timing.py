"""How the time for one picture is divided: what follows the steps of the descent is never cut short."""

from __future__ import annotations

import ctypes
import sys
import time

from artaudit.distances import whole_and_worst
from artaudit.image import Image
from artaudit.protect.cloak import working_size

_SAMPLE = 512
"""Pixels along a side of the corner that one comparison is timed on."""

_AT_WORKING_SIZE, _AT_FULL_SIZE = 25, 7
"""How long everything but the steps takes, in comparisons by SSIMULACRA2: setting up, settling and measuring at the
working size, then saving and measuring at full size. With some room: measured were 19 and 6."""

_M_TRIM_THRESHOLD, _M_MMAP_MAX, _NEVER = -1, -4, 2**31 - 1
"""Parameters of glibc's `mallopt`, and the threshold that no amount of freed memory reaches."""


def beside_the_steps(image: Image) -> float:
    """Return an estimate of the seconds that a cloak takes beside the steps of its descent."""
    corner = image.pixels[:_SAMPLE, :_SAMPLE]
    started = time.perf_counter()
    whole_and_worst(corner, corner)
    per_pixel = (time.perf_counter() - started) / (corner.shape[0] * corner.shape[1])
    height, width = working_size(image.height, image.width)
    return per_pixel * (_AT_WORKING_SIZE * height * width + _AT_FULL_SIZE * image.height * image.width)


def keep_freed_memory() -> None:
    """Let glibc keep freed memory for this process; elsewhere nothing happens.

    By default glibc returns every large array to the system, which clears each page before it is used again: on large
    pictures that takes as long as computing.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, _NEVER)
