"""The command `audit register`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artaudit.commands.common import AS_JSON, DB, PICTURES, counted, each, open_registry, print_json, say, sum_up
from artaudit.commands.keys import STAMP, stamp_and_tell
from artaudit.errors import ArtauditError, UsageError

if TYPE_CHECKING:  # registering loads more than `--help` may wait for
    from artaudit.auditor.register import Enrolment


@click.command()
@PICTURES
@click.option("--title", help="The title of the work [default: the file's name]; a registered work takes it, too.")
@click.option("--as-new", is_flag=True, help="Make works of their own of what would be versions of registered works.")
@STAMP
@AS_JSON
@DB
def register(
    pictures: tuple[Path, ...], title: str | None, *, as_new: bool, authorities: tuple[str, ...], as_json: bool
) -> int:
    """Add PICTURES to the works that checks compare with.

    PICTURES are files, folders (searched through) or quoted patterns. The registry keeps fingerprints, a thumbnail and
    the path, not the pictures. What is a cloaked, signed or resized version of a registered work, by its receipt, its
    digests or its look, is recorded as a version of that work.

    With --timestamp an authority states when it saw the log with the new works, so that their date is more than your
    word. One that cannot be reached is asked again by `audit db timestamp`.
    """
    from artaudit.auditor.register import Wish, register_all  # noqa: PLC0415 - heavy
    from artaudit.image.sources import gather  # noqa: PLC0415 - heavy

    if title is not None and not title.strip():
        raise UsageError("A title has at least one letter: name another --title.")
    sources, refused = gather(pictures), list[ArtauditError]()
    with open_registry(create=True) as registry:
        ahead = register_all([source.path for source in sources], registry, Wish(title, as_new))
        names = iter(source.path.name for source in sources)

        def entered(enter: Callable[[], Any]) -> dict[str, Any]:
            name = next(names)
            done = enter()
            if not as_json:
                say(_told(name, done))
            return {**asdict(done.work), "new": done.new, "version": done.version, "notes": done.notes}

        with counted("registering", ahead, len(sources)) as shown:
            works, code = each(shown, entered, refused)
        if any(work["new"] for work in works):
            stamp_and_tell(registry, authorities)
    if as_json:
        print_json(works)
    else:
        sum_up(len(works), len(sources), "registered", refused)
    return code


def _told(name: str, done: Enrolment) -> str:
    """Word what became of the picture called `name`."""
    notes = "; ".join(done.notes)
    if done.version:
        recorded = f"{name} is a {done.version} version of work {done.work.id}, {done.work.title}, and kept as that"
        return f"{recorded} ({notes}); --as-new makes a work of it"
    known = "registered" if done.new else "was registered already"
    return f"work {done.work.id}: {done.work.title} ({known}{f'; {notes}' if notes else ''})"
