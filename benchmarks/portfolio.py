"""Measures the CPU time of a large portfolio: registering, a check of 10,000 works, a query of a million sketches.

    python benchmarks/portfolio.py --data ../shared/data [--works 10000] [--write]

The works are synthetic: features of Louvre paintings, drawn at random and disturbed, so that no two are alike. Among
them is one registered painting, of which a crop is checked. Seconds are CPU time, all threads together.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from artaudit.auditor.examiners import read_portfolio
from artaudit.auditor.register import register
from artaudit.auditor.registry import Registry
from artaudit.image import Image
from artaudit.matching import describers
from artaudit.matching.binary_codes import Sketches
from artaudit.matching.examiner import PortfolioExaminer
from artaudit.matching.keypoints import Keypoints, extract, extract_suspect
from benchmarks.match import as_image, manifest, opened
from benchmarks.page import PAGE, write

SOURCES, KEPT, REGISTERED = 40, 1000, 12
MOVED = 40
MILLION = 1_000_000
VIEWS = np.zeros((22, describers.SIDE, describers.SIDE, 3), np.uint8)


def synthetic(sources: Sequence[Keypoints], count: int) -> Iterator[bytes]:
    """Yield keypoints of synthetic works: random ones of all sources, each number of a descriptor moved by up to 40."""
    draw = np.random.default_rng(0)
    descriptors = np.concatenate([keypoints.descriptors for keypoints in sources]).astype(np.int16)
    moves = draw.integers(-MOVED, MOVED + 1, (20 * KEPT, descriptors.shape[1])).astype(np.int16)
    for _ in range(count):
        points, begin = draw.uniform(0, 500, (KEPT, 2)).astype(np.float32), draw.integers(0, 19 * KEPT)
        moved = descriptors[draw.integers(0, len(descriptors), KEPT)] + moves[begin : begin + KEPT]
        yield Keypoints(points, np.clip(moved, 0, 255).astype(np.uint8), (500, 500)).to_bytes()


def fill(registry: Registry, sources: Sequence[Keypoints], count: int) -> None:
    """Register synthetic works."""
    draw = np.random.default_rng(1)
    for number, keypoints in enumerate(synthetic(sources, count)):
        image = Image(f"{number}.png", number.to_bytes(4), "PNG", np.full((1, 1, 3), number % 256, np.uint8))
        prints = {"pdq": draw.bytes(32) + bytes([100]), "keypoints": keypoints}
        registry.add_work(image, title=f"work {number}", fingerprints=prints, preview=b"")


def timed(act: Callable[[], object]) -> tuple[object, float]:
    """Return the result of a call and its CPU seconds."""
    begin = time.process_time()
    done = act()
    return done, time.process_time() - begin


def million() -> float:
    """Return the CPU seconds of one query of a million sketches."""
    draw = np.random.default_rng(2)
    bits = draw.integers(0, 2**64, (8, MILLION), dtype=np.uint64)
    sketches = Sketches(np.arange(MILLION, dtype=np.int32), bits)
    query = bits[:, [7]].T.copy()
    seconds = [timed(lambda: sketches.nearest(query, 20))[1] for _ in range(5)]
    return float(np.median(seconds))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--works", type=int, default=10_000)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    pictures = [opened(asked.data, row) for row in manifest(asked.data)[:SOURCES]]
    describer = describers.chosen()
    with tempfile.TemporaryDirectory() as folder, Registry(Path(folder) / "registry.db") as registry:
        register(pictures[-1], registry, "the first, which opens the model")
        each = [timed(lambda image=image: register(image, registry, image.name))[1] for image in pictures[:REGISTERED]]  # type: ignore[misc]
        registering = f"registering {np.mean(each):.2f} s a work, the quickest {min(each):.2f} s "
        registering += f"({describer.kind if describer else 'no describer'})"
        print(registering, flush=True)
        _, filled = timed(lambda: fill(registry, [extract(image.rgb8) for image in pictures], asked.works))
        print(f"filled in {filled:.0f} s", flush=True)
        _, built = timed(lambda: read_portfolio(registry))
        portfolio, opening = timed(lambda: read_portfolio(registry))
        rgb8 = pictures[0].rgb8
        crop = as_image(rgb8[: rgb8.shape[0] // 2, : rgb8.shape[1] // 2], "crop")
        stranger = pictures[-2]
        rows = [f"index made: {built:.1f} s", f"portfolio opened: {opening:.2f} s"]
        for name, image in (("a crop of a work", crop), ("a stranger", stranger)):
            found, seconds = timed(lambda image=image: PortfolioExaminer(portfolio).examine(image))  # type: ignore[arg-type, misc]
            own = timed(lambda image=image: extract_suspect(image.rgb8))[1]  # type: ignore[misc]
            model = timed(lambda: describer(VIEWS))[1] if describer else 0.0
            claim = found[0].claim  # type: ignore[index]
            rows.append(f"{name}: {seconds - own - model:.2f} s (beyond features and models): {claim}")
    rows.append(f"a query of {MILLION:,} sketches: {1000 * million():.0f} ms")
    text = f"{asked.works + REGISTERED + 1:,} works, {registering}.\n\n" + "\n".join(f"- {row}" for row in rows)
    print(text, flush=True)
    if asked.write:
        write(PAGE, "portfolio", text)


if __name__ == "__main__":
    main()
