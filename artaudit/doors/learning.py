"""The commands about detectors: train, calibrate, evaluate, export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from artaudit.doors.common import AS_JSON, PATH, print_json, progress_bar

SPLIT = click.option("--split", default="val", show_default=True, help="The rows of DATA to use.")


@click.command()
@click.argument("config", type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help="The folder that keeps the detector.")
@AS_JSON
def train(config: Path, output: Path, *, as_json: bool) -> None:
    """Train the detector that CONFIG, a YAML file, describes; a stopped run goes on where it was.

    CONFIG needs one line, `data: manifest.csv`. Others: detector, settings, learn, hold_out, draws, seed, without,
    biased. Every picture is handled by the same recipe, and data whose files give the labels away is refused.
    """
    from artaudit.detect import training  # noqa: PLC0415 - heavy

    with progress_bar("reading") as progress:
        made = training.train(config, output, progress)
    if made:
        _tell(made, f"{output}  threshold {made['threshold']:.2f}", as_json=as_json)


@click.command()
@click.argument("model", type=PATH)
@click.argument("data", type=PATH)
@SPLIT
@click.option("--draws", type=click.IntRange(1), default=4, show_default=True, help="Random handlings of a picture.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True)
@AS_JSON
def calibrate(model: Path, data: Path, *, split: str, draws: int, seed: int, as_json: bool) -> None:
    """Teach MODEL, a folder that `audit train` wrote, what its scores mean, on pictures it was not trained on.

    DATA is a manifest; scores become likelihood ratios, bounded by the number of pictures.
    """
    from artaudit.detect import calibrating  # noqa: PLC0415 - heavy

    with progress_bar("reading") as progress:
        made = calibrating.calibrate(model, data, split=split, draws=draws, seed=seed, progress=progress)
    alarms = made["false_alarms"]
    _tell(made, f"{model}  false alarms {alarms['count']} of {alarms['trials']}", as_json=as_json)


@click.command()
@click.argument("model", type=PATH)
@click.argument("data", type=PATH)
@SPLIT
@click.option("--edit", "edits", multiple=True, help="What is done to every picture [default: a few of them].")
@click.option("--task", type=click.Choice(["detection", "attribution"]), default="detection", show_default=True)
@click.option(
    "--learn", default="", metavar="SPLIT", help="Rows to cross generators with: train on one, leave one out."
)
@click.option("--plots", type=PATH, help="A folder for figures.")
@AS_JSON
def evaluate(  # noqa: PLR0913 - click hands options over one by one
    model: Path,
    data: Path,
    *,
    split: str,
    edits: tuple[str, ...],
    task: str,
    learn: str,
    plots: Path | None,
    as_json: bool,
) -> None:
    """Measure MODEL on the manifest DATA: metrics with intervals, generator by generator, and false alarms by source.

    Every picture is edited alike, real or not. Of the task attribution, MODEL is the name of a candidate of
    `audit attribute`, or "auto" for all of them, and real pictures as they redraw them are their own.
    """
    if task == "attribution":
        _evaluate_attribution(str(model), data, split, edits, as_json=as_json)
        return
    from artaudit.detect import evaluation  # noqa: PLC0415 - heavy

    with progress_bar("measuring") as progress:
        found = evaluation.evaluate(
            model, data, split=split, edits=edits or evaluation.EDITS, learn=learn, plots=plots, progress=progress
        )
    if as_json:
        print_json(found)
        return
    for edit, row in found["curve"].items():
        click.echo(f"{edit:>12}  AUC {row['AUC']}  found {row['found']}  of {row['pictures']} pictures")
    for source, rows in found["false_alarms"].items():
        for edit, row in rows.items():
            said = f"{row['alarms']} of {row['pictures']} false alarms, {row['out of domain']} out of domain"
            click.echo(f"{edit:>12}  {source or 'real'}: {said}")
    for name, value in found.get("left_out", {}).items():
        click.echo(f"{name} left out of training: AUC {value}")
    for one, row in found.get("trained_on_one", {}).items():
        click.echo(f"trained on {one} alone: " + ", ".join(f"{other} {value}" for other, value in row.items()))


@click.command("export")
@click.argument("model", type=PATH)
@click.argument("target", type=PATH)
@AS_JSON
def export_detector(model: Path, target: Path, *, as_json: bool) -> None:
    """Copy MODEL with its card and digests into the new folder TARGET."""
    from artaudit.detect import model_folder  # noqa: PLC0415 - heavy

    made = model_folder.export(model, target)
    _tell(made, f"{target}  {len(made['files'])} files", as_json=as_json)


def _evaluate_attribution(model: str, data: Path, split: str, edits: tuple[str, ...], *, as_json: bool) -> None:
    from artaudit.auditor import naming  # noqa: PLC0415 - heavy

    with progress_bar("measuring") as progress:
        found = naming.evaluate((model,), data, split=split, edits=edits or naming.EDITS, progress=progress)
    if as_json:
        print_json(found)
        return
    for edit, told in found["curve"].items():
        click.echo(f"{edit}: closed-set accuracy {told['closed_set_accuracy']}, open-set AUC {told['open_set_auc']}")
        for name, row in told["candidates"].items():
            at_5 = row["accuracy_at_5_percent_false_alarms"]
            click.echo(f"  {name}  AUC {row['auc']}, accuracy at 5 % false alarms {at_5}")
        for truth, row in told["confusion"].items():
            click.echo(f"  drawn by {truth}: {', '.join(f'{name} {count}' for name, count in row.items())}")


def _tell(document: dict[str, Any], line: str, *, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        click.echo(line)


COMMANDS: tuple[click.Command, ...] = (train, evaluate, calibrate, export_detector)
