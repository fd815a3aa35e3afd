"""The command `audit optout`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artaudit.commands.common import AS_JSON, DB, PATH, open_registry, print_json, say
from artaudit.errors import UsageError

if TYPE_CHECKING:  # reading pictures loads more than `--help` may wait for
    from artaudit.auditor.reservation.site import Reserved

SERVERS = ("nginx", "apache", "caddy", "netlify", "html")
_NAMED = 10


@click.command()
@click.argument("folder", metavar="[SITE-FOLDER]", type=PATH, required=False)
@click.option("--site", default="", metavar="URL", help="The address of the site; kept in the log.")
@click.option("--policy", default="", metavar="URL", help="The address of a page with your terms, for tdmrep.json.")
@click.option("--extend", is_flag=True, help="Add the lines to files that are there already; their own lines stay.")
@click.option("--headers", type=click.Choice(SERVERS), help="Print the lines for this server, and do nothing else.")
@click.option("--declared", "listed", is_flag=True, help="List what was declared when, and do nothing else.")
@AS_JSON
@DB
def optout(
    folder: Path | None, *, site: str, policy: str, extend: bool, headers: str | None, listed: bool, as_json: bool
) -> None:
    """Say on your site that nothing there is for training.

    Into SITE-FOLDER go robots.txt for the crawlers that are known to gather training data, .well-known/tdmrep.json (TDM
    Reservation Protocol) and ai.txt; files that are there already stay as they are without --extend. Pictures are only
    looked at: those without the marks that `audit sign` writes are named. What was declared is kept in the log, with
    every text and digest.

    It binds those who heed it, and is evidence against those who do not, once the files are on the site.
    """
    if headers is not None:
        from artaudit.auditor.reservation.texts import HEADERS  # noqa: PLC0415 - heavy

        click.echo(HEADERS[headers])
        return
    if listed:
        _list_declared(as_json=as_json)
        return
    if folder is None:
        raise UsageError("There is no site: name its folder, or use --headers or --declared.")
    from artaudit.auditor.reservation.site import reserve  # noqa: PLC0415 - heavy

    for name, address in (("--site", site), ("--policy", policy)):
        if address and not address.startswith(("https://", "http://")):
            raise UsageError(f"{name} {address} is no address: it begins with https://.")
    with open_registry(create=True) as registry:
        done = reserve(folder, registry, site=site, policy=policy, extend=extend)
    if as_json:
        print_json({**asdict(done), "unmarked": [marks.path for marks in done.pictures if not marks.marked]})
    else:
        say("\n".join(_told(folder, done)))


def _list_declared(*, as_json: bool) -> None:
    with open_registry() as registry:
        declarations = registry.declaration_store.all()
    if as_json:
        print_json([asdict(declaration) for declaration in declarations])
        return
    for declaration in declarations:
        content: dict[str, Any] = declaration.content
        reserving = [file["name"] for file in content["files"] if file["state"] != "left alone"]
        click.echo(
            f"{declaration.id:>4}  {declaration.at[:19]}  {declaration.by}  {content['site'] or content['folder']}"
        )
        click.echo(f"      {', '.join(reserving) or 'no file'}; {_pictures(len(content['pictures']))}")
    if not declarations:
        click.echo("Nothing was declared yet: `audit optout SITE-FOLDER` does.")


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count} pictures"


def _told(folder: Path, done: Reserved) -> Iterator[str]:
    """Word what was written and what the pictures lack."""
    for file in done.files:
        hint = "; --extend adds the lines" if not file.reserves else ""
        yield f"{folder / file.name}  {file.state}{hint}"
    unread = [marks for marks in done.pictures if marks.problem]
    lacking = [marks for marks in done.pictures if not marks.marked and not marks.problem]
    if lacking:
        yield f"{len(lacking)} of {_pictures(len(done.pictures))} without a word on training; `audit sign` adds it:"
        yield from (f"  {marks.path}" for marks in lacking[:_NAMED])
        if len(lacking) > _NAMED:
            yield f"  and {len(lacking) - _NAMED} more, with --json"
    elif done.pictures and not unread:
        yield f"{_pictures(len(done.pictures))}, and every one refuses training."
    yield from (f"  cannot tell: {marks.problem}" for marks in unread)
    yield f"Kept as declaration {done.number} in the log; it counts once the files are on the site."
    yield "Headers say the same with every answer: --headers nginx, apache, caddy, netlify or html."
