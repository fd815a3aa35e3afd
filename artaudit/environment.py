"""The versions that a repetition needs."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("artaudit", "torch", "numpy", "pillow")
"""Packages whose versions are kept."""


def environment() -> dict[str, str]:
    """Return the versions of Python and of the packages that decide, and the kind of processor."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{name: installed(name) for name in PACKAGES},
    }


def installed(name: str) -> str:
    """Return the version of an installed package, "not installed" without it."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
