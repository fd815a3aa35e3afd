"""The commands that keep house: works, the registry file, completion; and the group of those about models."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from artaudit.doors.common import AS_JSON, DB, PATH, open_registry, print_json, registry_path
from artaudit.doors.keykeeping import AUTHORITY, TRUST, trusted
from artaudit.doors.modelkeeping import models
from artaudit.errors import UsageError


@click.group()
def works() -> None:
    """List, withdraw and restore registered works."""


@works.command("list")
@click.option("--withdrawn", is_flag=True, help="Show withdrawn works too.")
@AS_JSON
@DB
def list_works(*, withdrawn: bool, as_json: bool) -> None:
    """List the works that checks compare with."""
    with open_registry() as registry:
        found = registry.works(withdrawn=withdrawn)
    if as_json:
        print_json([asdict(work) for work in found])
        return
    for work in found:
        state = "  withdrawn" if work.withdrawn else ""
        click.echo(f"{work.id}  {work.title}  {work.width} x {work.height} {work.format}  {work.path}{state}")


@works.command()
@click.argument("work", type=int)
@click.option("--reason", default="", help="Why; kept in the log.")
@DB
def withdraw(work: int, reason: str) -> None:
    """Leave WORK out of checks from now on; nothing is erased."""
    with open_registry() as registry:
        registry.withdraw(work, reason)
    click.echo(f"work {work} is withdrawn: `audit works restore {work}` brings it back")


@works.command()
@click.argument("work", type=int)
@click.option("--reason", default="", help="Why; kept in the log.")
@DB
def restore(work: int, reason: str) -> None:
    """Compare checks with WORK again."""
    with open_registry() as registry:
        registry.restore(work, reason)
    click.echo(f"work {work} is back")


@works.command()
@click.argument("work", type=int)
@click.option("-o", "--output", type=PATH, required=True, help="The file to write, best named .c2pa.")
@DB
def credential(work: int, output: Path) -> None:
    """Write the content credential (C2PA) that WORK was last signed with, as its copies lose it."""
    from artaudit.image import write_atomically  # noqa: PLC0415 - heavy

    if output.exists():
        raise UsageError(f"{output} exists and nothing is overwritten: choose another -o.")
    with open_registry() as registry:
        manifests = registry.manifests(registry.work(work).id)
    if not manifests:
        raise UsageError(f"Work {work} was never signed here: sign its picture with `audit sign`.")
    write_atomically(output, manifests[-1].data)
    click.echo(f"{output}  signed {manifests[-1].at[:19]} by {manifests[-1].by}")


@click.group()
def db() -> None:
    """Find, verify and back up the registry file."""


@db.command("path")
@DB
def db_path() -> None:
    """Print where the registry lies."""
    click.echo(registry_path())


@db.command("verify")
@click.option("--seal", type=PATH, help="Compare the log with what `audit seal` wrote, too.")
@TRUST
@AUTHORITY
@AS_JSON
@DB
def db_verify(*, seal: Path | None, trust: Path | None, authority: Path | None, as_json: bool) -> int:
    """Check the file, its log's chain and that every row agrees with the log; exit code 1 when anything is broken.

    With --trust the seal must be signed by somebody those roots vouch for, with --authority timestamped likewise.
    """
    if seal is None and (trust or authority):
        raise UsageError("--trust and --authority are about a seal: name it with --seal.")
    with open_registry() as registry:
        problems = registry.verify()
        if seal is not None:
            from artaudit.auditor.sealing import broken_seal  # noqa: PLC0415 - heavy

            problems += broken_seal(seal, registry, trusted(trust, authority))
    if as_json:
        print_json({"intact": not problems, "problems": problems})
    else:
        click.echo("\n".join(problems) or "intact")
    return int(bool(problems))


@db.command("backup")
@click.argument("target", type=PATH)
@DB
def db_backup(target: Path) -> None:
    """Copy the registry to TARGET while it may be in use."""
    with open_registry() as registry:
        registry.backup(target)
    click.echo(f"{target} is a whole copy")


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes SHELL complete `audit`."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - where it is used

    found: Any = get_completion_class(shell)
    root = click.get_current_context().find_root().command
    click.echo(found(root, {}, "audit", "_AUDIT_COMPLETE").source())


GROUPS: tuple[click.Command, ...] = (models, works, db, completion)
