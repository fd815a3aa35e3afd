"""The commands `audit config`: what a person sets once."""

from __future__ import annotations

import click

from artaudit.commands.common import AS_JSON, print_json
from artaudit.commands.settings import SETTINGS, change, settings, settings_path
from artaudit.commands.words import Group
from artaudit.errors import UsageError

NAME = click.argument("name", metavar="NAME")


@click.group(cls=Group)
def config() -> None:
    """Set your name, the strength, folders: once, for all commands.

    The settings lie in a TOML file, $ARTAUDIT_SETTINGS or else in the platform's folder. What the command line or an
    environment variable says counts more. The language is that of reports: what commands print is English.
    """


@config.command("list")
@AS_JSON
def list_settings(*, as_json: bool) -> None:
    """List all settings, what they are for, and where the file lies."""
    found = settings()
    if as_json:
        print_json({name: found.get(name) for name in SETTINGS})
        return
    longest = max(map(len, SETTINGS))
    for name, setting in SETTINGS.items():
        click.echo(f"{name:<{longest}}  {found.get(name, 'not set')}  ({setting.meaning})")
    click.echo(f"they lie in {settings_path()}", err=True)


@config.command("get")
@NAME
def get_setting(name: str) -> int:
    """Print the setting NAME. Exit code 1 says that it is not set."""
    if name not in SETTINGS:
        raise UsageError(f"There is no setting {name}: choose {', '.join(SETTINGS)}.")
    value = settings().get(name)
    if value is None:
        click.echo(f"{name} is not set: `audit config set {name} VALUE`", err=True)
        return 1
    click.echo(value)
    return 0


@config.command("set")
@NAME
@click.argument("value")
def set_setting(name: str, value: str) -> None:
    """Set NAME to VALUE."""
    click.echo(f"{name} is {change(name, value)}")


@config.command("unset")
@NAME
def unset_setting(name: str) -> None:
    """Take the setting NAME back."""
    change(name, None)
    click.echo(f"{name} is not set")


@config.command("path")
def path_of_settings() -> None:
    """Print where the file of settings lies."""
    click.echo(settings_path())
