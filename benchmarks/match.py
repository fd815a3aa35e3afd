"""Recall of edited copies and false matches among unrelated pictures, and what a check of many works costs.

    python benchmarks/match.py --data ../shared/data [--parts edits cloaks strangers] [--write] [--shard 0/1]

Registers the 29 paintings of two artists' series and 150 Louvre paintings of the validation split; checks every edit
of the first 60 of them, and pictures that show none of them. No vocabulary was learned from these pictures and no
setting chosen on them. Results lie in .cache/match, a file for each part; `--write` puts them into docs/limits.md.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
from PIL import Image as Pillow

from artaudit.image import Image, decode
from artaudit.matching import Portfolio, PortfolioEntry, describe, fingerprint
from artaudit.matching.describers import Describer, chosen
from artaudit.matching.keypoints import Keypoints
from artaudit.matching.retrieval import RetrievedWork
from benchmarks.edits import EDITS, Picture, jpeg
from benchmarks.match_page import write_page
from training.pictures import open_picture

WORKS, EDITED = 179, 60
OUT = Path(".cache/match")
PARTS = ("cloaks", "strangers", "edits")
CLOAKED = ("cloaked", "cloaked, jpeg 75")
CLOAK_SIDE, CLOAK_STEPS = 256, 20
TUNED_ON = ("louvre", "train")
"""Source and split that the vocabulary was learned and the retrieval tuned on; they are left out here."""


def manifest(data: Path) -> list[dict[str, str]]:
    """Return the rows that nothing was learned or tuned on, works first, in a fixed order."""
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if (row["source"], row["split"]) != TUNED_ON]
    ours = [row for row in rows if row["split"] == "portfolio"]
    ours += [row for row in rows if row["source"] == "louvre"][: WORKS - len(ours)]
    rest = [row for row in rows if row not in ours]
    return ours + [rest[place] for place in np.random.default_rng(0).permutation(len(rest))]


def as_image(rgb8: Picture, name: str) -> Image:
    """Wrap pixels as a PNG file."""
    buffer = io.BytesIO()
    Pillow.fromarray(np.ascontiguousarray(rgb8)).save(buffer, "PNG", compress_level=1)
    return decode(buffer.getvalue(), name=name)


def opened(data: Path, row: dict[str, str]) -> Image:
    """Read a picture without its white letterbox, at most 512 pixels long."""
    picture = open_picture(data / row["path"])
    picture.thumbnail((512, 512))
    return as_image(np.asarray(picture), row["path"])


def registered(number: int, image: Image, describer: Describer | None) -> PortfolioEntry:
    """Register a picture."""
    prints = fingerprint(image)
    described = describe(image, describer) if describer else b""
    names = (number, image.name, image.sha256, image.pixels_sha256)
    return PortfolioEntry(*names, prints["pdq"], prints["keypoints"], descriptors=described)


def cloaked(images: Sequence[Image]) -> list[Image]:
    """Cloak pictures, shrunk to 256 pixels, by the default method against the embedded models."""
    from benchmarks.pools import cloaked as cloak_file  # noqa: PLC0415 - torch only where it is needed
    from benchmarks.pools import workshop  # noqa: PLC0415

    job = workshop(steps=CLOAK_STEPS)
    results = []
    for number, image in enumerate(images):
        picture = Pillow.fromarray(image.rgb8)
        picture.thumbnail((CLOAK_SIDE, CLOAK_SIDE))
        small = as_image(np.asarray(picture), image.name)
        results.append(cloak_file(job, small, number))
    return results


class Watched(Portfolio):
    """A portfolio that records which works had votes, and would be confirmed without a describer, too."""

    voted: ClassVar[set[int]] = set()

    def _ways(self, hits: Any, keypoints: Keypoints) -> list[RetrievedWork]:  # noqa: ANN401 - a private class
        ways = super()._ways(hits, keypoints)
        Watched.voted = {way.work for way in ways if way.votes > 0}
        return ways


def observed(portfolio: Portfolio, image: Image, truth: int | None, kind: str) -> dict[str, Any]:
    """Check one suspect; `plain` marks the matches that a check without a describer makes, too."""
    begin = time.process_time()
    matches = portfolio.matches(image)
    seconds = time.process_time() - begin
    found = [
        {
            "right": match.work == truth,
            "tier": match.tier,
            "band": match.band,
            "score": match.score,
            "title": match.title,
            "plain": match.tier != "descriptor" and (match.tier != "keypoints" or match.work in Watched.voted),
        }
        for match in matches
    ]
    for match in found:
        if not match["right"]:
            print(f"  wrong: {image.name}, {kind}: {match}", flush=True)
    pairs = len(portfolio.entries) - (truth is not None)
    return {"kind": kind, "name": image.name, "of": truth, "pairs": pairs, "found": found, "seconds": seconds}


def edits(works: Sequence[Image], portfolio: Portfolio, shard: tuple[int, int]) -> Iterator[dict[str, Any]]:
    """Check every edit of the works of this shard."""
    numbers = range(EDITED)[shard[0] :: shard[1]]
    for number in numbers:
        for name, edit in EDITS.items():
            yield observed(portfolio, as_image(edit(works[number].rgb8), works[number].name), number, name)


def cloaks(works: Sequence[Image], portfolio: Portfolio, shard: tuple[int, int]) -> Iterator[dict[str, Any]]:
    """Check the cloaked works of this shard."""
    numbers = range(EDITED)[shard[0] :: shard[1]]
    for number, image in zip(numbers, cloaked([works[number] for number in numbers]), strict=True):
        for name, copy in zip(CLOAKED, (image, as_image(jpeg(75)(image.rgb8), image.name)), strict=True):
            yield observed(portfolio, copy, number, name)


def strangers(
    data: Path, rows: Sequence[dict[str, str]], portfolio: Portfolio, shard: tuple[int, int]
) -> Iterator[dict[str, Any]]:
    """Check pictures that show no registered work."""
    for row in rows[shard[0] :: shard[1]]:
        yield observed(portfolio, opened(data, row), None, row["source"])


def main() -> None:
    """Measure, keep, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--strangers", type=int, default=400)
    parser.add_argument("--shard", default="0/1", help="this one of so many equal parts")
    parser.add_argument("--write", action="store_true", help="put what lies in .cache/match into docs/limits.md")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    place, count = map(int, asked.shard.split("/"))
    OUT.mkdir(parents=True, exist_ok=True)
    if asked.parts:
        rows = manifest(asked.data)
        describer = chosen()
        works = [opened(asked.data, row) for row in rows[:WORKS]]
        entries = [registered(number, image, describer) for number, image in enumerate(works)]
        portfolio = Watched(entries, describer=describer)
        print(f"{len(works)} works, describer {describer.kind if describer else 'none'}", flush=True)
    for part in asked.parts:
        shard = place, count
        if part == "strangers":
            looked = strangers(asked.data, rows[WORKS : WORKS + asked.strangers], portfolio, shard)
        else:
            looked = {"edits": edits, "cloaks": cloaks}[part](works, portfolio, shard)
        seen = []
        for number, result in enumerate(looked):
            seen.append({**result, "describer": describer.kind if describer else ""})
            if number % 30 == 0:
                print(part, number, f"{time.process_time():.0f} s", flush=True)
                (OUT / f"{part}-{place}.json").write_text(json.dumps(seen))
        (OUT / f"{part}-{place}.json").write_text(json.dumps(seen))
    if asked.write:
        write_page(OUT)


if __name__ == "__main__":
    main()
