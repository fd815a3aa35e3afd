"""The commands `audit db`: where the registry file lies, whether it is whole, a copy of it, what is left of it."""

from __future__ import annotations

from pathlib import Path

import click

from artaudit.commands.common import AS_JSON, DB, PATH, open_registry, print_json, registry_path
from artaudit.commands.keys import AUTHORITY, STAMP, TRUST, stamp_and_tell, trusted
from artaudit.commands.words import Group
from artaudit.errors import UsageError


@click.group(cls=Group)
def db() -> None:
    """Find, verify, back up and recover the registry file."""


@db.command("path")
@DB
def db_path() -> None:
    """Print where the registry file lies."""
    click.echo(registry_path())


@db.command("verify")
@click.option("--seal", type=PATH, help="Compare the log with this file that `audit seal` wrote, too.")
@click.option(
    "--package",
    "packages",
    multiple=True,
    type=PATH,
    metavar="PACKAGE",
    help="Compare the log with that of this package that `audit report` wrote, too; may be repeated.",
)
@TRUST
@AUTHORITY
@AS_JSON
@DB
def db_verify(
    *, seal: Path | None, packages: tuple[Path, ...], trust: Path | None, authority: Path | None, as_json: bool
) -> int:
    """Check that the registry is whole and agrees with its log.

    The log is a chain of digests, so that a row that was changed, added or cut out shows, and times that run backwards
    or are still to come. Whoever holds the file can write a whole new chain: a seal or a package that was handed out
    before shows that. Exit code 1 says that something is broken.

    With --trust seal and packages must be signed by somebody whom those certificates vouch for, with --authority
    timestamped likewise.
    """
    if seal is None and not packages and (trust or authority):
        raise UsageError("--trust and --authority are about a seal or package: name it with --seal or --package.")
    with open_registry() as registry:
        from artaudit.auditor.stamping import broken_stamps  # noqa: PLC0415 - heavy

        problems = registry.verify()
        problems += broken_stamps(registry) if not problems else []
        if seal is not None or packages:
            from artaudit.auditor.seal import broken_anchor, broken_seal  # noqa: PLC0415 - heavy

            roots = trusted(trust, authority)
            problems += broken_seal(seal, registry, roots) if seal is not None else []
            problems += [problem for package in packages for problem in broken_anchor(package, registry, roots)]
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


@db.command("recover")
@click.argument("target", type=PATH)
@AS_JSON
@DB
def db_recover(target: Path, *, as_json: bool) -> int:
    """Write what can be proved of a damaged registry to TARGET.

    The damaged file stays as it is. A row is taken over where an event of the log proves it by its digest, whatever is
    damaged around both. TARGET.lost.txt lists what could not be proved; exit code 1 says that there is such a list.
    """
    from artaudit.auditor.registry.owner import who  # noqa: PLC0415 - heavy
    from artaudit.auditor.registry.recovery import recover  # noqa: PLC0415 - heavy

    path = registry_path()
    if not path.exists():
        raise UsageError(f"There is no registry at {path}: name another with --db.")
    done = recover(path, target, who())
    if as_json:
        print_json(done.as_dict())
    else:
        counts = ", ".join(f"{count} {table}" for table, count in done.proved.items()) or "nothing else"
        click.echo(f"{target} holds what could be proved: {done.events} events of the log, {counts}")
        if done.lost:
            click.echo(f"{len(done.lost)} things could not be: {target}.lost.txt lists them", err=True)
    return int(bool(done.lost))


@db.command("timestamp")
@STAMP
@AS_JSON
@DB
def db_timestamp(*, authorities: tuple[str, ...], as_json: bool) -> int:
    """Let an authority state when it saw the log.

    Only a digest of the log is sent. Without --timestamp those are asked again that did not answer before. The
    timestamps lie in the registry; packages carry those that cover their works. Exit code 1 says that one did not
    answer.
    """
    with open_registry() as registry:
        asked = authorities or tuple(registry.stamp_store.waiting())
        if not asked:
            raise UsageError("No authority is waited for: name one with --timestamp.")
        done = stamp_and_tell(registry, asked)
    if as_json:
        print_json(done)
    return int(any(not answer["at"] for answer in done))
