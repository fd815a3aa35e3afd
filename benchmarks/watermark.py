"""Measures the reader of invisible-watermark's codes: false alarms on clean pictures, codes found after JPEG and crops.

    python benchmarks/watermark.py [--data ../shared/data] [--clean 320] [--marked 24]

Pictures are cut to 512 x 512 pixels at most. Marks are written by the `invisible-watermark` package itself.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path

import numpy as np
from imwatermark import WatermarkEncoder
from PIL import Image as Pillow

from artaudit.image import read
from artaudit.provenance.watermark.dwtdct import Payload
from artaudit.provenance.watermark.payloads import PAYLOADS, THRESHOLD, strongest

SIDE = 512
SOURCES = ("kodak", "mcmaster", "cbsd", "imagenet", "louvre", "vangogh", "monet")


def pictures(data: Path, number: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (source, samples) of `number` pictures, one source after another in turn."""
    folders = [sorted((data / "real" / source).rglob("*.*")) for source in SOURCES]
    turns = chain.from_iterable(
        (files[turn] for files in folders if turn < len(files)) for turn in range(max(map(len, folders)))
    )
    cut = ((path.parent.name, read(path).rgb8[:SIDE, :SIDE]) for path in turns)
    return islice(((source, rgb) for source, rgb in cut if min(rgb.shape[:2]) >= SIDE // 2), number)


def marked(rgb: np.ndarray, payload: Payload) -> np.ndarray:
    """Hide a code in a picture."""
    encoder = WatermarkEncoder()
    encoder.set_watermark("bits", [int(bit) for bit in payload.bits])
    return np.ascontiguousarray(encoder.encode(np.ascontiguousarray(rgb[..., ::-1]), "dwtDct")[..., ::-1])


def jpeg(rgb: np.ndarray, quality: int, subsampling: str) -> np.ndarray:
    """Pass a picture through a JPEG file."""
    buffer = io.BytesIO()
    Pillow.fromarray(rgb).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Pillow.open(buffer))


def crop(rgb: np.ndarray) -> np.ndarray:
    """Cut a quarter out, off the grid of blocks."""
    return rgb[37 : 37 + SIDE // 2, 21 : 21 + SIDE // 2]


AFTER: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "untouched": lambda rgb: rgb,
    "JPEG 95 4:4:4": lambda rgb: jpeg(rgb, 95, "4:4:4"),
    "JPEG 95 4:2:0": lambda rgb: jpeg(rgb, 95, "4:2:0"),
    "JPEG 90 4:2:0": lambda rgb: jpeg(rgb, 90, "4:2:0"),
    "crop 256": crop,
    "crop 256, JPEG 95 4:4:4": lambda rgb: jpeg(crop(rgb), 95, "4:4:4"),
}


def false_alarms(data: Path, number: int) -> None:
    """Print the strongest readings of clean pictures, aligned and searched for."""
    scores: dict[bool, list[float]] = {False: [], True: []}
    for _, rgb in pictures(data, number):
        reading, searched = strongest(rgb)
        scores[searched].append(reading.score)
    together = [*scores[False], *scores[True]]
    alarms = sum(score >= THRESHOLD for score in together)
    print(f"clean: {alarms} of {len(together)} at {THRESHOLD}; highest {max(together):.2f}", flush=True)
    print(f"highest where the search read most: {max(scores[True], default=0.0):.2f} of {len(scores[True])}")


def finds(data: Path, number: int) -> None:
    """Print how many marks are found, and attributed to the right payload, after each change."""
    carriers = [rgb for _, rgb in pictures(data, number) if min(rgb.shape[:2]) >= SIDE // 2 + 40]
    print(f"marked: {len(carriers)} pictures", "  ".join(AFTER), sep="; ")
    for payload in PAYLOADS:
        found = dict.fromkeys(AFTER, 0)
        for rgb in carriers:
            hidden = marked(rgb, payload)
            for name, change in AFTER.items():
                reading, _ = strongest(change(hidden))
                found[name] += reading.score >= THRESHOLD and reading.payload is payload
        print(f"{payload.name:20s}", "  ".join(f"{count:3d}" for count in found.values()), flush=True)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--clean", type=int, default=320)
    parser.add_argument("--marked", type=int, default=24)
    chosen = parser.parse_args()
    false_alarms(chosen.data, chosen.clean)
    finds(chosen.data, chosen.marked)


if __name__ == "__main__":
    main()
