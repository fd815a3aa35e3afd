"""The commands `audit db`: where the registry file lies, whether it is whole, a copy of it."""

from __future__ import annotations

from pathlib import Path

import click

from artaudit.commands.common import AS_JSON, DB, PATH, open_registry, print_json, registry_path
from artaudit.commands.keys import AUTHORITY, TRUST, trusted
from artaudit.errors import UsageError


@click.group()
def db() -> None:
    """Find, verify and back up the registry file."""


@db.command("path")
@DB
def db_path() -> None:
    """Print where the registry file lies."""
    click.echo(registry_path())


@db.command("verify")
@click.option("--seal", type=PATH, help="Compare the log with this file that `audit seal` wrote, too.")
@TRUST
@AUTHORITY
@AS_JSON
@DB
def db_verify(*, seal: Path | None, trust: Path | None, authority: Path | None, as_json: bool) -> int:
    """Check that the registry is whole and agrees with its log.

    The log is a chain of digests, so that a row that was changed, added or cut out shows. Exit code 1 says that
    something is broken.

    With --trust the seal must be signed by somebody whom those certificates vouch for, with --authority timestamped
    likewise.
    """
    if seal is None and (trust or authority):
        raise UsageError("--trust and --authority are about a seal: name it with --seal.")
    with open_registry() as registry:
        problems = registry.verify()
        if seal is not None:
            from artaudit.auditor.seal import broken_seal  # noqa: PLC0415 - heavy

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
    """Copy the registry to TARGET, even while it is in use."""
    with open_registry() as registry:
        registry.backup(target)
    click.echo(f"{target} is a whole copy")
