"""The two photographs that scikit-learn ships, as files.

By danielbuechele and vultilion on Flickr, CC BY 2.0, as the README beside the files says.
"""

from __future__ import annotations

from importlib import resources
from types import MappingProxyType

PHOTOGRAPHS = MappingProxyType({"china.jpg": "The Summer Palace", "flower.jpg": "A dahlia"})
"""File names and titles."""


def photograph(name: str) -> bytes:
    """Return the bytes of the photograph called `name`, a key of `PHOTOGRAPHS`."""
    return (resources.files("sklearn.datasets") / "images" / name).read_bytes()
