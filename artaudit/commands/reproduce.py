"""The command `audit reproduce`."""

from __future__ import annotations

from pathlib import Path

import click

from artaudit.commands.common import AS_JSON, PATH, print_json


@click.command()
@click.argument("record", metavar="PACKAGE_OR_REPORT", type=PATH)
@AS_JSON
def reproduce(record: Path, *, as_json: bool) -> int:
    """Repeat the checks of a package on its own bytes, and compare.

    PACKAGE_OR_REPORT is a package that `audit report` wrote, or data/report.json of an unpacked one. Exit code 1 says
    that something differs.
    """
    from artaudit.auditor.reproduce import reproduce as repeat  # noqa: PLC0415 - heavy

    result = repeat(record)
    if as_json:
        print_json(result)
    else:
        for check in result["checks"]:
            for finding in check["findings"]:
                why = f" ({finding['why']})" if "why" in finding else ""
                click.echo(f"check {check['check']}  {finding['outcome']:>12}  {finding['claim']}{why}")
            click.echo(f"check {check['check']}  {check['assessment']['outcome']:>12}  what the findings come to")
    return int(not result["same"])
