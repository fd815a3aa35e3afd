"""The commands that carry a portfolio to another computer: `audit works export` and `import`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from artaudit.commands.common import AS_JSON, DB, PATH, open_registry, print_json


@click.command()
@click.argument("folder", type=PATH)
@click.option(
    "--thumbnails", is_flag=True, help="Write the small pictures alone, without originals and files of versions."
)
@AS_JSON
@DB
def export(folder: Path, *, thumbnails: bool, as_json: bool) -> None:
    """Write the portfolio into FOLDER, to carry it elsewhere.

    FOLDER must be new. It gets portfolio.csv for people, portfolio.json with every digest for `audit works import`, and
    a folder for each work: its original, its versions, their receipts and content credentials. Cases stay here:
    `audit report` and `audit db backup` carry those.
    """
    from artaudit.auditor.portfolio.exporting import ORIGINAL  # noqa: PLC0415 - heavy
    from artaudit.auditor.portfolio.exporting import export as written  # noqa: PLC0415 - heavy

    with open_registry() as registry:
        record = written(folder, registry, originals=not thumbnails)
    if as_json:
        print_json({"folder": str(folder), **record})
        return
    missing = [work for work in record["works"] if ORIGINAL not in work["files"]]
    click.echo(f"{folder}: {len(record['works'])} works, {len(record['works']) - len(missing)} with their originals")
    for work in () if thumbnails else missing:
        title = work["said"]["title"]["value"]
        click.echo(f"work {work['id']}, {title}: its file is gone, only its small picture was written", err=True)


@click.command("import")
@click.argument("folder", type=PATH)
@AS_JSON
@DB
def import_works(folder: Path, *, as_json: bool) -> None:
    """Take over the portfolio that was exported into FOLDER.

    Every file must have the digest that FOLDER names; else nothing is taken over. Of works that are known here, what
    was said of them later than here is taken. The log says that and when a work was imported.
    """
    from artaudit.auditor.portfolio.importing import import_portfolio  # noqa: PLC0415 - heavy

    with open_registry(create=True) as registry:
        done = import_portfolio(folder, registry)
    if as_json:
        print_json([{**asdict(taken.work), "new": taken.new, "notes": taken.notes} for taken in done])
        return
    for taken in done:
        state = "imported" if taken.new else "was here already"
        click.echo(f"work {taken.work.id}: {taken.work.title} ({'; '.join((state, *taken.notes))})")
    if not done:
        click.echo(f"{folder} holds no works.")
