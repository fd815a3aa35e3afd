"""The command `audit scan`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artaudit.commands.common import AS_JSON, CLEAR_LINE, DB, PATH, open_registry, print_json, say, tell
from artaudit.commands.terminal import unguarded
from artaudit.errors import UsageError

if TYPE_CHECKING:  # heavy
    from artaudit.matching import Portfolio
    from artaudit.scan.run import Progress

ENGINES = ("pool", "ray")
_EVERY = 0.5


@click.command()
@click.argument("sources", metavar="SOURCE", nargs=-1, required=True, type=PATH)
@click.option("-o", "--output", type=PATH, help="The folder of the scan (needed); one that is there already goes on.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="How many pictures are looked at at once [default: as many as there are processors].",
)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="pool",
    show_default=True,
    help="Where the work is done: by processes on this machine, or on a cluster of Ray (extra ray).",
)
@click.option("--address", metavar="ADDRESS", help="The cluster, with --engine ray [default: one made here].")
@AS_JSON
@DB
def scan(
    sources: tuple[Path, ...],
    output: Path | None,
    *,
    workers: int | None,
    engine: str,
    address: str | None,
    as_json: bool,
) -> int:
    """Look for your works in very many pictures.

    SOURCE is a picture, a folder (searched through), a tar file of WebDataset, a Parquet file of img2dataset or LAION,
    or a web archive (WARC or WACZ). Nothing is fetched: a row of a table without its picture is compared by the digest
    that the table gives.

    A scan asks cheap questions first and compares in full only what may show a work, so it finds fewer copies than
    `audit check` does: docs/scale.md says how many. Pictures are counted once, by their digest; a scan that is stopped
    goes on where it was, and with the works it began with, when the same command is given again.

    `audit report OUTPUT -o page.html` writes a page about it, and `audit check` makes a case of a picture that was
    found. Exit code 1 says that at least one picture shows a work or may show one.
    """
    from artaudit.scan.run import scan as run  # noqa: PLC0415 - heavy
    from artaudit.scan.summary import summary, write_list  # noqa: PLC0415 - heavy

    if output is None:
        raise UsageError("Say with -o FOLDER where the scan is kept; a picture or two are for `audit check`.")
    if address and engine != "ray":
        raise UsageError("--address names a cluster of Ray: say --engine ray as well.")
    count = workers or os.cpu_count() or 1

    def chosen(folder: Path) -> Any:  # noqa: ANN401 - one of two classes
        if engine == "ray":
            from artaudit.scan.ray_engine import RayEngine  # noqa: PLC0415 - an extra

            return RayEngine(folder, count, address)
        from artaudit.scan.pool import PoolEngine  # noqa: PLC0415 - heavy
        from artaudit.scan.stage import Stage  # noqa: PLC0415 - heavy

        return PoolEngine(Stage(folder), count)

    progress = run(sources, output, _portfolio, chosen, _Shown())
    if sys.stderr.isatty():
        click.echo(CLEAR_LINE, file=unguarded(sys.stderr), nl=False)
    write_list(output)
    told = summary(output)
    if as_json:
        print_json({**told, "this_run": {"pictures": progress.pictures, "per_second": round(progress.rate, 1)}})
    else:
        _say(output, told, progress)
    return int(told["found"] + told["unsure"] + told["listed"] > 0)


@contextmanager
def _portfolio() -> Iterator[Portfolio]:
    from artaudit.auditor.examiners import read_portfolio  # noqa: PLC0415 - heavy

    with open_registry() as registry:
        yield read_portfolio(registry)


class _Shown:
    """Shows on a terminal how far a scan is, in one line."""

    def __init__(self) -> None:
        self._next = 0.0 if sys.stderr.isatty() else float("inf")

    def __call__(self, progress: Progress) -> None:
        """Show it, at most twice a second."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _EVERY
            line = f"{_counted(progress)}  {progress.shard}"
            click.echo(f"{CLEAR_LINE}{line[:100]}", file=unguarded(sys.stderr), nl=False)


def _counted(progress: Progress) -> str:
    return (
        f"{progress.pictures:,} pictures, {progress.rate:.1f} a second, {progress.found:,} found, "
        f"{progress.refused:,} not read"
    )


def _say(output: Path, told: dict[str, Any], progress: Progress) -> None:
    from artaudit.scan.rows import OUTCOMES  # noqa: PLC0415 - heavy

    say(
        f"{told['pictures']:,} pictures in {told['finished']:,} of {told['shards']:,} shards looked at, compared with "
        f"{told['works']:,} works"
    )
    for outcome, words in OUTCOMES.items():
        if told[outcome]:
            say(f"  {told[outcome]:,} {words}")
    if told["repeated"]:
        say(f"  {told['repeated']:,} were the same bytes as one before")
    tell(f"this run: {_counted(progress)}")
    tell(f"`audit report {output} -o scan.html` writes a page about it")
    if told["found"] + told["unsure"]:
        tell(
            f"`audit check --urls {output / 'found.csv'}` makes cases of the pictures whose address is known, "
            f"`audit check {output / 'found'}` of all that were found"
        )
