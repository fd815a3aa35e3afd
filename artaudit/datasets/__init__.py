"""Data sets: the pictures that detectors and models are trained and tested on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artaudit.exports import exports

if TYPE_CHECKING:
    from artaudit.datasets.listing import Layout
    from artaudit.datasets.manifest import Row
    from artaudit.datasets.manifest import read as read_manifest
    from artaudit.datasets.preparation import align, audit, index, split

_NAMES = {
    "read_manifest": "artaudit.datasets.manifest:read",
    "Row": "artaudit.datasets.manifest:Row",
    "index": "artaudit.datasets.preparation:index",
    "split": "artaudit.datasets.preparation:split",
    "audit": "artaudit.datasets.preparation:audit",
    "align": "artaudit.datasets.preparation:align",
    "Layout": "artaudit.datasets.listing:Layout",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = exports(__name__, _NAMES)

__all__ = [
    "Layout",
    "Row",
    "align",
    "audit",
    "index",
    "read_manifest",
    "split",
]
