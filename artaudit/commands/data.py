"""The commands about data sets: index, audit, align, split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from artaudit import catalog
from artaudit.commands.common import AS_JSON, PATH, SEED, print_json, progress_bar
from artaudit.commands.words import Group

MANIFEST = click.argument("manifest", type=PATH)
COLUMNS = ("source", "generator", "prompt", "artist", "pair", "group")
_SHOWN = 20


@click.group(cls=Group)
def data() -> None:
    """Prepare and audit data sets of real and generated pictures.

    A data set is a manifest, a table with a line for each picture; docs/detectors.md shows the way from pictures to a
    detector.
    """


@data.command("index")
@click.argument("sources", nargs=-1, required=True, type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help="The manifest to write, .csv or .parquet.")
@click.option(
    "--layout",
    type=click.Choice(list(catalog.LAYOUTS)),
    default="folder",
    show_default=True,
    help="How SOURCES are laid out, as docs/components.md describes it.",
)
@click.option(
    "--label", type=click.Choice(["real", "generated"]), help="The label of pictures that the layout gives none."
)
@click.option("--generator", metavar="NAME", help="The generator of generated pictures, where the layout names none.")
@click.option("--from", "source_name", metavar="NAME", help="Where pictures come from, where the layout does not say.")
@click.option("--licence", metavar="NAME", help="The licence of pictures, where the layout names none.")
@click.option("--use", help="What pictures may be used for, where the layout does not say.")
@click.option("--headers-only", is_flag=True, help="Read no pixels: faster, but truncated pictures go unnoticed.")
@AS_JSON
def index_data(
    sources: tuple[Path, ...],
    output: Path,
    *,
    layout: str,
    headers_only: bool,
    as_json: bool,
    source_name: str | None,
    **told: str | None,
) -> None:
    """Write a manifest of the pictures in SOURCES.

    SOURCES are folders, tar or Parquet files, or manifests, which are merged: their pictures are read again and keep
    what the manifest tells of them. Each line holds what the picture's file says (format, quality, size, digests).
    Broken pictures, and those that an earlier source has, are named and left out. Pictures whose file names differ by
    a number or a seed alone (cat-1.png, cat-2.png) get one group, which no split divides; where more than 32 pictures
    of a folder share a name, they are a numbered series, and no group.
    """
    from artaudit.datasets import preparation  # noqa: PLC0415 - heavy

    otherwise = {name: value for name, value in {**told, "source": source_name}.items() if value}
    written = preparation.index(
        sources, output, layout=layout, otherwise=otherwise, headers_only=headers_only, heard=_leave_out
    )
    _tell(written, as_json=as_json)


@data.command("audit")
@MANIFEST
@click.option("--near/--no-near", default=True, show_default=True, help="Look for near copies among the pictures, too.")
@SEED
@AS_JSON
def audit_data(manifest: Path, *, near: bool, seed: int, as_json: bool) -> int:
    """Say whether the files of MANIFEST give its labels away.

    A classifier learns from formats, qualities and sizes alone. Where it reaches an area of more than .55 under the ROC
    curve, a detector could cheat, and the data set fails. Copies across splits or labels, and groups or pairs in
    several splits, fail it too. Exit code 1 says that it failed.
    """
    from artaudit.datasets import preparation  # noqa: PLC0415 - heavy

    with progress_bar("auditing") as progress:
        found = preparation.audit(manifest, near=near, seed=seed, progress=progress)
    for left in found.left:
        _leave_out(left)
    if as_json:
        print_json(found.as_dict())
    else:
        _show(found)
    return int(not found.ok)


@data.command("align")
@MANIFEST
@click.option("-o", "--output", type=PATH, required=True, help="Folder for the pairs and their manifest.csv.")
@click.option(
    "--model", default="studio-flux2", show_default=True, metavar="NAME", help="The autoencoder that redraws."
)
@click.option(
    "--even/--plain",
    default=True,
    show_default=True,
    help="Mix some of the real picture into the redrawing so that both files are about as large, or leave it as drawn.",
)
@click.option("--most", type=click.IntRange(1), metavar="COUNT", help="Redraw only the first COUNT real pictures.")
@AS_JSON
def align_data(manifest: Path, output: Path, *, model: str, even: bool, most: int | None, as_json: bool) -> None:
    """Pair each real picture of MANIFEST with its redrawing.

    An autoencoder redraws it, and both are saved alike (format, quality, size), so that only what the autoencoder did
    tells them apart. A run that was stopped goes on where it was.
    """
    from artaudit.datasets import preparation  # noqa: PLC0415 - heavy

    with progress_bar("redrawing") as progress:
        written = preparation.align(
            manifest, output, preparation.opened(model), even=even, most=most, heard=_leave_out, progress=progress
        )
    _tell(written, as_json=as_json)


@data.command("split")
@MANIFEST
@click.option("-o", "--output", type=PATH, required=True, help="The manifest to write, beside MANIFEST.")
@click.option(
    "--share",
    "shares",
    type=(str, click.FloatRange(0, min_open=True)),
    multiple=True,
    metavar="NAME WEIGHT",
    help="A split and its weight; repeat it for each [default: train .7, val .15, test .15].",
)
@click.option(
    "--by",
    type=click.Choice(COLUMNS),
    multiple=True,
    help="Keep pictures with the same value in this column together, too; may be repeated.",
)
@SEED
@AS_JSON
def split_data(
    manifest: Path,
    output: Path,
    *,
    shares: tuple[tuple[str, float], ...],
    by: tuple[str, ...],
    seed: int,
    as_json: bool,
) -> None:
    """Divide the pictures of MANIFEST into splits.

    Pairs, groups, equal files and file names that differ by a number alone are never divided. Every label and
    generator is shared out by the same weights, as far as that allows.
    """
    from artaudit.datasets import preparation  # noqa: PLC0415 - heavy

    weights = dict(shares) or {"train": 0.7, "val": 0.15, "test": 0.15}
    _tell(preparation.split(manifest, output, weights, by=by, seed=seed), as_json=as_json)


def _leave_out(left: object) -> None:
    click.echo(f"left out: {left}", err=True)


def _tell(written: Any, *, as_json: bool) -> None:  # noqa: ANN401 - loads torch
    if as_json:
        print_json(written.as_dict())
        return
    counts = ", ".join(f"{count} {name}" for name, count in sorted(written.counts.items()))
    out = f"; {len(written.left)} left out" if written.left else ""
    names = f"; {written.names} groups by file names" if written.names else ""
    click.echo(f"{written.path}  {written.pictures} pictures: {counts}{out}{names}")
    for name, count in written.series.items():
        click.echo(f"{name}: {count} pictures of a folder are numbered through and stay apart", err=True)


def _show(found: Any) -> None:  # noqa: ANN401 - loads torch
    click.echo(f"{'fact':<14}  AUC   95 % interval  most real pictures | most generated pictures")
    for told in (*found.bias.facts, found.bias.whole):
        usual = f"{told.real} | {told.generated}" if told.real else ""
        click.echo(f"{told.fact:<14}  {told.auc:.2f}  {told.low:.2f} to {told.high:.2f}   {usual}".rstrip())
    click.echo(f"{'FAILED' if found.bias.biased else 'passed'}: {found.bias}")
    looked = "copies and near copies" if found.near is not None else "copies (near ones were not looked for)"
    for what, problems in ((looked, (*found.copies, *(found.near or ()))), ("pairs and groups", found.leaks)):
        click.echo(f"{'FAILED' if problems else 'passed'}: {len(problems)} {what} across splits or labels")
        for problem in problems[:_SHOWN]:
            click.echo(f"  {problem}")
        if len(problems) > _SHOWN:
            click.echo(f"  and {len(problems) - _SHOWN} more: --json shows all")
    for line in found.next:
        click.echo(f"next: {line}")
