"""The command `audit check`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from artaudit.commands.common import (
    AS_JSON,
    DB,
    PATH,
    complain,
    counted,
    each,
    open_registry,
    print_json,
    say,
    sum_up,
    tell,
)
from artaudit.errors import ArtauditError, RegistryError
from artaudit.findings import KINDS

if TYPE_CHECKING:  # the registry loads more than `--help` may wait for
    from artaudit.auditor.registry import Registry


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
    "--capture",
    "captures",
    multiple=True,
    type=PATH,
    metavar="FOLDER",
    help="Check the pictures of FOLDER, which `audit capture` wrote, and keep what the archive says of where they came "
    "from; where PICTURES are named, those of them alone.",
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
    captures: tuple[Path, ...],
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

    Exit code 1 says that something was found in at least one picture, 3 that at least one could not be checked or
    kept. With --json, the evidence about each picture has the form that docs/report.schema.json describes.
    """
    from artaudit.auditor.check import evidence_about  # noqa: PLC0415 - heavy
    from artaudit.auditor.examiners import detector_folder, examiners  # noqa: PLC0415 - heavy
    from artaudit.auditor.suspects import suspects  # noqa: PLC0415 - heavy

    meant, refused = suspects(pictures, lists, captures), list[ArtauditError]()
    folder = detector_folder(detector)  # a folder without a calibrated one is one error, not one for each picture
    with open_registry(create=True) as registry, counted("checking", meant, len(meant)) as shown:
        if registry.read_only:
            tell(f"{registry.path} may only be read: checks are answered, but no case is kept.")
        look = examiners(registry, kind or "", folder)

        def look_at(suspect: Any) -> Checked:  # noqa: ANN401 - heavy to name
            image = suspect.open()
            evidence = evidence_about(image, registry, look, suspect.source)
            case, code = (None, 0) if registry.read_only else _kept(registry, evidence.as_dict(), image.data)
            if not as_json:
                say("\n".join(_told(case, evidence.as_dict(), details=details)))
            return Checked(case, evidence.as_dict(), evidence.found, code)

        results, code = each(shown, look_at, refused)
    found = sum(checked.found for checked in results)
    if as_json:
        print_json([{"case": checked.case, **checked.evidence} for checked in results])
    else:
        sum_up(len(results), len(meant), "checked", refused, f", something found in {found}")
        _say_what_next(results, details=details)
    return max(code, *(checked.code for checked in results), int(found > 0), 0)


class Checked(NamedTuple):
    """A picture that was checked: its case, None where it could not be kept, and the exit code of keeping it."""

    case: int | None
    evidence: dict[str, Any]
    found: bool
    code: int


def _kept(registry: Registry, evidence: dict[str, Any], suspect: bytes) -> tuple[int | None, int]:
    """Keep the evidence about a picture; return its case and 0, or where that fails None and the exit code."""
    try:
        return registry.add_case(evidence, suspect), 0
    except RegistryError as error:
        return None, complain(error)


def _say_what_next(results: Sequence[Checked], *, details: bool) -> None:
    """Say on stderr which commands lead on from here."""
    cases = [checked.case for checked in results if checked.found and checked.case is not None]
    if cases:
        tell(f"`audit report {cases[0]} -o evidence.zip` makes a package of it that anybody can verify")
    if results and not details:
        tell("`--details` shows every finding that this rests on")


def _told(case: int | None, evidence: dict[str, Any], *, details: bool) -> Iterator[str]:
    """Word the evidence about one picture: what it comes to; with `details` every finding and how they are weighed."""
    address = f", saved from {evidence['source']['url']}" if "url" in evidence["source"] else ""
    yield f"{evidence['path']} ({'not kept' if case is None else f'case {case}'}{address})"
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
