"""The command `audit completion`."""

from __future__ import annotations

from typing import Any

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print a script that lets SHELL complete `audit` with Tab.

    For bash, add this line to ~/.bashrc: eval "$(audit completion bash)"
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - where it is used

    found: Any = get_completion_class(shell)
    root = click.get_current_context().find_root().command
    click.echo(found(root, {}, "audit", "_AUDIT_COMPLETE").source())
