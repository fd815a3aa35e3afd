"""How a picture becomes a registered work: its fingerprints, its preview, its absolute place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from artaudit.auditor.matching import describe, describers, fingerprint
from artaudit.auditor.matching.sketches import from_bytes, sketch
from artaudit.auditor.preview import preview
from artaudit.auditor.registry import Registry, Work
from artaudit.image import Image


def enrol(registry: Registry, image: Image, title: str) -> tuple[Work, bool]:
    """Register a picture and return its work; False where its bytes are known, and then no fingerprint is taken.

    Where a describer is installed, a work that has no descriptors of it yet gets them, known or not.
    """
    known = [work for work, version in registry.find(sha256=image.sha256) if version is None]
    if known:
        work, new = known[0], False
    else:
        placed = replace(image, name=str(Path(image.name).resolve()))
        prints = fingerprint(image)
        work, new = registry.add_work(placed, title=title, fingerprints=prints, preview=preview(image))
    _describe(registry, work, image)
    return work, new


def _describe(registry: Registry, work: Work, image: Image) -> None:
    describer = describers.chosen()
    if describer is not None and not registry.shelf.descriptor(work.id, describer.kind):
        data = describe(image, describer)
        registry.shelf.add_descriptor(work.id, describer.kind, data, sketch(from_bytes(data)).tobytes())
