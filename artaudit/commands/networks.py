"""The commands about published networks: add, fuse, list, remove."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from artaudit.commands.common import AS_JSON, DRAWS, PATH, SEED, SPLIT, print_json, progress_bar, show_strata

LATER = "it says nothing before `audit detector fuse` has calibrated it on real and machine-made pictures"


@click.command("add")
@click.argument("source", type=PATH)
@click.option("--name", metavar="NAME", default="", help="What to call it [default: the network's name].")
@click.option("--data", type=PATH, help="Fuse it at once on this manifest, as `audit detector fuse` does.")
@SPLIT
@DRAWS
@SEED
@AS_JSON
def add_network(
    source: Path, *, name: str, data: Path | None, split: str, draws: int, seed: int, as_json: bool
) -> None:
    """Install the published network in SOURCE.

    SOURCE is a safetensors or ONNX file, or a folder with one. Known are Community Forensics at 384 and 224 pixels,
    Sieve, and the Community Forensics frontier detector of August 2026; what the file holds tells which it is, and each
    is shown pictures as its own code shows them. The file is copied, its sha256 is kept, and the network is tried once;
    pickles, ONNX files with data elsewhere and operators that are not ONNX's own are refused. ONNX files need the extra
    detectors. A network says nothing before it is calibrated: at once with --data, or later by `audit detector fuse`.
    """
    from artaudit.detect import adding  # noqa: PLC0415 - heavy

    row = adding.add(source, name)
    if not as_json:
        click.echo(f"{row['name']}  {row['about']['network']}  sha256 {row['file_sha256'][:16]}  {row['folder']}")
    if data is None:
        if as_json:
            print_json(row)
        else:
            click.echo(f"{row['name']} is installed; {LATER}.", err=True)
        return
    made = _fused(data, split, draws, seed)
    if as_json:
        print_json(row | {"calibrated": True, "asked": False, "fused": made})
    else:
        _show(made)


@click.command("fuse")
@click.argument("data", type=PATH)
@SPLIT
@DRAWS
@SEED
@AS_JSON
def fuse_networks(data: Path, *, split: str, draws: int, seed: int, as_json: bool) -> None:
    """Join the added networks and the shipped detector into one.

    DATA is a manifest of pictures that none of them learned from. Each network is calibrated on it, and one logistic
    regression weighs all scores, none negatively. How good the result is, is measured on generators and sources that
    the regression did not see (on groups, where DATA names fewer than three). From then on `audit check` asks the fused
    detector, until `audit detector remove fused`. A run that was stopped goes on where it was.
    """
    made = _fused(data, split, draws, seed)
    if as_json:
        print_json(made)
    else:
        _show(made)


@click.command("list")
@AS_JSON
def list_detectors(*, as_json: bool) -> None:
    """List the shipped, the added and the fused detectors."""
    from artaudit.detect import adding  # noqa: PLC0415 - heavy

    rows = adding.listed()
    if as_json:
        print_json(rows)
        return
    for row in rows:
        said = "asked by checks" if row["asked"] else "calibrated" if row["calibrated"] else "says nothing yet"
        rests = f"of {', '.join(row['parts'])}" if row["parts"] else row["about"].get("network", row["kind"])
        click.echo("  ".join([row["name"], rests, said, row["sha256"][:12], row["folder"]]))


@click.command("remove")
@click.argument("name")
@AS_JSON
def remove_network(name: str, *, as_json: bool) -> None:
    """Remove the added network or fused detector called NAME.

    With a network goes the fused detector that was made from it.
    """
    from artaudit.detect import adding  # noqa: PLC0415 - heavy

    gone = adding.remove(name)
    asked = next(row["name"] for row in adding.listed() if row["asked"])
    if as_json:
        print_json({"removed": gone, "asked": asked})
    else:
        click.echo(f"Removed {' and '.join(gone)}; checks ask the detector called {asked}.")


def _fused(data: Path, split: str, draws: int, seed: int) -> dict[str, Any]:
    from artaudit.detect import fusing  # noqa: PLC0415 - heavy

    with progress_bar("reading") as progress:
        return fusing.fuse(data, split=split, draws=draws, seed=seed, progress=progress)


def _show(made: dict[str, Any]) -> None:
    """Print how good each part and the whole are, and what the whole was calibrated on."""
    for name, auc in made["auc"].items():
        weight = f"  weight {made['weights'][name]:.2f}" if name in made["weights"] else ""
        click.echo(f"{name}  AUC {auc['value']:.3f} [{auc['low']:.3f}, {auc['high']:.3f}]{weight}")
    alarms = made["false_alarms"]
    left_out = ", ".join(f"{label} by {what}" for label, what in made["left_out"].items())
    click.echo(f"{made['path']}  false alarms {alarms['count']} of {alarms['trials']}, left out: {left_out}")
    show_strata(made)


COMMANDS = (add_network, fuse_networks, list_detectors, remove_network)
