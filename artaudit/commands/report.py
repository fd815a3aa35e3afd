"""The command `audit report`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from artaudit.commands.common import AS_JSON, DB, PATH, open_registry, print_json, say, tell
from artaudit.commands.keys import TIMESTAMP, UNSIGNED, new_seal, sealed_line
from artaudit.language import ENGLISH, LANGUAGES

ENCLOSED = ("originals", "suspect", "none")


@click.command()
@click.argument("case", metavar="PICTURE_OR_CASE")
@click.option(
    "-o", "--output", type=PATH, required=True, help="The package to write, a ZIP file; of a scan, a page (HTML)."
)
@TIMESTAMP
@UNSIGNED
@click.option(
    "--enclose",
    type=click.Choice(ENCLOSED),
    help="Which files leave the house: the checked picture and the original files of the works that it shows, the "
    "checked picture alone, or neither; small pictures and digests always do [default: asked on a terminal, else "
    "suspect].",
)
@click.option(
    "--by",
    default="",
    metavar="NAME",
    help="Who writes the report [default: $ARTAUDIT_BY, else the setting name, else the login].",
)
@click.option("--for", "client", default="", metavar="NAME", help="For whom: the client or claimant.")
@click.option("--place", default="", metavar="TEXT", help="Where it is written.")
@click.option("--device", default="", metavar="TEXT", help="On which device it is written.")
@click.option("--purpose", default="", metavar="TEXT", help="What it is for.")
@click.option("--maker", default="", metavar="TEXT", help="Who made the works and who owns them, as you state it.")
@click.option(
    "--language",
    type=click.Choice(list(LANGUAGES)),
    default=ENGLISH,
    show_default=True,
    help="The language of the report and of the texts beside it; the record stays English.",
)
@click.option("--pdf", is_flag=True, help="Add the report as PDF/A (needs the extra pdf).")
@AS_JSON
@DB
def report(
    case: str,
    output: Path,
    *,
    authorities: tuple[str, ...],
    unsigned: bool,
    enclose: str | None,
    pdf: bool,
    as_json: bool,
    **stated: str,
) -> None:
    """Write the evidence of a case as a package anybody can verify.

    PICTURE_OR_CASE is the number of a case that `audit check` or `audit case open` printed, or a picture, which is
    checked first. The package is signed when there are keys (`audit keys init`). What it encloses, and what it does
    not, is listed at the end. --by, --for, --place, --device, --purpose and --maker stand in the report as statements
    of the person who writes it. Of the folder of a scan, a page is written instead: what was scanned and what found.
    """
    if not case.isdecimal() and Path(case).is_dir():
        _report_scan(Path(case), output, as_json=as_json)
        return
    from artaudit.auditor.check import check  # noqa: PLC0415 - heavy
    from artaudit.auditor.evidence import Statement  # noqa: PLC0415 - heavy
    from artaudit.auditor.report import report as write  # noqa: PLC0415 - heavy

    statement = Statement(**stated, unsigned=unsigned)
    seal = new_seal(authorities, unsigned=unsigned)
    with open_registry(create=not case.isdecimal()) as registry:
        number = int(case) if case.isdecimal() else check(Path(case), registry)[0]
        chosen = enclose or _asked()
        written = write(number, output, registry, seal, pdf=pdf, enclose=chosen, stated=statement)
    if as_json:
        print_json(written)
        return
    say(f"{output}  case {number}, {written['bytes']:,} bytes, sha256 {written['sha256']}")
    say(f"encloses: {'; '.join(written['enclosed']['encloses']) or 'no picture'}")
    say(f"does not enclose: {'; '.join(written['enclosed']['does_not_enclose']) or 'nothing'}")
    tell(f"written by {written['by']}" + ("" if statement.by else " (--by names another)"))
    tell(sealed_line(seal, unsigned=unsigned))


def _report_scan(folder: Path, output: Path, *, as_json: bool) -> None:
    """Write the page about a scan."""
    from artaudit.image.writing import ensure_new, write_atomically  # noqa: PLC0415 - heavy
    from artaudit.scan.summary import page, summary  # noqa: PLC0415 - heavy

    ensure_new(output)
    data = page(folder)
    write_atomically(output, data)
    if as_json:
        print_json({"path": str(output), "bytes": len(data), **summary(folder)})
        return
    say(f"{output}  a page about the scan in {folder}, {len(data):,} bytes")


def _asked() -> str:
    """Return what is to be enclosed as the person at the terminal says, else the checked picture alone."""
    from artaudit.auditor.evidence.enclosure import CHOICES, SUSPECT  # noqa: PLC0415 - heavy

    if not sys.stdin.isatty():
        return SUSPECT
    tell("Which files shall leave the house?")
    for choice, words in CHOICES.items():
        tell(f"  {choice}: {words}")
    chosen: str = click.prompt("Enclose", default=SUSPECT, type=click.Choice(list(CHOICES)), err=True)
    return chosen
