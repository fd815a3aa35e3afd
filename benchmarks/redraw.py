"""Measures how well the embedded autoencoders redraw, and writes docs/limits.md's table.

Usage: python benchmarks/redraw.py --data ../shared/data [--side 256]. The pictures had no part in any training or
choice of settings.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from artaudit import distances
from artaudit.image import Image
from artaudit.protocols import Autoencoder
from artaudit.tensors import to_array, to_batch
from benchmarks.held_out import middle
from benchmarks.page import PAGE, table, write
from benchmarks.pools import embedded_pool
from training.pictures import held_out_paths


def redrawn(model: Autoencoder, pictures: Sequence[Image]) -> list[float]:
    """Return the PSNR of every picture redrawn through its latents."""
    with torch.no_grad():
        drawn = [to_array(model.decode(model.encode(to_batch(picture.pixels)))) for picture in pictures]
    return [distances.psnr(picture.pixels, redrawing) for picture, redrawing in zip(pictures, drawn, strict=True)]


def main() -> None:
    """Measure the embedded autoencoders and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--side", type=int, default=256)
    args = parser.parse_args()
    pictures = [middle(path, args.side) for path in held_out_paths(args.data, "louvre")]
    models = [encoder for encoder in embedded_pool() if isinstance(encoder, Autoencoder)]
    columns = {model.name.partition("@")[0]: {"redraw PSNR dB": redrawn(model, pictures)} for model in models}
    write(PAGE, "redraw", table(f"{len(pictures)} held-out paintings of the Louvre", columns))


if __name__ == "__main__":
    main()
