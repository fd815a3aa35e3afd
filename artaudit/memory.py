"""Memory that one step of work leaves to the next, instead of giving it back to the system in between."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_MAX, _NEVER = -1, -4, 2**31 - 1
"""Parameters of glibc's `mallopt`, and the threshold that no amount of freed memory reaches."""


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
