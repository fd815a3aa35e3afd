"""The commands that change what is said of works: `audit works edit`, `move` and `relocate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artaudit.commands.common import AS_JSON, DB, PATH, open_registry, print_json
from artaudit.errors import UsageError

if TYPE_CHECKING:  # the registry loads more than `--help` may wait for
    from artaudit.auditor import places


@click.command()
@click.argument("name", metavar="WORK")
@click.option("--title", help="How it is called from now on.")
@click.option("--note", help="A remark; an empty one removes it.")
@click.option("--year", help="When it was made, as 1890 or 1890-1893; an empty one removes it.")
@click.option("--tags", help="Words to find it by, with commas between; empty ones are removed.")
@AS_JSON
@DB
def edit(name: str, *, as_json: bool, **said: str | None) -> None:
    """Say of WORK another title, a note, a year or tags.

    What was said before stays in the log; `audit works history` shows it.
    """
    wanted = {field: " ".join(value.split()) for field, value in said.items() if value is not None}
    if not wanted:
        raise UsageError("There is nothing to change: use --title, --note, --year or --tags.")
    if "tags" in wanted:
        tags = dict.fromkeys(tag.strip() for tag in wanted["tags"].split(","))
        wanted["tags"] = ", ".join(filter(None, tags))
    if wanted.get("title") == "":
        raise UsageError("A title has at least one letter: name another --title.")
    with open_registry() as registry:
        work = registry.named(name)
        changed = registry.edit(work.id, **wanted)
    if as_json:
        changes = {field: {"before": before, "now": now} for field, (before, now) in changed.items()}
        print_json({"work": work.id, "changed": changes})
        return
    for field, (before, now) in changed.items():
        click.echo(f"work {work.id}: {field} {now!r}, before {before!r}")
    if not changed:
        click.echo(f"work {work.id} says that already")


@click.command()
@click.argument("name", metavar="WORK")
@click.argument("path", type=PATH)
@AS_JSON
@DB
def move(name: str, path: Path, *, as_json: bool) -> None:
    """Record that the file of WORK lies at PATH now.

    No file is moved. PATH is the file, or the folder that it was moved to, and must be the very file that was
    registered.
    """
    from artaudit.auditor import places  # noqa: PLC0415 - heavy

    with open_registry() as registry:
        work = registry.named(name)
        now = places.move(work, path, registry)
    if as_json:
        print_json({"work": work.id, "before": work.path, "now": now})
    else:
        click.echo(f"work {work.id}, {work.title}, lies at {now}")


@click.command()
@click.argument("folder", type=PATH)
@AS_JSON
@DB
def relocate(folder: Path, *, as_json: bool) -> None:
    """Find files in FOLDER that are gone from where they lay.

    Originals and versions are told by their digests, whatever they are called now; no file is moved.
    """
    from artaudit.auditor import places  # noqa: PLC0415 - heavy

    with open_registry() as registry:
        found, gone = places.relocate(folder, registry)
    if as_json:
        print_json({name: [_row(file) for file in files] for name, files in (("found", found), ("gone", gone))})
        return
    for file in found:
        click.echo(f"work {file.work.id}, {file.work.title}, {file.kind}: {file.path}")
    for file in gone:
        click.echo(
            f"work {file.work.id}, {file.work.title}, {file.kind}: not here, and gone from {file.path}", err=True
        )
    if not found and not gone:
        click.echo("Every file lies where the registry says.")


def _row(file: places.KeptFile) -> dict[str, object]:
    return {"work": file.work.id, "title": file.work.title, "kind": file.kind, "path": file.path}
