"""The commands `audit works`: what is registered, and what of it checks leave out."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from artaudit.commands.common import AS_JSON, DB, PATH, open_registry, print_json
from artaudit.errors import UsageError


@click.group()
def works() -> None:
    """List the registered works, and withdraw or restore them."""


@works.command("list")
@click.option("--withdrawn", is_flag=True, help="List withdrawn works, too.")
@AS_JSON
@DB
def list_works(*, withdrawn: bool, as_json: bool) -> None:
    """List the works that checks compare with."""
    with open_registry() as registry:
        found = registry.works(withdrawn=withdrawn)
    if as_json:
        print_json([asdict(work) for work in found])
        return
    if not found:
        click.echo("The portfolio is empty: add works with `audit register`.", err=True)
    for work in found:
        state = "  withdrawn" if work.withdrawn else ""
        click.echo(f"{work.id}  {work.title}  {work.width} x {work.height} {work.format}  {work.path}{state}")


@works.command()
@click.argument("work", type=int)
@click.option("--reason", default="", help="Why; kept in the log.")
@DB
def withdraw(work: int, reason: str) -> None:
    """Leave WORK out of checks from now on; nothing is deleted.

    WORK is the number that `audit works list` shows.
    """
    with open_registry() as registry:
        registry.withdraw(work, reason)
    click.echo(f"work {work} is withdrawn: `audit works restore {work}` brings it back")


@works.command()
@click.argument("work", type=int)
@click.option("--reason", default="", help="Why; kept in the log.")
@DB
def restore(work: int, reason: str) -> None:
    """Take a withdrawn WORK into checks again.

    WORK is the number that `audit works list --withdrawn` shows.
    """
    with open_registry() as registry:
        registry.restore(work, reason)
    click.echo(f"work {work} is back")


@works.command()
@click.argument("work", type=int)
@click.option("-o", "--output", type=PATH, required=True, help="The file to write; its name usually ends in .c2pa.")
@DB
def credential(work: int, output: Path) -> None:
    """Write the content credential that WORK was last signed with.

    The credential (C2PA) is the one that `audit sign` put into the file and that a copy may have lost. WORK is the
    number that `audit works list` shows.
    """
    from artaudit.image import write_atomically  # noqa: PLC0415 - heavy
    from artaudit.image.writing import ensure_new  # noqa: PLC0415 - heavy

    ensure_new(output, "choose another -o")
    with open_registry() as registry:
        manifests = registry.manifests(registry.work(work).id)
    if not manifests:
        raise UsageError(f"Work {work} was never signed here: sign its picture with `audit sign`.")
    write_atomically(output, manifests[-1].data)
    click.echo(f"{output}  signed {manifests[-1].at[:19]} by {manifests[-1].by}")
