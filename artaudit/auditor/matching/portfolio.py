"""Compare one picture with all registered works, cheapest comparison first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from artaudit.auditor.matching.confirmation import CONFIRMED, Confirmation, confirm
from artaudit.auditor.matching.keypoints import Keypoints, extract, extract_suspect
from artaudit.auditor.matching.pdq import ORIENTATIONS, THRESHOLD, PdqHash, nearest, pdq, pdq_orientations
from artaudit.auditor.matching.retrieval import CANDIDATES, Pool, candidates, pool
from artaudit.image import Image

Tier = Literal["file", "pixels", "pdq", "keypoints"]
TIERS: tuple[Tier, ...] = ("file", "pixels", "pdq", "keypoints")

UNITS: dict[Tier, str] = {
    "file": "files with the same bytes",
    "pixels": "pictures with the same pixels",
    "pdq": "bits of 256 that differ, fewer is nearer",
    "keypoints": "points that agree on one place",
}
"""What score and threshold of a match count, by tier."""


@dataclass(frozen=True, slots=True)
class PortfolioEntry:
    """One registered file: a work, or a `cloaked` version of it under the same `work` number.

    The digests are hexadecimal sha256; `pdq` and `keypoints` come from `fingerprint` and may be empty for a file
    that is known by its digests only.
    """

    work: int
    title: str
    sha256: str
    pixels_sha256: str
    pdq: bytes = field(default=b"", repr=False)
    keypoints: bytes = field(default=b"", repr=False)
    cloaked: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A registered work found in a picture.

    `tier` is the cheapest comparison that found it and `score` its result: it found something because the score
    is at least the threshold (for "pdq": at most). `band` "copy" is found, "candidate" a weak sign (10 to 14
    points agree) that a person must look at. `orientation` says in words how the copy lies. `confirmation` shows
    where the work lies in the picture; it is None when the points do not agree, as for a heavily blurred copy.
    `sha256` names the registered file that matched.
    """

    work: int
    title: str
    sha256: str
    cloaked: bool
    tier: Tier
    band: Literal["copy", "candidate"]
    score: float
    threshold: float
    unit: str
    orientation: str
    confirmation: Confirmation | None


@dataclass(frozen=True, slots=True)
class _Hit:
    """What one comparison said about one entry."""

    entry: PortfolioEntry
    tier: Tier
    score: float
    threshold: float
    orientation: str


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A picture under check with its features, taken once."""

    image: Image
    keypoints: Keypoints
    inverted: bool = False


def fingerprint(image: Image) -> dict[str, bytes]:
    """Return what registration stores of a picture, by kind: "pdq" and "keypoints"."""
    return {"pdq": pdq(image.rgb8).to_bytes(), "keypoints": extract(image.rgb8).to_bytes()}


@dataclass(frozen=True)
class Portfolio:
    """Everything a picture is compared with."""

    entries: Sequence[PortfolioEntry] = field(repr=False)

    def matches(self, image: Image) -> list[Match]:
        """Return the works found in `image`, one match a work, the surest first; empty when none is.

        A picture in which nothing is found is looked at again with its colours inverted. Raises RegistryError
        when a stored fingerprint is damaged.
        """
        suspect = _Suspect(image, extract_suspect(image.rgb8))
        return self._look(suspect) or self._look(_Suspect(image, suspect.keypoints, inverted=True))

    def _look(self, suspect: _Suspect) -> list[Match]:
        hits = [*self._same(suspect), *self._similar(suspect)]
        works = dict.fromkeys([*(hit.entry.work for hit in hits), *self._candidates(suspect)])
        confirmations = {work: self._confirm(suspect, work) for work in works}
        found = [_match([hit for hit in hits if hit.entry.work == work], confirmations[work]) for work in works]
        return sorted((match for match in found if match), key=_surest)

    def _same(self, suspect: _Suspect) -> list[_Hit]:
        if suspect.inverted:
            return []
        image, plain = suspect.image, "as registered"
        files = [_Hit(one, "file", 1.0, 1.0, plain) for one in self.entries if one.sha256 == image.sha256]
        pixels = [
            _Hit(one, "pixels", 1.0, 1.0, plain) for one in self.entries if one.pixels_sha256 == image.pixels_sha256
        ]
        return files + pixels

    def _similar(self, suspect: _Suspect) -> list[_Hit]:
        rgb8 = suspect.image.rgb8
        hashes = pdq_orientations(255 - rgb8 if suspect.inverted else rgb8)
        if not hashes[0].decides or not self._hashes:
            return []
        entries, stored = zip(*self._hashes, strict=True)
        return [
            _Hit(entry, "pdq", float(distance), float(THRESHOLD), _words(place, inverted=suspect.inverted))
            for entry, (distance, place) in zip(entries, nearest(hashes, stored), strict=True)
            if distance <= THRESHOLD
        ]

    def _candidates(self, suspect: _Suspect) -> Iterable[int]:
        works = dict.fromkeys(entry.work for entry in self.entries if entry.keypoints)
        if len(works) <= CANDIDATES:
            return works
        return candidates(suspect.keypoints, self._pool, inverted=suspect.inverted)

    def _confirm(self, suspect: _Suspect, work: int) -> tuple[PortfolioEntry, Confirmation] | None:
        """Confirm with the file of the work that agrees best."""
        tried = [
            (entry, confirm(suspect.keypoints, Keypoints.from_bytes(entry.keypoints), inverted=suspect.inverted))
            for entry in self.entries
            if entry.work == work and entry.keypoints
        ]
        agreed = [(entry, found) for entry, found in tried if found]
        return max(agreed, key=lambda pair: pair[1].inliers, default=None)

    @cached_property
    def _hashes(self) -> list[tuple[PortfolioEntry, PdqHash]]:
        hashes = [(entry, PdqHash.from_bytes(entry.pdq)) for entry in self.entries if entry.pdq]
        return [(entry, one) for entry, one in hashes if one.decides]

    @cached_property
    def _pool(self) -> Pool:
        return pool((entry.work, Keypoints.from_bytes(entry.keypoints)) for entry in self.entries if entry.keypoints)


def _match(hits: Sequence[_Hit], confirmed: tuple[PortfolioEntry, Confirmation] | None) -> Match | None:
    """Say about one work what its cheapest hit and the confirmation say together."""
    found = list(hits)
    if confirmed:
        entry, agreed = confirmed
        found.append(_Hit(entry, "keypoints", float(agreed.inliers), float(CONFIRMED), agreed.orientation))
    if not found:
        return None
    best = min(found, key=lambda hit: (TIERS.index(hit.tier), hit.score))
    weak = best.tier == "keypoints" and best.score < best.threshold
    return Match(
        work=best.entry.work,
        title=best.entry.title,
        sha256=best.entry.sha256,
        cloaked=best.entry.cloaked,
        tier=best.tier,
        band="candidate" if weak else "copy",
        score=best.score,
        threshold=best.threshold,
        unit=UNITS[best.tier],
        orientation=best.orientation,
        confirmation=confirmed[1] if confirmed else None,
    )


def _surest(match: Match) -> tuple[int, int, int]:
    points = match.confirmation.inliers if match.confirmation else 0
    return TIERS.index(match.tier), -points, match.work


def _words(place: int, *, inverted: bool) -> str:
    words = ORIENTATIONS[place]
    if not inverted:
        return words
    return "colours inverted" if place == 0 else f"{words}, colours inverted"
