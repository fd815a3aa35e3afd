"""The command `audit register`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from artaudit.commands.common import AS_JSON, DB, PICTURES, counted, each, open_registry, print_json, say
from artaudit.commands.keys import STAMP, stamp_and_tell


@click.command()
@PICTURES
@click.option("--title", help="The title of the work [default: the file's name].")
@STAMP
@AS_JSON
@DB
def register(pictures: tuple[Path, ...], title: str | None, *, authorities: tuple[str, ...], as_json: bool) -> int:
    """Add PICTURES to the works that checks compare with.

    PICTURES are files, folders (searched through) or quoted patterns. The registry keeps fingerprints, a thumbnail and
    the path, not the pictures.

    With --timestamp an authority states when it saw the log with the new works, so that their date is more than your
    word. One that cannot be reached is asked again by `audit db timestamp`.
    """
    from artaudit.auditor.register import register_all  # noqa: PLC0415 - heavy
    from artaudit.image.sources import gather  # noqa: PLC0415 - heavy

    sources = gather(pictures)
    with open_registry() as registry:
        ahead = register_all([source.path for source in sources], registry, title)

        def entered(enter: Callable[[], tuple[Any, bool]]) -> dict[str, Any]:
            work, new = enter()
            if not as_json:
                say(f"work {work.id}: {work.title} ({'registered' if new else 'was registered already'})")
            return {**asdict(work), "new": new}

        with counted("registering", ahead, len(sources)) as shown:
            works, code = each(shown, entered)
        if any(work["new"] for work in works):
            stamp_and_tell(registry, authorities)
    if as_json:
        print_json(works)
    return code
