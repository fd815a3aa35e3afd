"""The command `audit check`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from artaudit.commands.common import AS_JSON, DB, PATH, counted, each, open_registry, print_json, say
from artaudit.findings import KINDS


@click.command()
@click.argument("pictures", nargs=-1, type=PATH)
@click.option(
    "--urls",
    "lists",
    multiple=True,
    type=PATH,
    metavar="LIST",
    help="Check the files that LIST names, and keep the addresses that they were saved from; nothing is fetched.",
)
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="What PICTURES are or claim to be, as you see it (cloaked: a cloaked painting); they are then compared with "
    "real pictures of that kind alone, which finds more of what a machine made [default: with all kinds].",
)
@click.option(
    "--detector",
    type=PATH,
    metavar="MODEL",
    help="The calibrated detector to ask whether a machine made it, a folder or a name [default: the fused one where "
    "`audit detector fuse` made one, else the one that comes with artaudit].",
)
@click.option(
    "--details", is_flag=True, help="Show every finding that the verdict rests on, with its score and threshold."
)
@AS_JSON
@DB
def check(
    pictures: tuple[Path, ...],
    lists: tuple[Path, ...],
    *,
    kind: str | None,
    detector: Path | None,
    details: bool,
    as_json: bool,
) -> int:
    """Say whose work PICTURES show, and whether a machine made them.

    The answer also says which of the models held here drew a picture, if any did, and what the file itself says.

    PICTURES are files, folders (searched through), quoted patterns, or - for a picture on standard input. LIST is a
    CSV file with the columns url, file and, if known, saved_at (ISO 8601, a time that has passed), or lines of an
    address and a file name.

    Exit code 1 says that something was found in at least one picture, 3 that at least one could not be checked. With
    --json, the evidence about each picture has the form that docs/report.schema.json describes.
    """
    from artaudit.auditor.check import examine  # noqa: PLC0415 - heavy
    from artaudit.auditor.examiners import examiners  # noqa: PLC0415 - heavy
    from artaudit.auditor.suspects import suspects  # noqa: PLC0415 - heavy
    from artaudit.detect.loading import chosen, open_calibrated, preferred  # noqa: PLC0415 - heavy

    meant = suspects(pictures, lists)
    folder = chosen(detector) if detector else preferred()
    open_calibrated(folder)  # a folder that holds none is one error, not one for each picture
    with open_registry() as registry, counted("checking", meant, len(meant)) as shown:
        look = examiners(registry, kind or "", folder)

        def look_at(suspect: Any) -> tuple[bool, dict[str, Any]]:  # noqa: ANN401 - heavy to name
            case, evidence = examine(suspect.open(), registry, look, suspect.source)
            document = evidence.as_dict()
            if not as_json:
                say("\n".join(_told(case, document, details=details)))
            return evidence.found, {"case": case, **document}

        results, code = each(shown, look_at)
    if as_json:
        print_json([document for _, document in results])
    elif results and not details:
        click.echo("`--details` shows every finding that this rests on", err=True)
    if len(meant) > 1 and not as_json:
        found = sum(found for found, _ in results)
        click.echo(f"{len(results)} of {len(meant)} pictures checked, something found in {found}", err=True)
    return code or int(any(found for found, _ in results))


def _told(case: int, evidence: dict[str, Any], *, details: bool) -> Iterator[str]:
    """Word the evidence about one picture: what it comes to; with `details` every finding and how they are weighed."""
    address = f", saved from {evidence['source']['url']}" if evidence["source"] else ""
    yield f"{evidence['path']} (case {case}{address})"
    yield from (f"  {sentence}" for sentence in evidence["summary"])
    if not details:
        return
    yield from (f"    {_finding_line(finding)}" for finding in evidence["findings"])
    weighed = evidence["assessment"]
    if weighed["support"]:
        ratio = f"log10 of the likelihood ratio {weighed['log10_likelihood_ratio']:+.2f}"
        yield f"    {'together':>11}  {weighed['support']} [{ratio}]"
    yield from (f"    {'note':>11}  {note}" for note in evidence["notes"])


def _finding_line(finding: dict[str, Any]) -> str:
    mark = {True: "yes", False: "no", None: "cannot tell"}[finding["holds"]]
    measured = ""
    if finding["score"] is not None:
        measured = f" [{finding['score']:g} {finding['unit']}; bar {finding['threshold']:g}]"
    return f"{mark:>11}  {finding['claim']}{measured}"
