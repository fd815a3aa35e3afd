"""Compares a picture with all registered works, cheapest comparison first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from artaudit.image import Image
from artaudit.matching import binary_codes, describers
from artaudit.matching.binary_codes import Sketches, Vectors
from artaudit.matching.confirmation import CONFIRMED, Confirmation, confirm
from artaudit.matching.describers import Describer
from artaudit.matching.index import Index, descriptor_sentence
from artaudit.matching.keypoints import Keypoints, extract, extract_suspect
from artaudit.matching.pdq import ORIENTATIONS, THRESHOLD, PdqHash, nearest, pdq, pdq_orientations
from artaudit.matching.retrieval import CANDIDATES, Pool, RetrievedWork, candidates, pool, pooled

Tier = Literal["file", "pixels", "pdq", "keypoints", "descriptor"]
TIERS: tuple[Tier, ...] = ("file", "pixels", "pdq", "keypoints", "descriptor")

UNITS: dict[Tier, str] = {
    "file": "files with the same bytes",
    "pixels": "pictures with the same pixels",
    "pdq": "bits of 256 that differ, fewer is nearer",
    "keypoints": "points that agree on one place",
    "descriptor": "cosine of descriptors, 1 is the same picture",
}
"""The unit of a match's score and threshold, by tier."""

Stored = bytes | Callable[[], bytes]
_LIKELY = 0.3


@dataclass(frozen=True, slots=True)
class PortfolioEntry:
    """One registered file: a work, or a `cloaked` version of it under the same `work` number.

    The digests are hexadecimal sha256; `pdq` and `keypoints` come from `fingerprint` and are empty for a file
    that is known by its digests only. `keypoints` and `descriptors` (see `describe`) may also be functions that read
    them on demand.
    """

    work: int
    title: str
    sha256: str
    pixels_sha256: str
    pdq: bytes = field(default=b"", repr=False)
    keypoints: Stored = field(default=b"", repr=False)
    cloaked: bool = False
    descriptors: Stored = field(default=b"", repr=False)

    def read_keypoints(self) -> Keypoints:
        """Return the file's keypoints; raises RegistryError when they are damaged."""
        return Keypoints.from_bytes(_read(self.keypoints))

    def read_descriptors(self) -> Vectors:
        """Return the file's descriptors; raises RegistryError when they are damaged."""
        return binary_codes.from_bytes(_read(self.descriptors))


@dataclass(frozen=True, slots=True)
class Match:
    """A registered work found in a picture.

    `tier` is the cheapest comparison that found it and `score` its result; a copy has a score of at least the threshold
    (for "pdq": at most). `band` is "copy", or "candidate" for a weak sign that a person must look at (10 to 14 points
    agree, or descriptors are only fairly near). `orientation` says in words how the copy lies; it is empty if unknown.
    `confirmation` locates the work in the picture; it is None when keypoints do not agree, as for heavily blurred
    copies. `sha256` is that of the registered file that matched.
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
    """The result of one comparison with one entry.

    `mirrored` is None if unknown. A hit that only `leads` names a candidate to confirm and claims no copy by itself.
    """

    entry: PortfolioEntry
    tier: Tier
    score: float
    threshold: float
    orientation: str
    mirrored: bool | None = False
    inverted: bool = False
    leads: bool = False

    @property
    def is_weak(self) -> bool:
        return self.tier in ("keypoints", "descriptor") and self.score < self.threshold


def fingerprint(image: Image) -> dict[str, bytes]:
    """Return the fingerprints that registration stores of a picture, by kind: "pdq" and "keypoints"."""
    return {"pdq": pdq(image.rgb8).to_bytes(), "keypoints": extract(image.rgb8).to_bytes()}


def describe(image: Image, describer: Describer) -> bytes:
    """Return the descriptors of a work and its windows as registration stores them."""
    return binary_codes.to_bytes(describer(describers.windows(image.rgb8)))


@dataclass(frozen=True)
class Portfolio:
    """The registered files that pictures are compared with, and the index and sketches that retrieve candidates.

    Without `index` or `sketches`, these are made from the entries. `describer` is the model of the descriptors.
    """

    entries: Sequence[PortfolioEntry] = field(repr=False)
    index: Index | None = None
    sketches: Sketches | None = field(default=None, repr=False)
    describer: Describer | None = None

    def matches(self, image: Image) -> list[Match]:
        """Return the works found in `image`, one match per work, the surest first; empty when there is none.

        The image is compared as it is, mirrored, with inverted colours, and both. Raises RegistryError when a stored
        fingerprint is damaged.
        """
        keypoints = extract_suspect(image.rgb8)
        hits = [*self._same(image), *self._similar(image), *self._described(image)]
        confirmed: dict[int, list[tuple[PortfolioEntry, Confirmation]]] = {}
        for way in self._ways(hits, keypoints):
            confirmed.setdefault(way.work, []).extend(self._confirm(keypoints, way))
        matches = [
            _match(
                [hit for hit in hits if hit.entry.work == work],
                max(agreed, key=lambda pair: pair[1].inliers, default=None),
            )
            for work, agreed in confirmed.items()
        ]
        return sorted((match for match in matches if match), key=_surest)

    @cached_property
    def own_works(self) -> dict[str, str]:
        """How alike the owner's works are to each other, as a sentence by tier."""
        sentences = {} if self.index is None else {"keypoints": self.index.own_works.sentence()}
        if self.describer is None or not self.describer.decides:
            return sentences
        entries = self._described_entries
        sentence = descriptor_sentence(self._sketches, lambda work: entries[work].read_descriptors(), describers.COPY)
        return sentences | {"descriptor": sentence}

    def _same(self, image: Image) -> list[_Hit]:
        plain = "as registered"
        files = [_Hit(entry, "file", 1.0, 1.0, plain) for entry in self.entries if entry.sha256 == image.sha256]
        pixels = [
            _Hit(entry, "pixels", 1.0, 1.0, plain)
            for entry in self.entries
            if entry.pixels_sha256 == image.pixels_sha256
        ]
        return files + pixels

    def _similar(self, image: Image) -> list[_Hit]:
        hits: list[_Hit] = []
        for inverted in (False, True):
            hashes = pdq_orientations(255 - image.rgb8 if inverted else image.rgb8)
            if not hashes[0].decides or not self._hashes:
                continue
            entries, stored = zip(*self._hashes, strict=True)
            hits += [
                _Hit(entry, "pdq", float(distance), float(THRESHOLD), _words(place, inverted), place > 3, inverted)  # noqa: PLR2004 - the last four are mirrored
                for entry, (distance, place) in zip(entries, nearest(hashes, stored), strict=True)
                if distance <= THRESHOLD
            ]
        return hits

    def _described(self, image: Image) -> list[_Hit]:
        """Return hits for works whose descriptors are near, including those that only lead to a confirmation."""
        if self.describer is None or not self._sketches.owners.size:
            return []
        views = np.concatenate([describers.windows(image.rgb8), describers.orientations(image.rgb8)])
        queries = self.describer(views)
        near = self._sketches.nearest(binary_codes.sketch(queries), CANDIDATES)
        ranked = binary_codes.ranked(queries, near, lambda work: self._described_entries[work].read_descriptors())
        return [
            _Hit(
                entry=self._described_entries[work],
                tier="descriptor",
                score=round(cosine, 4),
                threshold=describers.COPY,
                orientation="",
                mirrored=None,
                inverted=place == len(queries) - 1,
                leads=not self.describer.decides or cosine < describers.CANDIDATE,
            )
            for work, cosine, place in ranked
            if cosine >= _LIKELY
        ]

    def _ways(self, hits: Sequence[_Hit], keypoints: Keypoints) -> list[RetrievedWork]:
        """Return the works to confirm: those with most votes, those that were hit, and all works if they are few."""
        ways = candidates(keypoints, self.pool)
        known = {(way.work, way.mirrored, way.inverted) for way in ways}
        extra = dict.fromkeys((hit.entry.work, hit.mirrored, hit.inverted) for hit in hits)
        ways += [RetrievedWork(way[0], 0.0, way[1], way[2]) for way in extra if way not in known]
        works = dict.fromkeys(entry.work for entry in self.entries if entry.keypoints)
        if len(works) > CANDIDATES:
            return ways
        upright = [RetrievedWork(work, 0.0, mirrored, inverted=False) for work in works for mirrored in (False, True)]
        known |= {(way.work, way.mirrored, way.inverted) for way in ways}
        return ways + [way for way in upright if (way.work, way.mirrored, way.inverted) not in known]

    def _confirm(self, keypoints: Keypoints, way: RetrievedWork) -> Iterator[tuple[PortfolioEntry, Confirmation]]:
        """Yield the confirmations with the files of a work."""
        for entry in self._files[way.work]:
            if entry.keypoints:
                confirmation = confirm(keypoints, entry.read_keypoints(), inverted=way.inverted, mirrored=way.mirrored)
                if confirmation:
                    yield entry, confirmation

    @cached_property
    def _files(self) -> dict[int, list[PortfolioEntry]]:
        files: dict[int, list[PortfolioEntry]] = {}
        for entry in self.entries:
            files.setdefault(entry.work, []).append(entry)
        return files

    @cached_property
    def _described_entries(self) -> dict[int, PortfolioEntry]:
        return {entry.work: entry for entry in self.entries if entry.descriptors}

    @cached_property
    def _hashes(self) -> list[tuple[PortfolioEntry, PdqHash]]:
        hashes = [(entry, PdqHash.from_bytes(entry.pdq)) for entry in self.entries if entry.pdq]
        return [(entry, stored) for entry, stored in hashes if stored.decides]

    @cached_property
    def pool(self) -> Pool:
        """The local features of all works, of which `index` holds a copy."""
        if self.index is not None:
            return self.index.pool
        return pool((entry.work, pooled(entry.read_keypoints())) for entry in self.entries if entry.keypoints)

    @cached_property
    def _sketches(self) -> Sketches:
        return self.sketches or binary_codes.gather(
            (entry.work, binary_codes.sketch(entry.read_descriptors())) for entry in self.entries if entry.descriptors
        )


def _match(hits: Sequence[_Hit], confirmed: tuple[PortfolioEntry, Confirmation] | None) -> Match | None:
    """Return the match of one work: its cheapest hit, with the confirmation; None if neither claims a copy."""
    claims = [hit for hit in hits if not hit.leads]
    if confirmed:
        entry, agreed = confirmed
        claims.append(_Hit(entry, "keypoints", float(agreed.inliers), float(CONFIRMED), agreed.orientation))
    if not claims:
        return None
    best = min(claims, key=lambda hit: (hit.is_weak, TIERS.index(hit.tier), hit.score))
    return Match(
        work=best.entry.work,
        title=best.entry.title,
        sha256=best.entry.sha256,
        cloaked=best.entry.cloaked,
        tier=best.tier,
        band="candidate" if best.is_weak else "copy",
        score=best.score,
        threshold=best.threshold,
        unit=UNITS[best.tier],
        orientation=best.orientation,
        confirmation=confirmed[1] if confirmed else None,
    )


def _surest(match: Match) -> tuple[bool, int, int, int]:
    points = match.confirmation.inliers if match.confirmation else 0
    return match.band != "copy", TIERS.index(match.tier), -points, match.work


def _words(place: int, inverted: bool) -> str:  # noqa: FBT001 - how the hash was taken
    words = ORIENTATIONS[place]
    if not inverted:
        return words
    return "colours inverted" if place == 0 else f"{words}, colours inverted"


def _read(stored: Stored) -> bytes:
    return stored if isinstance(stored, bytes) else stored()
