"""The commands `audit register` and `audit check`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from artaudit.doors.common import AS_JSON, DB, PICTURES, each, open_registry, print_json


@click.command()
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


@click.command()
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
