"""What all commands share: options, one way to print, one way to go on after a failure."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar
from zlib import crc32

import click

from artaudit.commands.settings import settings, settings_path
from artaudit.commands.terminal import unguarded
from artaudit.errors import ArtauditError
from artaudit.visible import json_text, visible

if TYPE_CHECKING:  # the registry loads more than `--help` may wait for
    from artaudit.auditor.registry import Registry

Item = TypeVar("Item")
Result = TypeVar("Result")

LONGEST = 4000
"""Characters of one error that are printed, whatever it quotes."""

CLEAR_LINE = "\r\x1b[2K"
_UNBROKEN = "\ue000"
"""Stands for a space where no line is broken."""
PATH = click.Path(path_type=Path)
PICTURES = click.argument("pictures", nargs=-1, required=True, type=PATH)
SPLIT = click.option("--split", metavar="NAME", default="val", show_default=True, help="The split of DATA to use.")
EDITS = click.option(
    "--edit",
    "edits",
    multiple=True,
    metavar="EDIT",
    help="What is done to every picture; may be repeated [default: a few].",
)
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
    help="The registry file, if not the one that `audit db path` prints.",
)


def registry_path() -> Path:
    """Return the registry file that the command line, ARTAUDIT_DB or the settings chose, else the platform's."""
    from artaudit.auditor.registry import default_path  # noqa: PLC0415 - heavy

    chosen: Path | None = click.get_current_context().find_root().obj
    if chosen is None and "ARTAUDIT_DB" not in os.environ and (kept := settings().get("db")):
        chosen = Path(kept)
    return chosen or default_path()


def acting() -> str | None:
    """Return the name that the settings give to who acts; None where ARTAUDIT_BY or nobody names one."""
    return None if "ARTAUDIT_BY" in os.environ else settings().get("name")


@contextmanager
def open_registry(*, create: bool = False) -> Iterator[Registry]:
    """Open the registry that was chosen; where there is none, make it, or without `create` raise RegistryError."""
    from artaudit.auditor.registry import Registry  # noqa: PLC0415 - heavy

    path = registry_path()
    new = not path.exists()
    with Registry(path, create=create, by=acting()) as registry:
        if new:
            click.echo(f"A registry was made: {path}", err=True)
        yield registry


@contextmanager
def registry_or_empty() -> Iterator[Registry]:
    """Open the registry that was chosen or, where there is none, an empty one that is thrown away."""
    from artaudit.auditor.registry import Registry  # noqa: PLC0415 - heavy

    if registry_path().exists():
        with open_registry() as registry:
            yield registry
        return
    with TemporaryDirectory() as folder, Registry(Path(folder) / "registry.db") as registry:
        yield registry


def complain(error: ArtauditError) -> int:
    """Print one error on a line of its own and return its exit code."""
    tell(f"Error: {visible(str(error), LONGEST)}")
    return error.exit_code


def each(
    items: Iterable[Item], act: Callable[[Item], Result], refused: list[ArtauditError] | None = None
) -> tuple[list[Result], int]:
    """Do `act` for every item, complain about those that fail and go on; return results and the worst exit code.

    The complaints are also put into `refused`, for `sum_up`.
    """
    done, worst = [], 0
    for item in items:
        try:
            done.append(act(item))
        except ArtauditError as error:
            worst = max(worst, complain(error))
            if refused is not None:
                refused.append(error)
    return done, worst


def sum_up(done: int, count: int, did: str, refused: Sequence[ArtauditError], more: str = "") -> None:
    """Say on stderr, where there were several pictures, how many were done (`did`), what `more`, and why not others."""
    if count > 1:
        tell(f"{done} of {count} pictures {did}{more}")
        for error in refused:
            tell(f"  refused: {error}")


def notice(text: str) -> None:
    """Say on stderr what a person need not hear more than once a day."""
    path, key = settings_path().with_name("notices.json"), str(crc32(text.encode()))
    today = datetime.now().astimezone().date().isoformat()
    try:
        said = {name: day for name, day in json.loads(path.read_text("utf-8")).items() if day == today}
    except (OSError, ValueError, AttributeError):
        said = {}
    if key not in said:
        tell(text)
        with suppress(OSError):  # then it is said again
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({**said, key: today}), "utf-8")


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar with the time left on stderr, where that is a terminal."""
    with _bar(label) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield show
        bar.update(bar.length - bar.pos)  # a limit of time ends before the last step


@contextmanager
def counted(label: str, items: Iterable[Item], count: int) -> Iterator[Iterator[Item]]:
    """Give the items in turn and, where there are several, show how far the work is."""
    if count == 1:
        yield iter(items)
        return
    with _bar(label) as bar:
        yield _telling(items, count, bar, label)


def _telling(items: Iterable[Item], count: int, bar: Any, label: str) -> Iterator[Item]:  # noqa: ANN401 - click's bar
    bar.length = count
    for done, item in enumerate(items):
        if sys.stderr.isatty():
            bar.label = f"{visible(label)} {done + 1} of {count}"
        bar.update(done - bar.pos)
        bar.render_progress()
        yield item
    bar.update(count - bar.pos)


def _bar(label: str) -> Any:  # noqa: ANN401 - click's bar
    return click.progressbar(length=1, label=visible(label), file=unguarded(sys.stderr), show_eta=True, show_pos=False)


def say(text: str, hanging: int = 2) -> None:
    """Print a result, on a terminal in the place of the bar, which comes back below."""
    _clear_line()
    click.echo(folded(text, hanging))


def tell(text: str) -> None:
    """Say something on stderr beside the result, on a terminal in the place of the bar, which comes back below."""
    _clear_line()
    click.echo(folded(text, err=True), err=True)


def folded(text: str, hanging: int = 2, *, err: bool = False) -> str:
    """Return a text for stdout or stderr; for a terminal with lines broken between words, never inside `a command`.

    What follows in the lines below stands `hanging` columns further in than the first line does.
    """
    if not (sys.stderr if err else sys.stdout).isatty():
        return text
    width = shutil.get_terminal_size().columns
    return "\n".join(_folded_line(line, width, hanging) for line in text.split("\n"))


def _folded_line(line: str, width: int, hanging: int) -> str:
    kept = re.sub(r"`[^`]*`", lambda command: command[0].replace(" ", _UNBROKEN), line)
    indent = " " * (len(line) - len(line.lstrip()) + hanging)
    wrapped = textwrap.wrap(
        kept, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, expand_tabs=False
    )
    return "\n".join(wrapped).replace(_UNBROKEN, " ")


def _clear_line() -> None:
    """Take away the bar that stands on the terminal's line."""
    if sys.stderr.isatty():
        click.echo(CLEAR_LINE, file=unguarded(sys.stderr), nl=False)


def duration(seconds: float) -> str:
    """Say how long something takes: seconds up to two minutes, then minutes, then hours and minutes."""
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{max(1, round(seconds))} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def print_json(value: object) -> None:
    """Print one JSON document."""
    click.echo(json_text(value))


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
