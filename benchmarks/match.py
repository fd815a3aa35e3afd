"""Recall of edited copies and false matches among unrelated pictures, for a folder of works.

    python benchmarks/match.py WORKS [--limit 30] [--strangers FOLDER ...] [--most 30] [--no-edits]

Registers the first `--limit` pictures of WORKS, checks every edit of each and, unedited, the first `--most` pictures
of each folder of `--strangers` (by default the pictures of WORKS beyond the limit), and prints what was found.
"""

from __future__ import annotations

import argparse
import io
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as Pillow

from artaudit.auditor.matching import Match, Portfolio, PortfolioEntry, fingerprint
from artaudit.auditor.matching.portfolio import TIERS
from artaudit.image import Image, decode, read

Picture = np.ndarray
KINDS = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff"}


def crop(share: float) -> Callable[[Picture], Picture]:
    """Keep the middle `share` of the area."""

    def edit(rgb8: Picture) -> Picture:
        rows, columns = (max(1, round(side * share**0.5)) for side in rgb8.shape[:2])
        top, left = (rgb8.shape[0] - rows) // 2, (rgb8.shape[1] - columns) // 2
        return rgb8[top : top + rows, left : left + columns]

    return edit


def jpeg(quality: int) -> Callable[[Picture], Picture]:
    """Compress."""

    def edit(rgb8: Picture) -> Picture:
        buffer = io.BytesIO()
        Pillow.fromarray(np.ascontiguousarray(rgb8)).save(buffer, "JPEG", quality=quality)
        return np.asarray(Pillow.open(buffer))

    return edit


def scaled(across: float, down: float) -> Callable[[Picture], Picture]:
    """Resize."""
    return lambda rgb8: cv2.resize(rgb8, None, fx=across, fy=down, interpolation=cv2.INTER_AREA)


def turned(degrees: float) -> Callable[[Picture], Picture]:
    """Rotate about the middle, corners lost."""

    def edit(rgb8: Picture) -> Picture:
        height, width = rgb8.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        return cv2.warpAffine(rgb8, turn, (width, height), borderValue=(255, 255, 255))

    return edit


def tilted(rgb8: Picture) -> Picture:
    """Photograph from the side."""
    height, width = rgb8.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    goal = corners * 0.8 + np.array([(20, 40), (30, 0), (20, 10), (0, 30)], np.float32)
    return cv2.warpPerspective(rgb8, cv2.getPerspectiveTransform(corners, goal), (width, height))


def noisy(rgb8: Picture) -> Picture:
    """Add 8 levels up or down."""
    signs = np.random.default_rng(0).choice([-8, 8], rgb8.shape)
    return np.clip(rgb8.astype(np.int64) + signs, 0, 255).astype(np.uint8)


def captioned(rgb8: Picture) -> Picture:
    """Write across in three lines."""
    shown, size = rgb8.copy(), rgb8.shape[1] / 320
    for line in (0.3, 0.5, 0.7):
        place = (8, round(rgb8.shape[0] * line))
        cv2.putText(
            shown, "ALL RIGHTS RESERVED", place, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), round(4 * size)
        )
    return shown


def page(rgb8: Picture) -> Picture:
    """Show mirrored, a quarter of the width, in a screenshot of a page of text."""
    sheet = np.full((1000, 1600, 3), 250, np.uint8)
    for line in range(60, 1000, 26):
        cv2.putText(
            sheet, "a page of words " * 9, (40, line), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (40, 40, 40), 1, cv2.LINE_AA
        )
    scale = 400 / max(rgb8.shape[:2])
    small = cv2.resize(rgb8, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:, ::-1]
    sheet[200 : 200 + small.shape[0], 900 : 900 + small.shape[1]] = small
    return sheet


def changed(*edits: Callable[[Picture], Picture]) -> Callable[[Picture], Picture]:
    """Apply one edit after the other."""

    def edit(rgb8: Picture) -> Picture:
        for one in edits:
            rgb8 = one(rgb8)
        return rgb8

    return edit


def mirrored(rgb8: Picture) -> Picture:
    """Swap left and right."""
    return rgb8[:, ::-1]


EDITS: dict[str, Callable[[Picture], Picture]] = {
    "jpeg 10": jpeg(10),
    "a quarter of the size": scaled(0.25, 0.25),
    "stretched x1.4": scaled(1.4, 1.0),
    "crop 30 %, jpeg 60": changed(crop(0.3), jpeg(60)),
    "crop 15 %": crop(0.15),
    "mirrored": mirrored,
    "rotated 90": np.rot90,
    "rotated 25": turned(25),
    "tilted": tilted,
    "captioned": captioned,
    "noise 8/255": noisy,
    "grey": lambda rgb8: np.repeat(cv2.cvtColor(rgb8, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2),
    "inverted": lambda rgb8: 255 - rgb8,
    "inverted, crop 30 %": lambda rgb8: 255 - crop(0.3)(rgb8),
    "blur 2": lambda rgb8: cv2.GaussianBlur(rgb8, (0, 0), 2),
    "blur 5": lambda rgb8: cv2.GaussianBlur(rgb8, (0, 0), 5),
    "crop 50 %, mirrored, jpeg 40": changed(crop(0.5), mirrored, jpeg(40)),
    "mirrored in a page": page,
}


@dataclass
class Tally:
    """What was seen of one kind of suspect; `pairs` counts comparisons with works that are not in the suspect."""

    suspects: int = 0
    found: int = 0
    weak: int = 0
    pairs: int = 0
    false_copies: int = 0
    false_candidates: int = 0
    false_tiers: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, matches: Sequence[Match], truth: int | None, works: int, seconds: float) -> None:
        """Count one suspect that holds the work `truth`, or none."""
        wrong = [match for match in matches if match.work != truth]
        self.suspects += 1
        self.found += any(match.work == truth and match.band == "copy" for match in matches)
        self.weak += any(match.work == truth and match.band == "candidate" for match in matches)
        self.pairs += works - (truth is not None)
        self.false_copies += sum(match.band == "copy" for match in wrong)
        self.false_candidates += sum(match.band == "candidate" for match in wrong)
        self.false_tiers.update(match.tier for match in wrong if match.band == "copy")
        self.seconds += seconds

    def line(self, name: str) -> str:
        """Return a row of the table."""
        return (
            f"{name:30} {self.suspects:8} {self.found:6} {self.weak:6} {self.pairs:8} {self.false_copies:7} "
            f"{self.false_candidates:11} {self.seconds / max(self.suspects, 1):7.2f}"
        )


def pictures(folder: Path) -> list[Path]:
    """List the picture files of a folder by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in KINDS)


def as_image(rgb8: Picture) -> Image:
    """Wrap pixels as a PNG file."""
    buffer = io.BytesIO()
    Pillow.fromarray(np.ascontiguousarray(rgb8)).save(buffer, "PNG", compress_level=1)
    return decode(buffer.getvalue(), name="edited")


def entry(number: int, path: Path) -> PortfolioEntry:
    """Register a picture."""
    image = read(path)
    stored = fingerprint(image)
    return PortfolioEntry(number, path.name, image.sha256, image.pixels_sha256, stored["pdq"], stored["keypoints"])


def check(portfolio: Portfolio, image: Image, truth: int | None, tally: Tally, name: str) -> None:
    """Look for all works in one suspect and say what is wrongly found."""
    begin = time.process_time()
    matches = portfolio.matches(image)
    tally.add(matches, truth, len(portfolio.entries), time.process_time() - begin)
    for match in matches:
        if match.work != truth:
            print(f"  wrong: {name}: {match.title}, {match.tier}, {match.band}, {match.score:g} ({match.orientation})")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("works", type=Path)
    parser.add_argument("--limit", type=int, default=30)
    parser.add_argument("--strangers", type=Path, nargs="+", default=[])
    parser.add_argument("--most", type=int, default=30)
    parser.add_argument("--no-edits", action="store_true")
    chosen = parser.parse_args()
    paths = pictures(chosen.works)
    works, rest = paths[: chosen.limit], paths[chosen.limit :]
    folders = [pictures(folder) for folder in chosen.strangers] or [rest]
    strangers = [path for folder in folders for path in folder[: chosen.most]]
    portfolio = Portfolio([entry(number, path) for number, path in enumerate(works)])
    edits = {} if chosen.no_edits else EDITS
    tallies = {name: Tally() for name in (*edits, "unrelated")}
    for number, path in enumerate(works):
        original = read(path).rgb8
        for name, edit in edits.items():
            check(portfolio, as_image(edit(original)), number, tallies[name], f"{path.name}, {name}")
    for path in strangers:
        check(portfolio, read(path), None, tallies["unrelated"], path.name)
    print(f"{len(works)} works of {chosen.works}, {len(strangers)} unrelated pictures; seconds are CPU time a check")
    print(f"{'suspect':30} suspects   copy   weak    pairs   false  false weak seconds")
    print("\n".join(tally.line(name) for name, tally in tallies.items()))
    pairs = sum(tally.pairs for tally in tallies.values())
    for tier in TIERS:
        print(f"false copies by {tier}: {sum(tally.false_tiers[tier] for tally in tallies.values())} of {pairs} pairs")


if __name__ == "__main__":
    main()
