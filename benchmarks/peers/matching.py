"""Recall of edited copies and false matches, beside the hashes that a user would take instead; `make bench-peers`.

    python benchmarks/peers/matching.py --data ../shared/data [--edited 12] [--strangers 150] [--write]

The works, edits and strangers are those of `benchmarks/match.py`: 179 works of which the first `--edited` are changed,
and pictures that show none of them. `audit` compares as it does without a learned descriptor, as it is installed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from artaudit.image import Image
from artaudit.matching import Portfolio
from benchmarks.edits import EDITS, jpeg
from benchmarks.match import CLOAKED, WORKS, as_image, cloaked, manifest, opened, registered
from benchmarks.page import write
from benchmarks.peers.asking import PAGE, ahead, ask, machine, rows, share, versions

OUT = Path(".cache/peers/matching")


@dataclass(frozen=True, slots=True)
class Suspect:
    """A picture to look for, and the number of the work that it shows, None for a stranger."""

    image: Image
    kind: str
    work: int | None


@dataclass(frozen=True, slots=True)
class Result:
    """A way of matching at one threshold: copies found by edit, wrong pairs, and CPU seconds for a picture."""

    name: str
    threshold: str
    found: dict[str, int]
    wrong: int
    seconds: float

    @property
    def recall(self) -> int:
        """How many edited copies were found in all."""
        return sum(self.found.values())


def suspects(works: Sequence[Image], strangers: Sequence[Image], edited: int, cloaks: int) -> list[Suspect]:
    """Return every edit of the first works, cloaks of the very first, and the strangers."""
    numbered = list(enumerate(works[:edited]))
    copies = [
        Suspect(as_image(edit(image.rgb8), image.name), name, number)
        for name, edit in EDITS.items()
        for number, image in numbered
    ]
    for number, image in enumerate(cloaked(works[:cloaks])):
        again = as_image(jpeg(75)(image.rgb8), image.name)
        copies += [Suspect(changed, kind, number) for kind, changed in zip(CLOAKED, (image, again), strict=True)]
    return copies + [Suspect(image, "stranger", None) for image in strangers]


def ours(works: Sequence[Image], looked_for: Sequence[Suspect]) -> Result:
    """Compare as a check does; what it calls a copy counts, what it shows a person as a candidate does not."""
    begun = time.process_time()
    portfolio = Portfolio([registered(number, image, None) for number, image in enumerate(works)])
    portfolio.matches(works[0])
    found, wrong = dict.fromkeys(_kinds(looked_for), 0), 0
    for place, suspect in enumerate(looked_for):
        named = {match.work for match in portfolio.matches(suspect.image) if match.band == "copy"}
        if suspect.work in named:
            found[suspect.kind] += 1
        wrong += len(named - {suspect.work})
        if place % 50 == 0:
            print(f"audit: {place} of {len(looked_for)}, {time.process_time() - begun:.0f} s", flush=True)
    seconds = (time.process_time() - begun) / (len(works) + len(looked_for))
    return Result("`audit`", "its own", found, wrong, seconds)


def saved(images: Sequence[Image], name: str) -> list[Path]:
    """Write pictures as files for the peers."""
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:05}.png" for number in range(len(images))]
    for path, image in zip(paths, images, strict=True):
        path.write_bytes(image.data)
    return paths


def theirs(told: dict[str, Any], works: int, looked_for: Sequence[Suspect], wrong: int) -> list[Result]:
    """Return each peer's hash at its documented threshold, and at the largest with no more wrong pairs than `wrong`."""
    results = []
    for name, method in told["methods"].items():
        bits = _bits(list(method["hashes"].values()))
        apart = np.count_nonzero(bits[works:, None] != bits[None, :works], axis=2)
        allowed = _allowed(apart, looked_for, wrong)
        for threshold, words in ((method["default"], "its default"), (allowed, "as many wrong")):
            told_as = f"{threshold} bits, {words}" if threshold >= 0 else "none has so few wrong"
            results.append(_at(apart, looked_for, threshold, (name, told_as, method["seconds"])))
    return results


def _bits(hashes: Sequence[str]) -> np.ndarray:
    return np.array([np.unpackbits(np.frombuffer(bytes.fromhex(text), np.uint8)) for text in hashes])


def _allowed(apart: np.ndarray, looked_for: Sequence[Suspect], wrong: int) -> int:
    unlike = apart.astype(float)
    for place, suspect in enumerate(looked_for):
        if suspect.work is not None:
            unlike[place, suspect.work] = np.inf
    counts = [int((unlike <= threshold).sum()) for threshold in range(257)]
    return max((threshold for threshold, count in enumerate(counts) if count <= wrong), default=-1)


def _at(apart: np.ndarray, looked_for: Sequence[Suspect], threshold: int, about: tuple[str, str, float]) -> Result:
    found, wrong = dict.fromkeys(_kinds(looked_for), 0), 0
    for suspect, distances in zip(looked_for, apart, strict=True):
        named = set(np.flatnonzero(distances <= threshold).tolist())
        if suspect.work in named:
            found[suspect.kind] += 1
        wrong += len(named - {suspect.work})
    name, words, seconds = about
    return Result(name, words, found, wrong, seconds)


def _kinds(looked_for: Sequence[Suspect]) -> list[str]:
    return list(dict.fromkeys(suspect.kind for suspect in looked_for if suspect.work is not None))


def text(results: Sequence[Result], looked_for: Sequence[Suspect], told: dict[str, Any]) -> str:
    """Return the tables, with what they rest on."""
    copies = [suspect for suspect in looked_for if suspect.work is not None]
    pairs = len(looked_for) * WORKS - len(copies)
    lines = [
        (result.name, result.threshold, share(result.recall, len(copies)), f"{result.wrong:,}", f"{result.seconds:.3f}")
        for result in results
    ]
    head = ("matching", "threshold", "edited copies found", f"wrong pairs of {pairs:,}", "CPU seconds a picture")
    best = [results[0], *(result for result in results[1:] if result.threshold.endswith("wrong"))]
    of = {kind: sum(suspect.kind == kind for suspect in copies) for kind in _kinds(looked_for)}
    by_edit = [(f"{kind} ({of[kind]})", *(result.found[kind] for result in best)) for kind in of]
    facts = (
        f"{len(copies)} edited copies of {len({suspect.work for suspect in copies})} works, "
        f"{len(looked_for) - len(copies)} strangers (order drawn with seed 0), {WORKS} works. "
        f"{versions(told['versions'])}. {machine()}"
    )
    named = [result.name for result in best]
    own, *others = ([result.found[kind] for kind in of] + [-result.seconds] for result in best)
    told_ahead = ahead([*of, "time"], own, dict(zip(named[1:], others, strict=True)))
    table = rows(("found, with no more wrong than `audit`", *named), by_edit)
    return "\n\n".join((rows(head, lines), facts, table, told_ahead))


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--edited", type=int, default=12)
    parser.add_argument("--cloaks", type=int, default=2)
    parser.add_argument("--strangers", type=int, default=150)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    listed = manifest(asked.data)
    works = [opened(asked.data, row) for row in listed[:WORKS]]
    strangers = [opened(asked.data, row) for row in listed[WORKS : WORKS + asked.strangers]]
    looked_for = suspects(works, strangers, asked.edited, asked.cloaks)
    paths = [*saved(works, "works"), *saved([suspect.image for suspect in looked_for], "suspects")]
    told = ask("hashes", "hashes", paths)
    own = ours(works, looked_for)
    shown = text([own, *theirs(told, WORKS, looked_for, own.wrong)], looked_for, told)
    print(shown)
    if asked.write:
        write(PAGE, "peers-matching", shown)


if __name__ == "__main__":
    main()
