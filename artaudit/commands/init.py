"""The command `audit init`."""

from __future__ import annotations

import click

from artaudit.commands.common import AS_JSON, DB, print_json, registry_path
from artaudit.commands.settings import SETTINGS, settings_path, write


@click.command()
@AS_JSON
@DB
def init(*, as_json: bool) -> None:
    """Make registry, models' folder and settings; say where they lie.

    What is there already stays as it is. Commands that need one of them make it themselves.
    """
    from artaudit.auditor.registry import Registry  # noqa: PLC0415 - heavy
    from artaudit.generators.pool import models_folder  # noqa: PLC0415 - heavy
    from artaudit.image import ensure_writable  # noqa: PLC0415 - heavy

    places = {"registry": registry_path(), "models": models_folder(), "settings": settings_path()}
    new = {name: not path.exists() for name, path in places.items()}
    with Registry(places["registry"]):
        pass
    ensure_writable(places["models"])
    if new["settings"]:
        write(places["settings"], _empty_settings())
    if as_json:
        print_json({name: {"path": str(path), "new": new[name]} for name, path in places.items()})
        return
    for name, path in places.items():
        click.echo(f"{name:<8}  {path}{'' if new[name] else '  (was there)'}")
    click.echo("next: `audit register` your pictures; `audit doctor` says what else can be had", err=True)


def _empty_settings() -> str:
    """Return a file of settings in which nothing is set and everything explained."""
    lines = [f'# {setting.meaning}\n# {name} = ""\n' for name, setting in SETTINGS.items()]
    return "\n".join(["# `audit config set NAME VALUE` writes here; the command line counts more.\n", *lines])
