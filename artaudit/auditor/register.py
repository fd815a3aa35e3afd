"""Register: a picture becomes a work, with its fingerprints, a thumbnail and its absolute path, or a version of one."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from artaudit.auditor.recognition import Recognition
from artaudit.auditor.registry import Registry, Version, Work
from artaudit.auditor.registry.changes import COPY, DETACHED, PATH
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


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wished of a registration: a title, and a work of its own even for what is a version of another."""

    title: str | None = None
    as_new: bool = False


NO_WISH = Wish()


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What became of a picture: the work, whether it is new, and the kind of version it is; `notes` are sentences."""

    work: Work
    new: bool
    version: str = ""
    notes: tuple[str, ...] = ()


def register(picture: Image | Path | str, registry: Registry, title: str | None = None) -> tuple[Work, bool]:
    """Add a picture, or the file at a path, to the portfolio; False when its bytes are registered already.

    A version of a registered work is recorded with that work, as `audit register` does.
    """
    image = picture if isinstance(picture, Image) else read(picture)
    done = _enter(registry, image, Wish(title), None, Recognition(registry))
    return done.work, done.new


def register_all(paths: Sequence[Path], registry: Registry, wish: Wish = NO_WISH) -> Iterator[Callable[[], Enrolment]]:
    """Read and measure pictures a few ahead, one thread per processor; yield, in order, a function that registers each.

    Each function raises ImageError when the picture cannot be read. Without a wish the title of a new work is the stem
    of its file.
    """
    threads, describer, recognition = os.cpu_count() or 1, describers.chosen(), Recognition(registry)
    known = {work.sha256 for work in registry.works(withdrawn=True)}
    with ThreadPoolExecutor(threads) as pool:
        pending: deque[Callable[[], Enrolment]] = deque()
        for path in paths:
            future = pool.submit(_read_and_measure, path, known, describer)
            pending.append(partial(_enter_measured, registry, future, wish, recognition))
            if len(pending) > threads:
                yield pending.popleft()
        yield from pending


def _enter_measured(
    registry: Registry, future: Future[tuple[Image, Measured | None]], wish: Wish, recognition: Recognition
) -> Enrolment:
    image, measured = future.result()
    return _enter(registry, image, wish, measured, recognition)


def _enter(
    registry: Registry, image: Image, wish: Wish, measured: Measured | None, recognition: Recognition
) -> Enrolment:
    """Register a picture as a new work, as a version of one, or as one that is known.

    A new work and its descriptors are kept together or not at all.
    """
    known = registry.find(sha256=image.sha256)
    for work, version in known:
        if version is None:
            return _known(registry, work, image, wish)
        if not wish.as_new:
            notes = (*_moved(registry, version, Path(image.name).resolve()), *_untitled(work, wish))
            return Enrolment(work, new=False, version=version.kind, notes=("known already", *notes))
    measured = measured or _measure(image, describers.chosen())
    found = None if wish.as_new else recognition.of(image, measured.fingerprints["pdq"], measured.preview)
    if found is not None:
        registry.add_version(found.work.id, _resolved(image), found.receipt)
        return Enrolment(found.work, new=False, version=found.kind, notes=(found.by, *_untitled(found.work, wish)))
    with registry.together():
        for version in filter(None, (version for _, version in known)):
            registry.change_store.change("version", version.id, DETACHED, "a work of its own")
        work, new = registry.add_work(
            _resolved(image),
            title=wish.title or Path(image.name).stem,
            fingerprints=measured.fingerprints,
            preview=measured.preview,
        )
        _describe(registry, work, image, measured.descriptors)
    recognition.learn(work.id, measured.fingerprints["pdq"])
    return Enrolment(work, new)


def _known(registry: Registry, work: Work, image: Image, wish: Wish) -> Enrolment:
    """Take a new title and a new place of a registered file, and say so."""
    _describe(registry, work, image, None)
    notes = []
    with registry.together():
        if wish.title is not None and registry.edit(work.id, title=wish.title):
            notes.append(f"its title was {work.title!r}")
        notes += _placed(registry, work, Path(image.name).resolve())
    if work.withdrawn:
        notes.append(f"it is withdrawn: `audit works restore {work.id}` brings it back")
    return Enrolment(registry.work(work.id), new=False, notes=tuple(notes))


def _placed(registry: Registry, work: Work, path: Path) -> list[str]:
    """Keep where else the file lies; where the first file is gone, this one takes its place."""
    if str(path) == work.path or not path.is_file():
        return []
    if not Path(work.path).is_file():
        registry.change_store.change("work", work.id, PATH, str(path))
        return [f"it lies here now, no longer at {work.path}"]
    if str(path) in registry.change_store.paths(work.id):
        return []
    registry.change_store.change("work", work.id, COPY, str(path))
    return [f"a copy of {work.path}"]


def _moved(registry: Registry, version: Version, path: Path) -> list[str]:
    """Keep where a version lies now, where its file is gone from where it lay."""
    if Path(version.path).is_file() or not path.is_file():
        return []
    registry.change_store.change("version", version.id, PATH, str(path))
    return [f"it lies here now, no longer at {version.path}"]


def _untitled(work: Work, wish: Wish) -> tuple[str, ...]:
    """Say that a title is not taken by a version."""
    if wish.title is None or wish.title == work.title:
        return ()
    return (f"the title {wish.title!r} was not taken: `audit works edit {work.id} --title` or --as-new would",)


def _resolved(image: Image) -> Image:
    return replace(image, name=str(Path(image.name).resolve()))


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
