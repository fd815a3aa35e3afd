"""The command `audit seal`."""

from __future__ import annotations

from pathlib import Path

import click

from artaudit.commands.common import AS_JSON, DB, PATH, open_registry, print_json
from artaudit.commands.keys import TIMESTAMP, UNSIGNED, new_seal, sealed_line


@click.command()
@click.option("-o", "--output", type=PATH, required=True, help="The seal to write, a JSON file.")
@TIMESTAMP
@UNSIGNED
@AS_JSON
@DB
def seal(output: Path, *, authorities: tuple[str, ...], unsigned: bool, as_json: bool) -> None:
    """Write a digest of the whole log, to be kept elsewhere.

    `audit db verify --seal` compares the log with it later, and finds out whether the log was rewritten or cut. A
    signature and timestamps are written beside it, under its name with .p7s and .1.tsr.
    """
    from artaudit.auditor.seal import seal_log  # noqa: PLC0415 - heavy

    mark = new_seal(authorities, unsigned=unsigned)
    with open_registry() as registry:
        record = seal_log(output, registry, mark)
    if as_json:
        print_json({"path": str(output), **record})
        return
    click.echo(f"{output}  {record['size']} events, root {record['root']}")
    click.echo(sealed_line(mark), err=True)
