"""Register: a picture becomes a work, with its fingerprints, a thumbnail and its absolute path."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from artaudit.auditor.registry import Registry, Work
from artaudit.auditor.registry.thumbnail import thumbnail
from artaudit.image import Image, read
from artaudit.matching import Describer, describe, describers, fingerprint
from artaudit.matching.binary_codes import from_bytes, sketch


@dataclass(frozen=True, slots=True)
class Measured:
    """What the registry stores of a picture beyond its file's data; `descriptors` is None without a describer."""

    fingerprints: dict[str, bytes]
    preview: bytes
    descriptors: bytes | None


def register(picture: Image | Path | str, registry: Registry, title: str | None = None) -> tuple[Work, bool]:
    """Add a picture, or the file at a path, to the portfolio; False when its bytes are registered already."""
    image = picture if isinstance(picture, Image) else read(picture)
    return enrol(registry, image, title=title or Path(image.name).stem)


def enrol(registry: Registry, image: Image, title: str, measured: Measured | None = None) -> tuple[Work, bool]:
    """Register a picture and return its work; False when its bytes are known, and then no fingerprint is computed.

    If a describer is installed, a work without its descriptors gets them, new or known; a new work and its descriptors
    are kept together or not at all. `measured` saves computing them again.
    """
    known = [work for work, version in registry.find(sha256=image.sha256) if version is None]
    if known:
        _describe(registry, known[0], image, None)
        return known[0], False
    resolved = replace(image, name=str(Path(image.name).resolve()))
    measured = measured or _measure(image, describers.chosen())
    with registry.together():
        work, new = registry.add_work(
            resolved, title=title, fingerprints=measured.fingerprints, preview=measured.preview
        )
        _describe(registry, work, image, measured.descriptors)
    return work, new


def register_all(
    paths: Sequence[Path], registry: Registry, title: str | None = None
) -> Iterator[Callable[[], tuple[Work, bool]]]:
    """Read and measure pictures a few ahead, one thread per processor; yield, in order, a function that registers each.

    Each function returns what `enrol` does, or raises ImageError when the picture cannot be read. The title of works is
    `title`, else the stem of their file.
    """
    threads, describer = os.cpu_count() or 1, describers.chosen()
    known = {work.sha256 for work in registry.works(withdrawn=True)}
    with ThreadPoolExecutor(threads) as pool:
        pending: deque[Callable[[], tuple[Work, bool]]] = deque()
        for path in paths:
            future = pool.submit(_read_and_measure, path, known, describer)
            pending.append(partial(_enrol_measured, registry, future, title or path.stem))
            if len(pending) > threads:
                yield pending.popleft()
        yield from pending


def _enrol_measured(registry: Registry, future: Future[tuple[Image, Measured | None]], title: str) -> tuple[Work, bool]:
    image, measured = future.result()
    return enrol(registry, image, title, measured)


def _read_and_measure(path: Path, known: set[str], describer: Describer | None) -> tuple[Image, Measured | None]:
    image = read(path)
    return image, None if image.sha256 in known else _measure(image, describer)


def _measure(image: Image, describer: Describer | None) -> Measured:
    descriptors = None if describer is None else describe(image, describer)
    return Measured(fingerprint(image), thumbnail(image), descriptors)


def _describe(registry: Registry, work: Work, image: Image, descriptors: bytes | None) -> None:
    describer = describers.chosen()
    if describer is not None and not registry.fingerprint_store.descriptor(work.id, describer.kind):
        data = descriptors or describe(image, describer)
        registry.fingerprint_store.add_descriptor(work.id, describer.kind, data, sketch(from_bytes(data)).tobytes())
