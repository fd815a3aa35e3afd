"""The commands about published networks: add, fuse, list, remove."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from artaudit.commands.common import AS_JSON, DRAWS, PATH, SEED, SPLIT, print_json, progress_bar, show_strata

LATER = "it says nothing before `audit detector fuse` has calibrated it on real and machine-made pictures"


@click.command("add")
@click.argument("source", type=PATH)
@click.option("--name", default="", help="What to call it [default: the network's name].")
@click.option("--data", type=PATH, help="Fuse it at once, as `audit detector fuse DATA` does, on this manifest.")
@SPLIT
@DRAWS
@SEED
@AS_JSON
def add_network(
    source: Path, *, name: str, data: Path | None, split: str, draws: int, seed: int, as_json: bool
) -> None:
    """Install the published network in SOURCE: a safetensors or ONNX file, or a folder with one.

    Known are Community Forensics at 384 and 224 pixels, Sieve, and the Community Forensics frontier detector of August
    2026; what the file holds tells which, and each sees pictures as its own code shows them. The file is copied, pinned
    by its sha256 and asked once; pickles, data in other files and operators that are not ONNX's own are refused. ONNX
    needs the extra detectors. A network says nothing before it is calibrated, with --data or later.
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
    """Calibrate the added networks on the manifest DATA and join them with the shipped detector, which then answers so.

    One logistic regression weighs all scores, none negatively; what is measured of it is measured on generators and
    sources left out (groups, where DATA names fewer than three). Pictures should be such that no part learned from
    them. `audit check` asks the result, one finding, until it is removed; a stopped run goes on where it was.
    """
    made = _fused(data, split, draws, seed)
    if as_json:
        print_json(made)
    else:
        _show(made)


@click.command("list")
@AS_JSON
def list_detectors(*, as_json: bool) -> None:
    """List the shipped detector, the added networks and the detector they are fused into."""
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
    """Remove the added network NAME, and the fused detector where it rests on it; or only the one called fused."""
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
    for name, one in made["auc"].items():
        weight = f"  weight {made['weights'][name]:.2f}" if name in made["weights"] else ""
        click.echo(f"{name}  AUC {one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]{weight}")
    alarms = made["false_alarms"]
    left_out = ", ".join(f"{label} by {what}" for label, what in made["left_out"].items())
    click.echo(f"{made['path']}  false alarms {alarms['count']} of {alarms['trials']}, left out: {left_out}")
    show_strata(made)


COMMANDS = (add_network, fuse_networks, list_detectors, remove_network)
