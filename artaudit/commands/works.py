"""The commands `audit works`: what is registered, what is said of it, where it lies, and what checks leave out."""

from __future__ import annotations

from pathlib import Path

import click

from artaudit.commands.common import AS_JSON, DB, PATH, open_registry, print_json
from artaudit.commands.words import Group
from artaudit.commands.works_changes import edit, move, relocate
from artaudit.commands.works_list import history, list_works, show
from artaudit.commands.works_transfer import export, import_works
from artaudit.errors import UsageError

WORK = click.argument("name", metavar="WORK")


@click.group(cls=Group)
def works() -> None:
    """List the works, change what is said of them, carry them.

    A WORK is named by its number or its title. Nothing is overwritten: every change is one more line of the log, which
    `audit works history` shows, and is undone by another.
    """


@works.command()
@WORK
@click.option("--reason", default="", help="Why; kept in the log.")
@AS_JSON
@DB
def withdraw(name: str, reason: str, *, as_json: bool) -> None:
    """Leave WORK out of checks from now on; nothing is deleted."""
    with open_registry() as registry:
        work = registry.named(name)
        if not work.withdrawn:
            registry.withdraw(work.id, reason)
    if as_json:
        print_json({"work": work.id, "withdrawn": True})
    else:
        click.echo(f"work {work.id}, {work.title}, is withdrawn: `audit works restore {work.id}` brings it back")


@works.command()
@WORK
@click.option("--reason", default="", help="Why; kept in the log.")
@AS_JSON
@DB
def restore(name: str, reason: str, *, as_json: bool) -> None:
    """Take a withdrawn WORK into checks again."""
    with open_registry() as registry:
        work = registry.named(name)
        if work.withdrawn:
            registry.restore(work.id, reason)
    if as_json:
        print_json({"work": work.id, "withdrawn": False})
    else:
        click.echo(f"work {work.id}, {work.title}, is back")


@works.command()
@WORK
@click.option("-o", "--output", type=PATH, required=True, help="The file to write; its name usually ends in .c2pa.")
@DB
def credential(name: str, output: Path) -> None:
    """Write the content credential that WORK was last signed with.

    The credential (C2PA) is the one that `audit sign` put into the file and that a copy may have lost.
    """
    from artaudit.image import write_atomically  # noqa: PLC0415 - heavy
    from artaudit.image.writing import ensure_new  # noqa: PLC0415 - heavy

    ensure_new(output, "choose another -o")
    with open_registry() as registry:
        work = registry.named(name)
        manifests = registry.manifests(work.id)
    if not manifests:
        raise UsageError(f"Work {work.id} was never signed here: sign its picture with `audit sign`.")
    write_atomically(output, manifests[-1].data)
    click.echo(f"{output}  signed {manifests[-1].at[:19]} by {manifests[-1].by}")


for _command in (list_works, show, edit, move, relocate, history, export, import_works):
    works.add_command(_command)
