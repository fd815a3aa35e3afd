"""How a picture becomes a registered work: its fingerprints, its preview, its absolute place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from artaudit.auditor.matching import fingerprint
from artaudit.auditor.preview import preview
from artaudit.auditor.registry import Registry, Work
from artaudit.image import Image


def enrol(registry: Registry, image: Image, title: str) -> tuple[Work, bool]:
    """Register a picture and return its work; False where its bytes are known, and then no fingerprint is taken."""
    known = [work for work, version in registry.find(sha256=image.sha256) if version is None]
    if known:
        return known[0], False
    placed = replace(image, name=str(Path(image.name).resolve()))
    return registry.add_work(placed, title=title, fingerprints=fingerprint(image), preview=preview(image))
