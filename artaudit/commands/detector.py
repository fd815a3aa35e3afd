"""The commands about detectors: train, calibrate, evaluate, export, score; those of added networks are beside it."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import click

from artaudit.commands.common import (
    AS_JSON,
    DRAWS,
    EDITS,
    PATH,
    PICTURES,
    SEED,
    SPLIT,
    counted,
    each,
    print_json,
    progress_bar,
    say,
    show_strata,
)
from artaudit.commands.networks import COMMANDS
from artaudit.commands.words import Group
from artaudit.errors import UsageError
from artaudit.spreadsheets import guarded

MODEL = click.argument("model", type=PATH)


@click.group(cls=Group)
def detector() -> None:
    """Train, measure and add detectors of machine-made pictures.

    A detector is a folder, and MODEL is its path. MODEL may also be the name of an added network, fused for the
    detector that `audit detector fuse` made or, where it is only read, shipped for the one that comes with artaudit.
    """


for _command in COMMANDS:
    detector.add_command(_command)


@detector.command()
@click.argument("config", type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help="The folder that keeps the detector.")
@AS_JSON
def train(config: Path, output: Path, *, as_json: bool) -> None:
    """Train the detector that CONFIG, a YAML file, describes.

    CONFIG needs one line, `data: manifest.csv`; docs/detectors.md lists all others and every detector's settings, and
    examples/ holds an annotated CONFIG for each. Every picture is saved and resized by the same recipe, and data whose
    files give the labels away is refused. A run that was stopped goes on where it was.
    """
    from artaudit.detect.config import read_config  # noqa: PLC0415 - reads YAML

    read_config(config)  # a mistake is answered before what is heavy is imported
    from artaudit.detect import training  # noqa: PLC0415 - heavy

    with progress_bar("reading") as progress:
        made = training.train(config, output, progress)
    for left in made.get("unread", ()):
        click.echo(f"left out: {left['path']} {left['reason']}", err=True)
    if made:
        _tell(made, f"{output}  threshold {made['threshold']:.2f}", as_json=as_json)


@detector.command()
@MODEL
@click.argument("data", type=PATH)
@SPLIT
@DRAWS
@SEED
@AS_JSON
def calibrate(model: Path, data: Path, *, split: str, draws: int, seed: int, as_json: bool) -> None:
    """Learn what the scores of MODEL mean: likelihood ratios.

    MODEL is a folder that `audit detector train` wrote, and DATA a manifest of pictures that it was not trained on. The
    ratios are bounded by the number of pictures. Files are kept apart by how they were saved last: a stratum holds the
    files of one codec, and of JPEGs those of one band of quality (90 to 100, 75 to 89, below 75). Each stratum is
    calibrated by itself and needs 30 groups of real and 30 of machine-made pictures (a group holds what belongs
    together, like the pictures of one prompt); files of other strata get no ratio. Groups are counted before any
    picture is read.
    """
    from artaudit.detect import calibrating  # noqa: PLC0415 - heavy
    from artaudit.detect.loading import chosen  # noqa: PLC0415 - heavy

    with progress_bar("reading") as progress:
        made = calibrating.calibrate(chosen(model), data, split=split, draws=draws, seed=seed, progress=progress)
    if as_json:
        print_json(made)
        return
    alarms = made["false_alarms"]
    click.echo(f"{model}  false alarms {alarms['count']} of {alarms['trials']}")
    show_strata(made)


@detector.command()
@MODEL
@click.argument("data", type=PATH)
@SPLIT
@EDITS
@click.option(
    "--learn",
    default="",
    metavar="NAME",
    help="Train on these rows of DATA, too: on one generator alone, and on all but one, each in turn.",
)
@click.option(
    "-o", "--output", type=PATH, help="A new folder for the answer as JSON, its tables as CSV and LaTeX, and figures."
)
@AS_JSON
def evaluate(
    model: Path,
    data: Path,
    *,
    split: str,
    edits: tuple[str, ...],
    learn: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """Measure how well MODEL finds the machine-made pictures of DATA.

    DATA is a manifest. Metrics have 95 % intervals and are given for each generator, false alarms for each source of
    real pictures. Every picture is edited alike, real or not. A picture unlike all that MODEL learned from is out of
    distribution: it counts as not found and as no false alarm, and keeps its score in AUC. With --json, ROC points and
    every picture's score are there as well; docs/detectors.md lists the keys.
    """
    from artaudit.detect import evaluation  # noqa: PLC0415 - heavy
    from artaudit.detect.loading import chosen  # noqa: PLC0415 - heavy

    asked = edits or evaluation.EDITS
    with progress_bar("measuring") as progress:
        found = evaluation.evaluate(
            chosen(model), data, split=split, edits=asked, learn=learn, output=output, progress=progress
        )
    if as_json:
        print_json(found)
    else:
        _show(found)


def _show(found: dict[str, Any]) -> None:
    """Print an evaluation: along edits, then by source of real pictures, then what heads learn of other generators."""
    for edit, row in found["curve"].items():
        strange = row["out_of_distribution"] + row["real"]["out_of_distribution"]
        counts = (
            f"{row['found']['count']} of {row['n']}; {strange} of {row['n'] + row['real']['n']} out of distribution"
        )
        click.echo(f"{edit:>12}  AUC {_figure(row['AUC'])}  found {_figure(row['found'])}, {counts}")
        notes = {"": row["note"], **{name: told["note"] for name, told in found["generators"][edit].items()}}
        for name, note in notes.items():
            if note and not (name and len(notes) == 2):  # noqa: PLR2004 - one generator alone says the same
                click.echo(f"{'':>12}  {f'{name}: ' if name else ''}{note}")
    for source, rows in found["false_alarms"].items():
        for edit, row in rows.items():
            said = f"{row['alarms']} of {row['pictures']} false alarms, {row['abstentions']} abstentions"
            click.echo(f"{edit:>12}  {source or 'real'}: {said}")
    for name, value in found.get("left_out", {}).items():
        click.echo(f"{name} left out of training: AUC {_figure(value)}")
    for generator, row in found.get("trained_on_one", {}).items():
        measured = ", ".join(f"{other} {_figure(value)}" for other, value in row.items())
        click.echo(f"trained on {generator} alone: {measured}")


def _figure(value: dict[str, Any]) -> str:
    return f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"


@detector.command("export")
@MODEL
@click.argument("target", type=PATH)
@AS_JSON
def export_detector(model: Path, target: Path, *, as_json: bool) -> None:
    """Copy MODEL, its card and digests to the new folder TARGET."""
    from artaudit.detect import model_folder  # noqa: PLC0415 - heavy
    from artaudit.detect.loading import chosen  # noqa: PLC0415 - heavy

    made = model_folder.export(chosen(model), target)
    _tell(made, f"{target}  {len(made['files'])} files", as_json=as_json)


@detector.command("score")
@MODEL
@PICTURES
@AS_JSON
@click.option("--csv", "as_csv", is_flag=True, help="Print a table with a line for each picture.")
def score_pictures(model: Path, pictures: tuple[Path, ...], *, as_json: bool, as_csv: bool) -> int:
    """Print the scores that MODEL gives PICTURES, and no finding.

    PICTURES are files, folders (searched through), quoted patterns, or - for standard input. MODEL need not be
    calibrated. A score is in log odds, and a picture counts as found from the threshold on; nothing is said of a
    picture unlike all that MODEL learned from, which is out of distribution. With --json, every crop's place and score
    is there too. What scores let one conclude, `audit check --detector MODEL` says.
    """
    if as_json and as_csv:
        raise UsageError("--json and --csv are two forms of one answer: choose one of them.")
    from artaudit.auditor.suspects import suspects  # noqa: PLC0415 - heavy
    from artaudit.detect import scoring  # noqa: PLC0415 - heavy
    from artaudit.detect.loading import chosen, open_scoring  # noqa: PLC0415 - heavy

    meant, asked = suspects(pictures), open_scoring(chosen(model))
    table = csv.DictWriter(sys.stdout, scoring.COLUMNS, lineterminator="\n")
    if as_csv:
        table.writeheader()

    def measure(suspect: Any) -> dict[str, Any]:  # noqa: ANN401 - heavy to name
        found = scoring.score(asked, suspect.open())
        if as_csv:
            table.writerow(guarded(found.as_row()))
        elif not as_json:
            said = "no score" if found.score is None else f"{found.score:+.3f}"
            why = f" ({found.reason})" if found.reason else ""
            say(f"{found.path}  {said}  threshold {found.threshold:+.3f}  {found.verdict}{why}")
        return found.as_dict()

    with counted("scoring", meant, len(meant)) as shown:
        documents, code = each(shown, measure)
    if as_json:
        print_json(documents)
    return code


def _tell(document: dict[str, Any], line: str, *, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        click.echo(line)
