"""Register: a picture becomes a work by its fingerprints, its thumbnail, its absolute place."""

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
    """What is stored of a picture beside itself; `descriptors` only where a describer looked."""

    prints: dict[str, bytes]
    preview: bytes
    descriptors: bytes | None


def register(picture: Image | Path | str, registry: Registry, title: str | None = None) -> tuple[Work, bool]:
    """Add a picture or the one at a path to the portfolio; False when these bytes were there already."""
    image = picture if isinstance(picture, Image) else read(picture)
    return enrol(registry, image, title=title or Path(image.name).stem)


def register_all(
    paths: Sequence[Path], registry: Registry, title: str | None = None
) -> Iterator[Callable[[], tuple[Work, bool]]]:
    """Add pictures to the portfolio, worked out a few ahead; yield for each what adds it, as `register` does."""
    return enrol_all(registry, paths, title)


def enrol(registry: Registry, image: Image, title: str, ready: Measured | None = None) -> tuple[Work, bool]:
    """Register a picture and return its work; False where its bytes are known, and then no fingerprint is taken.

    Where a describer is installed, a work that has no descriptors of it yet gets them, known or not; a new work and its
    descriptors are kept together or not at all. What `ready` holds is not worked out again.
    """
    known = [work for work, version in registry.find(sha256=image.sha256) if version is None]
    if known:
        _describe(registry, known[0], image, None)
        return known[0], False
    placed = replace(image, name=str(Path(image.name).resolve()))
    found = ready or _measured(image, describers.chosen())
    with registry.together():
        work, new = registry.add_work(placed, title=title, fingerprints=found.prints, preview=found.preview)
        _describe(registry, work, image, found.descriptors)
    return work, new


def enrol_all(
    registry: Registry, paths: Sequence[Path], title: str | None = None
) -> Iterator[Callable[[], tuple[Work, bool]]]:
    """Read and measure pictures a few ahead, one thread per processor; yield for each, in order, what registers it.

    What is yielded returns as `enrol` does, or raises ImageError where the picture cannot be read. Works are called
    `title`, or as their files are.
    """
    threads, describer = os.cpu_count() or 1, describers.chosen()
    known = {work.sha256 for work in registry.works(withdrawn=True)}
    with ThreadPoolExecutor(threads) as pool:
        begun: deque[Callable[[], tuple[Work, bool]]] = deque()
        for path in paths:
            ahead = pool.submit(_ahead, path, known, describer)
            begun.append(partial(_enrolled, registry, ahead, title or path.stem))
            if len(begun) > threads:
                yield begun.popleft()
        yield from begun


def _enrolled(registry: Registry, ahead: Future[tuple[Image, Measured | None]], title: str) -> tuple[Work, bool]:
    image, ready = ahead.result()
    return enrol(registry, image, title, ready)


def _ahead(path: Path, known: set[str], describer: Describer | None) -> tuple[Image, Measured | None]:
    image = read(path)
    return image, None if image.sha256 in known else _measured(image, describer)


def _measured(image: Image, describer: Describer | None) -> Measured:
    described = None if describer is None else describe(image, describer)
    return Measured(fingerprint(image), thumbnail(image), described)


def _describe(registry: Registry, work: Work, image: Image, ready: bytes | None) -> None:
    describer = describers.chosen()
    if describer is not None and not registry.fingerprint_store.descriptor(work.id, describer.kind):
        data = ready or describe(image, describer)
        registry.fingerprint_store.add_descriptor(work.id, describer.kind, data, sketch(from_bytes(data)).tobytes())
