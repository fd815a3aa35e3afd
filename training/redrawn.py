"""Redraws freely licensed real pictures through autoencoders: machine-made pictures of the same content.

Usage: python -m training.redrawn FOLDER… --data ../shared/data [--out .cache/redrawn] [--count 3] [--part 0/2]
FOLDERS hold the collected pictures. `count` pictures of every real source that may be learned from, drawn by a seed,
are redrawn whole by the embedded autoencoders and by VAElight in turns, as pictures by latent diffusion are decoded.
Files are PNG, called by the digest of the original and the model; a run may be stopped.
Redrawings as positives: Rajan et al., "Aligned Datasets Improve Detection of Latent Diffusion-Generated Images", ICLR
2025, https://arxiv.org/abs/2410.11835.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import torch
from PIL import Image as Pillow

from artaudit.attribution.candidate import candidates, open_candidate
from artaudit.attribution.known_pictures import as_levels, as_pixels, to_8_bits
from artaudit.attribution.statistic import redraw
from artaudit.image import write_atomically
from training.attribution import teachers
from training.collection import LEARNED, drawn_by_source, found, listed, opened

MODELS = ("studio-sd1", "studio-flux2", "vaelight_sd1")
GRID, LARGEST = 64, 1024
"""Sides are cut to multiples of the first, as generators draw them, and to at most the second."""


def main() -> None:
    """Redraw what is not redrawn yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path(".cache/redrawn"))
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--part", default="0/1", help="which of how many processes this is")
    args = parser.parse_args()
    part, parts = map(int, args.part.split("/"))
    records = {each.record.name: each.record for each in (*candidates(MODELS[:2]), *teachers(args.data))}
    models = [open_candidate(records[name]) for name in MODELS]
    places = found(args.folders, (row.sha256 for row in listed()))
    args.out.mkdir(parents=True, exist_ok=True)
    free = [row for row in listed() if row.use == LEARNED and row.sha256 in places]
    for number, row in enumerate(drawn_by_source(free, args.count)):
        place = number % len(MODELS)
        target = args.out / f"{row.sha256}-{MODELS[place]}.png"
        if number % parts != part or target.exists():
            continue
        levels = opened(row, places[row.sha256])[:LARGEST, :LARGEST]
        height, width = (length // GRID * GRID for length in levels.shape[:2])
        (redrawn,) = as_levels(to_8_bits(redraw(models[place], as_pixels([levels[:height, :width]]))))
        buffer = io.BytesIO()
        Pillow.fromarray(redrawn).save(buffer, "PNG")
        write_atomically(target, buffer.getvalue())
        print(number, row.source, MODELS[place], flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
