"""The task of registering pictures: those of a folder of this machine, or files that came in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from artaudit.auditor.register import Wish, register_all
from artaudit.auditor.registry import Registry
from artaudit.errors import ArtauditError
from artaudit.image.sources import gather
from artaudit.web.tasks.context import Context

_REFUSED = 100
"""Most refusals that are kept."""


def register(context: Context) -> dict[str, Any]:
    """Register the pictures of a folder, or files that came in, and count what became of them.

    What is registered already is known again, so that the task can be stopped and begun anew at any place.
    """
    counts, refused = {"new": 0, "versions": 0, "known": 0}, list[str]()
    named = [(Path(place), None) for place in context.job.spec.get("places", [])]
    sources = [(source.path, None) for source in gather([place for place, _ in named])] if named else []
    kept = context.job.spec.get("files", [])
    entries = [*sources, *((context.depot.file(file), Path(context.depot.name(file)).stem) for file in kept)]
    with context.registry() as registry:
        for number, (name, outcome) in enumerate(_entered(entries, registry)):
            context.tell(number, len(entries), name)
            if isinstance(outcome, ArtauditError):
                refused.append(str(outcome))
            else:
                counts[outcome] += 1
            context.show(**counts, refused=refused[:_REFUSED], of=len(entries))
    context.tell(len(entries), len(entries), "")
    return {**counts, "refused": refused[:_REFUSED], "of": len(entries)}


def _entered(entries: list[tuple[Path, str | None]], registry: Registry) -> Iterator[tuple[str, str | ArtauditError]]:
    """Register pictures in turn, each with a title where it is a new work; yield its name and what became of it."""
    titled = [(path, title) for path, title in entries if title is not None]
    plain = [path for path, title in entries if title is None]
    ahead = [(path, iter(register_all([path], registry, Wish(title)))) for path, title in titled]
    for path, one in ahead:
        for enter in one:
            yield path.name, _outcome(enter)
    for path, enter in zip(plain, register_all(plain, registry), strict=True):
        yield path.name, _outcome(enter)


def _outcome(enter: Any) -> str | ArtauditError:  # noqa: ANN401 - a function of register_all
    try:
        done = enter()
    except ArtauditError as error:
        return error
    return "new" if done.new else "versions" if done.version else "known"
