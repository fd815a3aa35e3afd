"""The command `audit trial`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from artaudit import catalog
from artaudit.commands.common import (
    AS_JSON,
    DB,
    PATH,
    PICTURES,
    complain,
    duration,
    each,
    print_json,
    progress_bar,
    registry_or_empty,
    say,
    sum_up,
    tell,
)
from artaudit.errors import ArtauditError, UsageError


@click.command()
@PICTURES
@click.option(
    "--original",
    type=PATH,
    help="The picture before it was cloaked, or a folder of originals with the same names; needed only where the "
    "registry does not know them.",
)
@click.option(
    "--attacks",
    multiple=True,
    default=("quick",),
    show_default=True,
    type=click.Choice(["quick", "all", *catalog.ATTACKS]),
    help="An attack to carry out, quick for those that take seconds, or all; may be repeated.",
)
@click.option(
    "--trained",
    is_flag=True,
    help="Train an attack on this very cloak, as somebody could who owns this tool; takes minutes.",
)
@click.option(
    "--mimicry",
    is_flag=True,
    help="Fine-tune models on all PICTURES together (clean, with noise, cloaked, attacked) and compare what they draw; "
    "takes a quarter of an hour.",
)
@click.option(
    "--mimic", metavar="MODEL", help="The model that --mimicry fine-tunes [default: one that this machine can train]."
)
@click.option(
    "--seeds", type=click.IntRange(1, 100), default=3, show_default=True, help="How often --mimicry trains each."
)
@click.option(
    "--held-out",
    multiple=True,
    type=PATH,
    help="Other pictures by the artist, or folders of them, to compare with what --mimicry draws [default: the right "
    "quarter of PICTURES, which is then left out of training].",
)
@click.option("-o", "--output", type=PATH, help="Write the results as an HTML page, one for all PICTURES.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    help="The seed; the same one repeats a trial exactly [default: a random one, kept in the results].",
)
@click.option(
    "--processes", type=click.IntRange(1, 256), help="How many attacks run at once [default: one on each processor]."
)
@click.option("--details", is_flag=True, help="Say in numbers what the grade and each answer rest on.")
@AS_JSON
@DB
def trial(
    pictures: tuple[Path, ...],
    output: Path | None,
    *,
    as_json: bool,
    processes: int | None,
    mimicry: bool,
    details: bool,
    **settings: Any,  # noqa: ANN401 - one an option
) -> int:
    """Measure whether the cloaks of PICTURES work, and grade them.

    PICTURES are cloaked pictures: files, folders (searched through) or quoted patterns. Measured is how much the cloak
    shows, what it does to models beside noise that shows as much, and what attacks leave of it. The original is found
    in the registry, or named with --original. The exit code does not depend on the grade.
    """
    from artaudit.auditor.trial import attempt  # noqa: PLC0415 - heavy
    from artaudit.image import write_atomically  # noqa: PLC0415 - heavy
    from artaudit.image.sources import OWN, gather  # noqa: PLC0415 - heavy
    from artaudit.protect.trial import mimicry_trial, page, run  # noqa: PLC0415 - heavy

    model, seeds, held_out = (settings.pop(name) for name in ("mimic", "seeds", "held_out"))
    paths, refused = [source.path for source in gather(pictures, own=OWN[1:])], list[ArtauditError]()
    others = tuple(source.path for source in gather(held_out, own=OWN[1:]))
    _ensure_answerable(settings["original"], paths, output)
    order = run.TrialOrder(processes=processes or os.cpu_count() or 1, **settings)
    wish = mimicry_trial.MimicryOrder(model, seeds, others, order.attacks, order.processes) if mimicry else None
    if wish is not None:
        mimicry_trial.ensure_possible(wish)
    with registry_or_empty() as registry:

        def tried(path: Path) -> Any:  # noqa: ANN401 - loads torch
            def foretell(seconds: float) -> None:
                tell(f"{path.name}: about {duration(seconds)}")

            with progress_bar(path.name) as progress:
                found = attempt(path, registry, order, progress=progress, foretell=foretell)
            if not as_json and wish is None:
                say(page.summary(found.document, details=details))
            return found

        trials, code = each(paths, tried, refused)
    if wish is not None:
        trials, failed = _imitated(trials, wish)
        code = max(code, failed)
    if output is not None and trials:
        write_atomically(output, page.card(trials))
    documents = [trial.document for trial in trials]
    if as_json:
        print_json(documents)
        return code
    if wish is not None:
        _say_what_mimics_learned(documents, details=details)
    sum_up(len(trials), len(paths), "tried", refused)
    _say_what_next(trials, details=details)
    return code


def _say_what_mimics_learned(documents: Sequence[dict[str, Any]], *, details: bool) -> None:
    """Say what trials with mimicry found, and what the mimics learned."""
    from artaudit.protect.trial import page  # noqa: PLC0415 - heavy

    said = [page.summary(document, details=details) for document in documents]
    say("\n".join([*said, *page.learned(documents)]))


def _say_what_next(trials: Sequence[Any], *, details: bool) -> None:
    """Say on stderr what shows more of the trials."""
    if trials and not details:
        tell("`--details` says what this rests on, `-o card.html` writes it as a page")


def _ensure_answerable(original: Path | None, pictures: Sequence[Path], output: Path | None) -> None:
    """Raise UsageError where nothing that is asked for could come out."""
    from artaudit.image import ensure_writable  # noqa: PLC0415 - heavy
    from artaudit.image.writing import ensure_new  # noqa: PLC0415 - heavy

    if original is not None and len(pictures) > 1 and not original.is_dir():
        raise UsageError("--original belongs to one picture: try the others one by one, or name a folder of originals.")
    if output is not None:
        ensure_new(output, "choose another -o")
        ensure_writable(output.parent)


def _imitated(trials: list[Any], wish: Any) -> tuple[list[Any], int]:  # noqa: ANN401 - loads torch
    """Let mimics learn; where they cannot, the trials stay as they are, and the exit code says so."""
    from artaudit.protect.trial import mimicry_trial  # noqa: PLC0415 - heavy

    try:
        with progress_bar("mimics") as tell:
            return mimicry_trial.imitated(trials, wish, tell), 0
    except ArtauditError as error:
        return trials, complain(error)
