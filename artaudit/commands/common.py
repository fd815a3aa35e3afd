"""What all commands share: options, one way to print, one way to go on after a failure."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from artaudit.errors import ArtauditError

if TYPE_CHECKING:  # the registry loads more than `--help` may wait for
    from artaudit.auditor.registry import Registry

Item = TypeVar("Item")
Result = TypeVar("Result")

CLEAR_LINE = "\r\x1b[2K"
PATH = click.Path(path_type=Path)
PICTURES = click.argument("pictures", nargs=-1, required=True, type=PATH)
SPLIT = click.option("--split", metavar="NAME", default="val", show_default=True, help="The split of DATA to use.")
DRAWS = click.option(
    "--draws",
    type=click.IntRange(1),
    default=4,
    show_default=True,
    help="How often each picture is read, each time after other saves, crops and resizes, drawn at random.",
)
SEED = click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=0,
    show_default=True,
    help="The seed of random numbers; the same one gives the same result.",
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of sentences.")


def _remember(context: click.Context, _option: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.find_root().obj = value


DB = click.option(
    "--db",
    type=PATH,
    expose_value=False,
    callback=_remember,
    help="The registry file [default: $ARTAUDIT_DB, else the platform's data folder].",
)


def registry_path() -> Path:
    """Return the registry file that the command line chose."""
    from artaudit.auditor.registry import default_path  # noqa: PLC0415 - heavy

    chosen: Path | None = click.get_current_context().find_root().obj
    return chosen or default_path()


@contextmanager
def open_registry() -> Iterator[Registry]:
    """Open the registry that the command line chose."""
    from artaudit.auditor.registry import Registry  # noqa: PLC0415 - heavy

    with Registry(registry_path()) as registry:
        yield registry


def complain(error: ArtauditError) -> int:
    """Print one error line and return its exit code."""
    click.echo(f"Error: {error}", err=True)
    return error.exit_code


def each(items: Iterable[Item], act: Callable[[Item], Result]) -> tuple[list[Result], int]:
    """Do `act` for every item, complain about those that fail and go on; return results and the worst exit code."""
    done, worst = [], 0
    for item in items:
        try:
            done.append(act(item))
        except ArtauditError as error:
            worst = max(worst, complain(error))
    return done, worst


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar with the time left on stderr, where that is a terminal."""
    with click.progressbar(length=1, label=label, file=sys.stderr, show_eta=True, show_pos=False) as bar:

        def tell(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield tell


@contextmanager
def counted(label: str, items: Iterable[Item], count: int) -> Iterator[Iterator[Item]]:
    """Give the items in turn and, where there are several, show how far the work is."""
    if count == 1:
        yield iter(items)
        return
    with progress_bar(label) as tell:
        yield _telling(items, count, tell)


def _telling(items: Iterable[Item], count: int, tell: Callable[[int, int], None]) -> Iterator[Item]:
    for done, item in enumerate(items):
        tell(done, count)
        yield item
    tell(count, count)


def say(text: str) -> None:
    """Print a result, on a terminal in the place of the bar, which comes back below."""
    if sys.stderr.isatty():
        click.echo(CLEAR_LINE, err=True, nl=False)
    click.echo(text)


def print_json(value: object) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True))


def show_strata(made: Mapping[str, Any]) -> None:
    """Print of each stratum of a calibration how many groups it has, and whether they were enough."""
    for row in made["strata"]:
        said = "calibrated" if row["calibrated"] else f"not calibrated, {made['least']} groups of each are needed"
        click.echo(f"  {row['stratum']}: {row['real']} real and {row['generated']} machine-made groups, {said}")


def seconds(_context: click.Context, _option: click.Parameter, value: str | None) -> float | None:
    """Read a time like 60s, 10m or 1h."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h)?", value.strip())
    if not match or float(match[1]) <= 0:
        raise click.BadParameter("write a time like 60s, 10m or 1h")
    return float(match[1]) * {None: 1, "s": 1, "m": 60, "h": 3600}[match[2]]
