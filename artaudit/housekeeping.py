"""The commands that keep house: models, works, the registry file, completion."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from artaudit import catalog
from artaudit.commands import AS_JSON, DB, PATH, each, open_registry, print_json, registry_path


@click.group()
def models() -> None:
    """Manage the models that cloaks are made against and measured on."""


@models.command("list")
@AS_JSON
def list_models(*, as_json: bool) -> None:
    """List installed and embedded models."""
    from artaudit.generators import pool  # noqa: PLC0415 - heavy

    own, shipped = pool.installed(pool.models_folder()), pool.embedded()
    if as_json:
        print_json([{**asdict(r), "folder": str(r.folder), "embedded": r in shipped} for r in (*own, *shipped)])
        return
    for record in (*own, *shipped):
        place = "embedded" if record in shipped else str(record.folder)
        halves = "encoder and decoder" if len(record.files) > 1 else "encoder"
        click.echo(f"{record.name}  {record.family}  {halves}  {record.use}  {record.licence}  {place}")
    if not own:
        click.echo(f"No model is installed in {pool.models_folder()}: add one with `audit models add`.", err=True)


@models.command("add")
@click.argument("name")
@click.argument("encoder", type=PATH)
@click.argument("decoder", type=PATH, required=False)
@click.option("--kind", type=click.Choice(list(catalog.MODELS)), required=True, help="What reads the files.")
@click.option("--family", required=True, help='The latent space, like "SD 1.x" or "FLUX.2".')
@click.option("--licence", default="not stated", show_default=True)
@click.option("--hold-out", is_flag=True, help="Only ever measure on this model, never cloak against it.")
def add_model(name: str, encoder: Path, decoder: Path | None, *, kind: str, hold_out: bool, **about: str) -> None:
    """Install the model NAME from safetensors files: copied, digests pinned, opened once as proof."""
    from artaudit.auditor.models import open_model  # noqa: PLC0415 - heavy
    from artaudit.generators import pool  # noqa: PLC0415 - heavy

    paths = [path.resolve() for path in (encoder, decoder) if path is not None]
    record = pool.record_of(name, kind, paths, use=pool.HOLD_OUT if hold_out else pool.SURROGATE, **about)
    opened = open_model(record)
    done = pool.add(record, pool.models_folder())
    click.echo(f"{opened.name} lies in {done.folder}")


@models.command("verify")
def verify_models() -> int:
    """Compare every model's files with their pinned digests."""
    from artaudit.generators import pool  # noqa: PLC0415 - heavy

    def one(record: pool.Record) -> None:
        record.verify()
        click.echo(f"{record.name}: intact")

    _, code = each([*pool.installed(pool.models_folder()), *pool.embedded()], one)
    return code


@models.command("path")
def models_path() -> None:
    """Print where installed models lie."""
    from artaudit.generators import pool  # noqa: PLC0415 - heavy

    click.echo(pool.models_folder())


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


@click.group()
def db() -> None:
    """Find, verify and back up the registry file."""


@db.command("path")
@DB
def db_path() -> None:
    """Print where the registry lies."""
    click.echo(registry_path())


@db.command("verify")
@AS_JSON
@DB
def db_verify(*, as_json: bool) -> int:
    """Check the file, its log's chain and that every row agrees with the log; exit code 1 when anything is broken."""
    with open_registry() as registry:
        problems = registry.verify()
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
