"""The commands about models: what is installed, from a folder, a file or the hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artaudit import catalog
from artaudit.commands.common import AS_JSON, PATH, each, print_json, progress_bar
from artaudit.commands.words import Group
from artaudit.errors import UsageError

if TYPE_CHECKING:
    from artaudit.generators import pool

UPDATE = click.option("--update", is_flag=True, help="Take the place of an installed model of the same name.")
HOLD_OUT = click.option("--hold-out", is_flag=True, help="Only measure on this model, never cloak against it.")
FAMILY = click.option(
    "--family", metavar="NAME", default="", help='The latent space, like "SD 1.x", where the files do not tell.'
)


@click.group(cls=Group)
def models() -> None:
    """Manage the models that cloaks are made against and tested on."""


@models.command("list")
@AS_JSON
def list_models(*, as_json: bool) -> None:
    """List the models that are installed or come with artaudit."""
    from artaudit.generators import pool  # noqa: PLC0415 - heavy
    from artaudit.generators.opening import described  # noqa: PLC0415 - heavy

    rows = described()
    if as_json:
        print_json(rows)
        return
    for row in rows:
        place = "embedded" if row["embedded"] else row["folder"]
        can = "+".join(row["abilities"])
        click.echo("  ".join([row["name"], row["family"], can, row["use"], row["licence"], row["digest"][:12], place]))
    if all(row["embedded"] for row in rows):
        click.echo(f"No model is installed in {pool.models_folder()}: add one with `audit models add`.", err=True)


@models.command("add")
@click.argument("name")
@click.argument("paths", type=PATH, nargs=-1, required=True)
@click.option(
    "--kind",
    type=click.Choice(list(catalog.MODELS)),
    help="The kind of model in plain encoder and decoder files, as docs/components.md describes it.",
)
@FAMILY
@click.option("--licence", metavar="NAME", default="not stated", show_default=True, help="The licence of its weights.")
@HOLD_OUT
@UPDATE
@click.option("--enrol", is_flag=True, help="Make it known to `audit attribute` at once, which takes minutes.")
def add_model(  # noqa: PLR0913 - one for each option
    name: str,
    paths: tuple[Path, ...],
    *,
    kind: str | None,
    family: str,
    licence: str,
    hold_out: bool,
    update: bool,
    enrol: bool,
) -> None:
    """Install the model in PATHS under NAME.

    PATHS are a diffusers folder; or a checkpoint in one safetensors file, with the folder of its tokenizer; or, with
    --kind, an encoder's file and its decoder's. The files are copied, their digests are kept, and the model is opened
    once as a test.
    """
    from artaudit.generators.configs import ensure_openable  # noqa: PLC0415 - where it is used

    if len(paths) > 2 or (len(paths) > 1 and paths[0].is_dir()):  # noqa: PLR2004 - an encoder and a decoder
        raise UsageError("A model is one folder, or one or two files: give just these.")
    if kind is None or kind in catalog.MODELS.shipped:
        ensure_openable(paths)
    record = _record(name, kind or "", family, licence, hold_out=hold_out)
    _install(record, [path.resolve() for path in paths], update=update)
    if enrol:
        _enrol(name)
    elif _draws(name):
        click.echo(f"To ask whether it drew a picture: audit attribute enrol {name}", err=True)


@models.command("pull")
@click.argument("repository")
@click.option(
    "--revision",
    metavar="COMMIT",
    required=True,
    help="The commit to install; a branch or tag stands for the commit that it names now.",
)
@click.option("--name", metavar="NAME", help="What to call the model [default: the repository's own name].")
@FAMILY
@HOLD_OUT
@UPDATE
def pull_model(repository: str, *, revision: str, name: str | None, family: str, hold_out: bool, update: bool) -> None:
    """Install a model from the Hugging Face hub.

    REPOSITORY is written OWNER/NAME. Only this command and the option --timestamp use the network.
    """
    import tempfile  # noqa: PLC0415 - where it is used

    from artaudit.generators import hub, pool  # noqa: PLC0415 - heavy

    folder = pool.models_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".pulled-") as room:
        found = hub.fetch(repository, revision, Path(room))
        origin = f"{found.repository}@{found.commit}"
        called = name or repository.rpartition("/")[2]
        _install(
            _record(called, "", family, found.licence, hold_out=hold_out, origin=origin), [found.folder], update=update
        )


@models.command("edit")
@click.argument("name")
@FAMILY
@click.option("--licence", metavar="NAME", default="", help="The licence of its weights.")
@click.option(
    "--use", type=click.Choice(["surrogate", "hold-out"]), default=None, help="Cloak against it, or only measure."
)
def edit_model(name: str, *, family: str, licence: str, use: str | None) -> None:
    """Change what is written down about a model.

    NAME is an installed one; its files stay as they are.
    """
    from artaudit.generators import pool  # noqa: PLC0415 - heavy

    if not (family or licence or use):
        raise UsageError("Nothing was to be changed: give --family, --licence or --use.")
    record = pool.edit(name, family=family, licence=licence, use=use or "")
    click.echo(f"{record.name}: {record.family}, {record.licence}, {record.use}")


@models.command("remove")
@click.argument("name")
def remove_model(name: str) -> None:
    """Remove an installed model and its files.

    What was learned about NAME for attribution stays.
    """
    from artaudit.generators import pool  # noqa: PLC0415 - heavy

    record = pool.remove(name)
    click.echo(f"{record.name}@{record.digest[:12]} was removed from {record.folder.parent}")


@models.command("verify")
def verify_models() -> int:
    """Compare every model's files with the digests kept of them."""
    from artaudit.generators import pool  # noqa: PLC0415 - heavy

    def verify(record: pool.Record) -> None:
        record.verify()
        click.echo(f"{record.name}: intact")

    _, code = each([*pool.available(), *pool.backbones()], verify)
    return code


@models.command("path")
@click.argument("name", required=False)
def models_path(name: str | None) -> None:
    """Print the folder of installed models, or of the model NAME."""
    from artaudit.generators import pool  # noqa: PLC0415 - heavy

    if name is None:
        click.echo(pool.models_folder())
        return
    known = {name: record.folder for name, record in pool.by_name((*pool.available(), *pool.backbones())).items()}
    if name not in known:
        raise UsageError(f"No model is called {name}: choose {', '.join(known)}.")
    click.echo(known[name])


def _record(name: str, kind: str, family: str, licence: str, *, hold_out: bool, origin: str = "") -> pool.Record:
    from artaudit.generators import pool  # noqa: PLC0415 - heavy

    use = pool.HOLD_OUT if hold_out else pool.SURROGATE
    return pool.Record(name, kind, family, licence, use, pool.models_folder(), (), origin)


def _install(about: pool.Record, paths: list[Path], *, update: bool) -> None:
    from artaudit.generators.installing import add  # noqa: PLC0415 - heavy

    record, note = add(about, paths, update=update)
    if note:
        click.echo(note, err=True)
    click.echo(f"{record.name}@{record.digest[:12]} ({record.kind}, {record.family}) lies in {record.folder}")


def _draws(name: str) -> bool:
    from artaudit.generators import pool  # noqa: PLC0415 - heavy
    from artaudit.generators.opening import abilities  # noqa: PLC0415 - heavy

    return "attribution" in abilities(pool.by_name(pool.available())[name])


def _enrol(name: str) -> None:
    from artaudit.attribution.enrolment import calibrate_model  # noqa: PLC0415 - heavy

    with progress_bar("measuring") as progress:
        click.echo("\n".join(calibrate_model(name, progress=progress).summary()))
