"""The command `audit`: parses, calls one verb, prints."""

from __future__ import annotations

import sys
from types import MappingProxyType

import click

from artaudit import __version__
from artaudit.commands.attribute import attribute
from artaudit.commands.case import case
from artaudit.commands.check import check
from artaudit.commands.common import DB, complain
from artaudit.commands.completion import completion
from artaudit.commands.data import data
from artaudit.commands.db import db
from artaudit.commands.detector import detector
from artaudit.commands.keys import keys
from artaudit.commands.models import models
from artaudit.commands.optout import optout
from artaudit.commands.protect import protect
from artaudit.commands.register import register
from artaudit.commands.report import report
from artaudit.commands.reproduce import reproduce
from artaudit.commands.seal import seal
from artaudit.commands.sign import sign
from artaudit.commands.trial import trial
from artaudit.commands.verify import verify
from artaudit.commands.works import works
from artaudit.errors import ArtauditError

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

GROUPS = MappingProxyType(
    {
        "Begin with these": (protect, trial, register, check, report),
        "More for artists": (works, sign, optout),
        "For evidence": (verify, case, seal, reproduce, keys),
        "For research": (attribute, detector, data),
        "Upkeep": (models, db, completion),
    }
)
"""Who uses which commands, in the order in which help shows them."""


class Commands(click.Group):
    """A group that shows its commands by who uses them, and knows where a name lies that is none of its own."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the commands, a section for each group."""
        longest = max(map(len, self.commands))
        room = formatter.width - longest - 6
        for heading, commands in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [(f"{command.name:<{longest}}", command.get_short_help_str(room)) for command in commands]
                )

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command and its arguments; raises UsageError for one that is not there."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            found = [name for name, group in self.commands.items() if args[0] in getattr(group, "commands", {})]
            if found:
                meant = " or ".join(f"`audit {name} {args[0]}`" for name in found)
                raise click.UsageError(f"There is no `audit {args[0]}`: use {meant}.", ctx) from error
            raise


@click.group(cls=Commands, context_settings=SETTINGS)
@click.version_option(__version__, prog_name="audit")
@DB
def audit() -> None:
    """Cloak pictures, register works, check suspicious pictures, export evidence.

    Exit codes: 0 done or nothing found, 1 a finding (or a package that fails to verify), 2 wrong usage,
    3 could not be done.
    """


def main() -> None:
    """Run the command, turn artaudit's own errors into one line, and leave with the promised exit code."""
    try:
        code = audit(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except ArtauditError as error:
        code = complain(error)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("artaudit"):
            raise
        code = complain(ArtauditError(f"This needs {error.name}, which is not installed: install artaudit as a whole."))
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped: files that were finished stay, nothing is half written.", err=True)
        code = 130
    except BrokenPipeError:
        sys.stderr.close()
        code = 141
    sys.exit(code or 0)


for _commands in GROUPS.values():
    for _command in _commands:
        audit.add_command(_command)
