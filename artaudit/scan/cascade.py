"""The cheap questions first: most pictures show no registered work, and only what may show one is compared in full.

digest        the very file
pixels        the same samples in another file
pdq           whole copies, by a hash of 256 bits
features      which works share local features, by votes of a few features of the shrunk picture
confirmation  the works that any step named, compared as `audit check` compares them, without learned descriptors
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from artaudit.image import Image
from artaudit.matching import Match, Portfolio
from artaudit.matching.keypoints import extract
from artaudit.matching.pdq import THRESHOLD, pdq_orientations
from artaudit.matching.retrieval import candidates
from artaudit.scan.works import Works

Step = Literal["digest", "pixels", "pdq", "features", "confirmation"]
STEPS: tuple[Step, ...] = ("digest", "pixels", "pdq", "features", "confirmation")

SIDE, COUNT, NEAR = 256, 300, 1
"""Long side in pixels of the picture that the votes are of, how many of its features vote, and how many words each."""

VOTES = 0.7
"""Votes from which on a work is confirmed; `benchmarks/scan.py` measures what they let through and what they cost."""

CANDIDATES = 5
"""Largest number of works, each lying one way, that votes name for confirmation."""


def search(image: Image, works: Works) -> tuple[Step, list[Match]]:
    """Return the step that ended the search, and the works that a picture shows, the surest first."""
    if same := works.with_file(image.sha256):
        return "digest", _compared(image, works, same)
    if same := works.with_pixels(image.pixels_sha256):
        return "pixels", _compared(image, works, same)
    if near := named_by_hash(image, works):
        return "pdq", _compared(image, works, near)
    voted = named_by_votes(image, works)
    if not voted:
        return "features", []
    return "confirmation", _compared(image, works, works.of_works(voted))


def named_by_hash(image: Image, works: Works) -> list[int]:
    """Return the entries whose PDQ hash is near that of a picture, turned, mirrored or inverted."""
    hashes = [made for made in pdq_orientations(image.rgb8) if made.decides]
    return works.with_hashes_near(hashes, THRESHOLD)


def named_by_votes(image: Image, works: Works) -> list[int]:
    """Return the works that get `VOTES` from the features of a picture that is shrunk to `SIDE`."""
    suspect = extract(image.rgb8, side=SIDE, count=COUNT)
    ways = candidates(suspect, works.pool, count=CANDIDATES, near=NEAR)
    return list(dict.fromkeys(way.work for way in ways if way.votes >= VOTES))


def _compared(image: Image, works: Works, entries: Sequence[int]) -> list[Match]:
    """Compare a picture with all files of the works that some entries belong to."""
    own = works.of_works({works.owner(entry) for entry in entries})
    return Portfolio(works.entries(own)).matches(image)
