"""The command `audit reproduce`."""

from __future__ import annotations

from pathlib import Path

import click

from artaudit.commands.common import AS_JSON, PATH, print_json


@click.command()
@click.argument("record", metavar="PACKAGE_OR_REPORT", type=PATH)
@click.option(
    "--original",
    "originals",
    multiple=True,
    type=PATH,
    metavar="FILE",
    help="A checked picture or work that the package does not enclose, told by its digest; may be repeated.",
)
@AS_JSON
def reproduce(record: Path, *, originals: tuple[Path, ...], as_json: bool) -> int:
    """Repeat the checks of a package on its own bytes, and compare.

    PACKAGE_OR_REPORT is a package that `audit report` wrote, the folder it was unpacked into, or data/report.json
    there. What cannot be repeated is said with the reason. Exit code 1 says that something differs.
    """
    from artaudit.auditor.reproduce import reproduce as repeat  # noqa: PLC0415 - heavy

    result = repeat(record, originals)
    if as_json:
        print_json(result)
    else:
        for check in result["checks"]:
            for finding in check["findings"]:
                why = f" ({finding['why']})" if "why" in finding else ""
                click.echo(f"check {check['check']}  {finding['outcome']:>12}  {finding['claim']}{why}")
            click.echo(f"check {check['check']}  {check['assessment']['outcome']:>12}  what the findings come to")
    return int(not result["same"])
