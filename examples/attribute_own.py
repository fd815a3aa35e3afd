"""Asks an autoencoder of your own whether it drew pictures, after it has learned what it leaves in what it draws.

python examples/attribute_own.py my-vae my-model/vae photographs suspicious.png

The model is installed under its name as `audit models add` does (ARTAUDIT_MODELS names the folder).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import artaudit
from artaudit.attribution import attribute, calibrate_model, candidates
from artaudit.generators import add_model, list_models


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, install and calibrate once, and ask."""
    parser = argparse.ArgumentParser(description="Ask an autoencoder of your own whether it drew pictures.")
    parser.add_argument("name", help="what to call the model")
    parser.add_argument("vae", type=Path, help="folder with an autoencoder of diffusers")
    parser.add_argument(
        "real", type=Path, help="folder of PNG files that no model made: ten at least, better a hundred"
    )
    parser.add_argument("suspects", type=Path, nargs="+", help="pictures to ask about")
    parser.add_argument("--family", default="mine", help="its latent space")
    parser.add_argument("--method", default="inversion", help="what to weigh, a name of catalog.ATTRIBUTIONS")
    asked = parser.parse_args(arguments)

    if asked.name not in {record.name for record in list_models()}:
        add_model(asked.name, asked.vae, family=asked.family)
    (own,) = candidates((asked.name,))
    if own.calibration is None:
        reals = [artaudit.read(path) for path in sorted(asked.real.glob("*.png"))]
        learned = calibrate_model(asked.name, reals, method=asked.method)
        print(*learned.summary(), sep="\n")
    for path in asked.suspects:
        found = attribute(path, candidates((asked.name,)))
        said = {True: "yes", False: "no", None: "cannot tell"}[found.holds]
        print(f"{path}: {said}: {found.claim}")


if __name__ == "__main__":
    main()
