"""The command `audit register`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from artaudit.commands.common import AS_JSON, DB, PICTURES, counted, each, open_registry, print_json, say, sum_up
from artaudit.errors import ArtauditError


@click.command()
@PICTURES
@click.option("--title", help="The title of the work [default: the file's name].")
@AS_JSON
@DB
def register(pictures: tuple[Path, ...], title: str | None, *, as_json: bool) -> int:
    """Add PICTURES to the works that checks compare with.

    PICTURES are files, folders (searched through) or quoted patterns. The registry keeps fingerprints, a thumbnail and
    the path, not the pictures.
    """
    from artaudit.auditor.register import register_all  # noqa: PLC0415 - heavy
    from artaudit.image.sources import gather  # noqa: PLC0415 - heavy

    sources, refused = gather(pictures), list[ArtauditError]()
    with open_registry(create=True) as registry:
        ahead = register_all([source.path for source in sources], registry, title)

        def entered(enter: Callable[[], tuple[Any, bool]]) -> dict[str, Any]:
            work, new = enter()
            if not as_json:
                say(f"work {work.id}: {work.title} ({'registered' if new else 'was registered already'})")
            return {**asdict(work), "new": new}

        with counted("registering", ahead, len(sources)) as shown:
            works, code = each(shown, entered, refused)
    if as_json:
        print_json(works)
    else:
        sum_up(len(works), len(sources), "registered", refused)
    return code
