"""The commands that show works: `audit works list`, `show` and `history`."""

from __future__ import annotations

import csv
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from artaudit.commands.common import AS_JSON, DB, open_registry, print_json, say
from artaudit.commands.thumbnails import drawn
from artaudit.errors import UsageError
from artaudit.spreadsheets import guarded

ORDERS = {"number": "id", "title": "title", "date": "registered_at", "year": "year", "path": "path"}
COLUMNS = (
    *("id", "title", "year", "tags", "note", "registered_at", "width", "height", "format", "path", "there"),
    *("versions", "credential", "withdrawn", "sha256", "pixels_sha256"),
)
_TITLE = 24


@click.command("list")
@click.argument("text", metavar="[TITLE]", default="")
@click.option("--withdrawn", is_flag=True, help="List withdrawn works, too.")
@click.option("--sort", type=click.Choice(list(ORDERS)), default="number", show_default=True, help="In which order.")
@click.option("--reverse", is_flag=True, help="The last one first.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a table for spreadsheets, a line for each work.")
@click.option("--no-thumbnails", is_flag=True, help="Draw no small pictures, even where the terminal could.")
@AS_JSON
@DB
def list_works(
    text: str, *, withdrawn: bool, sort: str, reverse: bool, as_csv: bool, no_thumbnails: bool, as_json: bool
) -> None:
    """List the works that checks compare with.

    With TITLE only those whose title holds it. A line says number, title, day of registration and where the original
    lies; below it stand its versions and its content credential.
    """
    if as_csv and as_json:
        raise UsageError("--csv and --json are two forms of the same list: choose one.")
    from artaudit.auditor.places import described  # noqa: PLC0415 - heavy

    with open_registry() as registry:
        found = [work for work in registry.works(withdrawn=withdrawn) if text.casefold() in work.title.casefold()]
        found.sort(key=lambda work: _key(getattr(work, ORDERS[sort])), reverse=reverse)
        rows = [described(work, registry) for work in found]
        pictures = [] if no_thumbnails else [drawn(registry.preview(work.id)) for work in found if sys.stdout.isatty()]
        empty = not registry.works(withdrawn=True)
    if as_json:
        print_json(rows)
    elif as_csv:
        _print_csv(rows)
    elif not rows:
        click.echo(_none(text, empty=empty))
    else:
        for number, row in enumerate(rows):
            click.echo("\n".join((*filter(None, pictures[number : number + 1]), *_lines(row))))


@click.command()
@click.argument("name", metavar="WORK")
@AS_JSON
@DB
def show(name: str, *, as_json: bool) -> None:
    """Show all that is known of WORK and of its files.

    Files are read, to say whether they are still what they were.
    """
    from artaudit.auditor.places import described, state_of  # noqa: PLC0415 - heavy

    with open_registry() as registry:
        work = registry.named(name)
        row = described(work, registry) | {"places": registry.change_store.paths(work.id)}
    row["state"] = state_of(work.path, work.sha256)
    for version in row["versions"]:
        version["state"] = state_of(version["path"], version["sha256"])
    if as_json:
        print_json(row)
        return
    for label, value in _facts(row):
        click.echo(f"{label:>11}  {value}")


@click.command()
@click.argument("name", metavar="WORK")
@AS_JSON
@DB
def history(name: str, *, as_json: bool) -> None:
    """Show who did what to WORK, and when."""
    with open_registry() as registry:
        lines = registry.history(registry.named(name).id)
    if as_json:
        print_json([asdict(line) for line in lines])
        return
    for line in lines:
        say(f"{line.event:>5}  {line.at[:19]}  {line.by}: {line.what}")


def _key(value: Any) -> Any:  # noqa: ANN401 - a number or a text
    return value.casefold() if isinstance(value, str) else value


def _none(text: str, *, empty: bool) -> str:
    if empty:
        return "The portfolio is empty: `audit register PICTURE` adds a work."
    return f"No title holds {text!r}." if text else "Every work is withdrawn: --withdrawn lists them."


def _lines(row: dict[str, Any]) -> Iterator[str]:
    """Word one work for a list: a line, and below it its versions and its credential."""
    state = "  (withdrawn)" if row["withdrawn"] else ""
    yield f"{row['id']:>4}  {_padded(row['title'])}  {row['registered_at'][:10]}  {_place(row)}{state}"
    for version in row["versions"]:
        yield f"      {version['kind']}: {_place(version)}"
    if row["credential"]:
        yield f"      signed {row['credential']['at'][:10]} by {row['credential']['by']}"


def _padded(title: str) -> str:
    """Return a title cut or filled to the width of its column; a Japanese letter is as wide as two others."""
    if _width(title) > _TITLE:
        while _width(title) >= _TITLE:
            title = title[:-1]
        title += "…"
    return title + " " * (_TITLE - _width(title))


def _width(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text)


def _place(row: dict[str, Any]) -> str:
    """Return a path as short as it can be said, and whether its file is gone."""
    path = Path(row["path"])
    for base, before in ((Path.cwd(), ""), (Path.home(), "~/")):
        if path.is_relative_to(base):
            path = Path(f"{before}{path.relative_to(base)}")
            break
    return str(path) if row["there"] else f"{path} (gone)"


def _facts(row: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield what is known of a work, each with its label."""
    yield "work", row["id"]
    for name in ("title", "year", "note"):
        if row[name]:
            yield name, row[name]
    if row["tags"]:
        yield "tags", ", ".join(row["tags"])
    yield "picture", f"{row['width']} x {row['height']} {row['format']}"
    yield "registered", row["registered_at"][:19]
    if row["withdrawn"]:
        yield "withdrawn", f"left out of checks; `audit works restore {row['id']}` brings it back"
    yield "original", f"{row['path']} ({row['state']})"
    for place in row["places"]:
        if place != row["path"]:
            yield "seen at", place
    for version in row["versions"]:
        yield version["kind"], f"{version['path']} ({version['state']})"
    if row["credential"]:
        yield "credential", f"signed {row['credential']['at'][:19]} by {row['credential']['by']}"
    yield "sha256", row["sha256"]
    yield "of pixels", row["pixels_sha256"]


def _print_csv(rows: list[dict[str, Any]]) -> None:
    table = csv.DictWriter(sys.stdout, COLUMNS, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(guarded(as_line(row)) for row in rows)


def as_line(row: dict[str, Any]) -> dict[str, Any]:
    """Return a described work as the values of one line of a table."""
    credential = row["credential"]
    return {
        **row,
        "tags": ", ".join(row["tags"]),
        "versions": "; ".join(f"{version['kind']}: {version['path']}" for version in row["versions"]),
        "credential": f"{credential['at'][:19]} by {credential['by']}" if credential else "",
    }
