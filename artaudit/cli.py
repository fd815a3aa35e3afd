"""The command `audit`: parses, calls one verb, prints."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from artaudit import __version__, evidencing, housekeeping, learning
from artaudit.attributing import attribute
from artaudit.casekeeping import case
from artaudit.commands import AS_JSON, DB, PICTURES, complain, each, open_registry, print_json
from artaudit.datakeeping import data
from artaudit.errors import ArtauditError
from artaudit.keykeeping import keys
from artaudit.protecting import protect
from artaudit.trialing import trial

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=SETTINGS)
@click.version_option(__version__, prog_name="audit")
@DB
def audit() -> None:
    """Cloak pictures, keep a portfolio, check suspicious pictures, export evidence.

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
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped: files that were finished stay, nothing is half written.", err=True)
        code = 130
    except BrokenPipeError:
        sys.stderr.close()
        code = 141
    sys.exit(code or 0)


@audit.command()
@PICTURES
@click.option("--title", help="What the work is called [default: the file's name].")
@AS_JSON
@DB
def register(pictures: tuple[Path, ...], title: str | None, *, as_json: bool) -> int:
    """Add PICTURES to the portfolio that checks compare with."""
    from artaudit.auditor import verbs  # noqa: PLC0415 - heavy

    with open_registry() as registry:

        def one(path: Path) -> dict[str, Any]:
            work, new = verbs.register(path, registry, title)
            if not as_json:
                click.echo(f"work {work.id}: {work.title} ({'registered' if new else 'was registered already'})")
            return {**asdict(work), "new": new}

        works, code = each(pictures, one)
    if as_json:
        print_json(works)
    return code


@audit.command()
@PICTURES
@AS_JSON
@DB
def check(pictures: tuple[Path, ...], *, as_json: bool) -> int:
    """Tell of each of PICTURES whether it copies a registered work and what the file itself says.

    Exit code 1 says that something was found in at least one of them.
    """
    from artaudit.auditor import verbs  # noqa: PLC0415 - heavy
    from artaudit.auditor.examiners import examiners  # noqa: PLC0415 - heavy

    with open_registry() as registry:
        look = examiners(registry)

        def one(path: Path) -> tuple[bool, dict[str, Any]]:
            case, evidence = verbs.check(path, registry, look)
            if not as_json:
                click.echo(f"{path} (case {case}): {evidence.verdict}")
                for finding in evidence.findings:
                    click.echo(f"  {_finding_line(finding.as_dict())}")
            return evidence.found, {"case": case, **evidence.as_dict()}

        results, code = each(pictures, one)
    if as_json:
        print_json([document for _, document in results])
    return code or int(any(found for found, _ in results))


def _finding_line(finding: dict[str, Any]) -> str:
    mark = {True: "yes", False: "no", None: "cannot tell"}[finding["holds"]]
    measured = ""
    if finding["score"] is not None:
        measured = f" [{finding['score']:g} {finding['unit']}; bar {finding['threshold']:g}]"
    return f"{mark:>11}  {finding['claim']}{measured}"


for _command in (
    protect,
    attribute,
    trial,
    *evidencing.COMMANDS,
    *housekeeping.GROUPS,
    case,
    keys,
    data,
    *learning.COMMANDS,
):
    audit.add_command(_command)
