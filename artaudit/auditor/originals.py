"""Where the file of a registered work lies: where it was registered, where it was moved to, or a copy elsewhere."""

from __future__ import annotations

from pathlib import Path

from artaudit.auditor.registry import Registry, Version, Work
from artaudit.errors import ArtauditError
from artaudit.image import Image, read


def original_of(work: Work, registry: Registry) -> Image | None:
    """Return the very file that was registered, from the first place where it still lies, or None."""
    for place in dict.fromkeys((work.path, *registry.change_store.paths(work.id))):
        image = _read(place)
        if image is not None and image.sha256 == work.sha256:
            return image
    return None


def cloaked_from(version: Version, work: Work, registry: Registry) -> Image | None:
    """Return the picture that a version was cloaked from: the work, or a file with the pixels its receipt names."""
    described = version.receipt.get("input")
    named = described.get("pixels_sha256") if isinstance(described, dict) else None
    pixels = named if isinstance(named, str) else work.pixels_sha256
    others = (other.path for other in registry.versions(work.id))
    for place in dict.fromkeys((work.path, *registry.change_store.paths(work.id), *others)):
        image = _read(place)
        if image is not None and image.pixels_sha256 == pixels:
            return image
    return None


def _read(place: str) -> Image | None:
    try:
        return read(Path(place))
    except ArtauditError:
        return None
