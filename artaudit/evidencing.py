"""The commands that write evidence and read it back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from artaudit.commands import AS_JSON, DB, PATH, open_registry, print_json


@click.command()
@click.argument("case", metavar="PICTURE_OR_CASE")
@click.option("-o", "--output", type=PATH, required=True, help="The package to write, a ZIP file.")
@AS_JSON
@DB
def report(case: str, output: Path, *, as_json: bool) -> None:
    """Write the evidence of a check as a package that anybody can verify.

    PICTURE_OR_CASE is the number of a case that `audit check` printed, or a picture, which is checked first.
    """
    from artaudit.auditor import reporting, verbs  # noqa: PLC0415 - heavy

    with open_registry() as registry:
        number = int(case) if case.isdecimal() else verbs.check(Path(case), registry)[0]
        written = reporting.report(number, output, registry)
    if as_json:
        print_json(written)
    else:
        click.echo(f"{output}  case {number}, {written['bytes']:,} bytes, sha256 {written['sha256']}")


@click.command()
@click.argument("package", type=PATH)
@AS_JSON
def verify(package: Path, *, as_json: bool) -> int:
    """Recompute every digest of an evidence PACKAGE and say what broke; exit code 1 when anything did."""
    from artaudit.auditor.evidence import verify_package  # noqa: PLC0415 - heavy

    result = verify_package(package)
    if as_json:
        print_json({"path": str(package), **asdict(result)})
    else:
        click.echo(
            "\n".join(result.problems) or f"{package} is intact: {result.checked} files agree with their digests"
        )
    return int(not result.ok)


COMMANDS: tuple[click.Command, ...] = (report, verify)
