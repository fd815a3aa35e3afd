"""Trial: finds the original of a cloaked picture, in the registry or as named, and tries the cloak."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from artaudit.auditor.originals import cloaked_from
from artaudit.auditor.registry import Registry, Version, Work
from artaudit.errors import ImageError
from artaudit.image import Image, read
from artaudit.protect.trial import run
from artaudit.protect.trial.pairs import Pair, same_size
from artaudit.protect.trial.run import Trial, TrialOrder
from artaudit.protect.trial.survival import Tools
from artaudit.protocols import Progress


def attempt(
    path: Path,
    registry: Registry,
    order: TrialOrder,
    tools: Tools | None = None,
    progress: Progress | None = None,
    foretell: Callable[[float], None] | None = None,
) -> Trial:
    """Try the picture at `path` as `run.attempt` does, with the original that is named or registered."""
    return run.attempt(find_pair(path, registry, order.original), order, tools, progress, foretell)


def find_pair(path: Path, registry: Registry, original: Path | None = None) -> Pair:
    """Read the picture at `path` and find its original: `original`, else the registered work with these pixels.

    `original` may be a folder that holds the original under the picture's own name.
    Raises ImageError when the two differ in size, or when a registered original lies nowhere that is known.
    """
    changed = read(path)
    known = registry.find(pixels_sha256=changed.pixels_sha256)
    versions = [(work, version) for work, version in known if version is not None and version.cloaked]
    receipt = versions[0][1].receipt if versions else None
    if original is not None:
        original_path = original / path.name if original.is_dir() else original
        return Pair(changed, same_size(read(original_path), changed), str(original_path), receipt)
    if versions:
        return _registered(changed, *versions[0], registry)
    if known:
        return Pair(changed, changed, f"work {known[0][0].id} of the registry")
    return Pair(changed)


def _registered(changed: Image, work: Work, version: Version, registry: Registry) -> Pair:
    clean = cloaked_from(version, work, registry)
    if clean is None:
        raise ImageError(
            f"The original of {changed.name} is not at {work.path} as it was registered: name it with --original, or "
            f"say where it lies with `audit works move {work.id} PATH`."
        )
    return Pair(changed, same_size(clean, changed), f"work {work.id} of the registry", version.receipt)
