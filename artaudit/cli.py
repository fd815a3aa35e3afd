"""The command `audit`: parses, calls one verb, prints."""

from __future__ import annotations

import gc
import sys

import click

from artaudit import __version__
from artaudit.commands.attribute import attribute
from artaudit.commands.capture import capture
from artaudit.commands.case import case
from artaudit.commands.check import check
from artaudit.commands.common import DB, complain
from artaudit.commands.completion import completion
from artaudit.commands.config import config
from artaudit.commands.data import data
from artaudit.commands.db import db
from artaudit.commands.detector import detector
from artaudit.commands.doctor import doctor
from artaudit.commands.help import Commands, Section, help_
from artaudit.commands.init import init
from artaudit.commands.keys import keys
from artaudit.commands.models import models
from artaudit.commands.optout import optout
from artaudit.commands.protect import protect
from artaudit.commands.register import register
from artaudit.commands.report import report
from artaudit.commands.reproduce import reproduce
from artaudit.commands.scan import scan
from artaudit.commands.seal import seal
from artaudit.commands.serve import serve
from artaudit.commands.settings import defaults, settings
from artaudit.commands.sign import sign
from artaudit.commands.stopping import SAID, Stopped, leave, stoppable
from artaudit.commands.terminal import shown
from artaudit.commands.trial import trial
from artaudit.commands.verify import verify
from artaudit.commands.works import works
from artaudit.errors import ArtauditError
from artaudit.image.isolation import isolated

HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

SECTIONS = (
    Section("artists", "Begin with these", (protect, trial, register, check, report)),
    Section("artists", "Then", (serve, works, sign, optout, doctor)),
    Section("evidence", "For evidence", (report, verify, case, capture, scan, seal, reproduce, keys)),
    Section("research", "For research", (attribute, detector, data)),
    Section("upkeep", "Upkeep", (init, config, models, db, completion, help_)),
)
"""Who uses which commands, in the order in which help shows them."""

_NEED_NO_SETTINGS = ("config", "doctor", "help", "init", "completion")


_OBJECTS = 100_000
"""New objects after which Python looks for garbage; at its own 700, a tenth of a short command goes into looking."""


@click.group(cls=Commands, context_settings=HELP)
@click.version_option(__version__, prog_name="audit")
@DB
@click.pass_context
def audit(context: click.Context) -> None:
    """Cloak pictures, register works, check suspicious pictures, export evidence."""
    if context.invoked_subcommand not in _NEED_NO_SETTINGS:
        context.default_map = defaults(settings())


def main() -> None:
    """Run the command and leave with the promised exit code.

    Strangers' files are opened in processes of their own, and every character shows of what they say.
    """
    gc.set_threshold(_OBJECTS)
    with shown(), isolated(), stoppable():
        code = _run()
    sys.exit(code)


def _run() -> int:
    """Run the command, turn artaudit's own errors into one line, and return the exit code."""
    try:
        return audit(standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except ArtauditError as error:
        return complain(error)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("artaudit"):
            raise
        return complain(ArtauditError(f"This needs {error.name}, which is not installed: install artaudit as a whole."))
    except (click.Abort, KeyboardInterrupt) as stop:
        cause = stop if isinstance(stop, Stopped) else stop.__cause__  # click makes an Abort of it
        if isinstance(cause, Stopped):
            leave(cause.code)
        click.echo(SAID, err=True)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 141


audit.arrange(SECTIONS)
