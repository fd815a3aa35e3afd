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

_AT_WORKING_SIZE, _AT_FULL_SIZE = 20, 8
"""How long everything but the steps takes, in comparisons by SSIMULACRA2: setting up, settling and measuring at the
working size, then saving and measuring at full size."""

_M_TRIM_THRESHOLD, _M_MMAP_MAX, _NEVER = -1, -4, 2**31 - 1
"""Parameters of glibc's `mallopt`, and the threshold that no amount of freed memory reaches."""


def beside_the_steps(image: Image) -> float:
    """Return an estimate of the seconds that a cloak takes beside the steps of its descent."""
    corner = image.seen(slice(_SAMPLE))[:, :_SAMPLE]
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
    if (libc := _glibc()) is not None:
        libc.mallopt(_M_MMAP_MAX, 0)
        libc.mallopt(_M_TRIM_THRESHOLD, _NEVER)


def return_freed_memory() -> None:
    """Give back what `keep_freed_memory` kept, between steps of work that need arrays of other sizes."""
    if (libc := _glibc()) is not None:
        libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    """Return the C library where it is glibc."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
