"""Retrieval of candidates to confirm: every feature of the suspect votes for works with similar features.

An inverted file (Sivic and Zisserman, "Video Google", 2003, https://doi.org/10.1109/ICCV.2003.1238663) lists the
features of all works by word. A voter (a feature of the suspect) reads the lists of its nearest words and votes for
every work with a similar signature; nearer signatures weigh more, and a vote is shared among the works that it finds.
Every work gets a score, so a report may say that the suspect was compared with all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64, Int32, Int64, UInt16, UInt64

from artaudit.matching.keypoints import Keypoints
from artaudit.matching.vocabulary import WORDS, vocabulary

CANDIDATES = 20
"""Largest number of candidates, each a work in one orientation, that are confirmed."""

POOLED, VOTERS = 300, 2000
"""Largest numbers of features of a registered picture in the pool, and of features of a suspect that vote."""

NEAR = 3
"""A voter reads the lists of NEAR squared words: its nearest centres of each half, combined."""

ALIKE, HALF_ALIKE = 32, 22
"""Signatures are alike if they differ in at most this many of 128 bits, and of their first 64 bits."""

WIDTH = 16.0
"""A vote weighs exp(-(bits / 16)^2), where bits is the number of bits in which the signatures differ."""

_BATCH = 250
_OWNER, _DIFFER = 31, 8


@dataclass(frozen=True, slots=True)
class Features:
    """The words and signatures of a registered picture's features, in the same order."""

    words: UInt16[np.ndarray, " features"] = field(repr=False)
    signatures: UInt64[np.ndarray, "features 2"] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pool:
    """The features of all works, ordered by word: the work that each belongs to, and its signature.

    Those of word w lie at `starts[w]` up to `starts[w + 1]`.
    """

    starts: Int64[np.ndarray, " words"] = field(repr=False)
    owners: Int32[np.ndarray, " features"] = field(repr=False)
    signatures: UInt64[np.ndarray, "features 2"] = field(repr=False)

    @property
    def words(self) -> UInt16[np.ndarray, " features"]:
        """The word of each feature."""
        return np.repeat(np.arange(WORDS), np.diff(self.starts)).astype(np.uint16)


@dataclass(frozen=True, slots=True)
class RetrievedWork:
    """A work to confirm, its votes, and its orientation in the suspect; `mirrored` is None if unknown."""

    work: int
    votes: float
    mirrored: bool | None
    inverted: bool


def pooled(keypoints: Keypoints) -> Features:
    """Return the words and signatures of at most 300 features, spread over the picture."""
    descriptors = keypoints.spread(POOLED).descriptors
    known = vocabulary()
    return Features(known.words(descriptors)[:, 0].astype(np.uint16), known.signatures(descriptors))


def pool(works: Iterable[tuple[int, Features]]) -> Pool:
    """Sort the features of all works by word; a work may come twice."""
    named = list(works)
    words = np.concatenate([np.empty(0, np.uint16), *(features.words for _, features in named)])
    owners = np.concatenate(
        [np.empty(0, np.int32), *(np.full(len(features.words), work, np.int32) for work, features in named)]
    )
    signatures = np.concatenate([np.empty((0, 2), np.uint64), *(features.signatures for _, features in named)])
    return by_word(words, owners, signatures)


def by_word(
    words: UInt16[np.ndarray, " features"],
    owners: Int32[np.ndarray, " features"],
    signatures: UInt64[np.ndarray, "features 2"],
) -> Pool:
    """Sort features by word."""
    order = np.argsort(words, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(words, minlength=WORDS))]).astype(np.int64)
    return Pool(starts, owners[order], signatures[order])


def candidates(suspect: Keypoints, *pools: Pool, count: int = CANDIDATES, near: int = NEAR) -> list[RetrievedWork]:
    """Return the `count` works in one orientation (mirrored, inverted, both or neither) with most votes, best first.

    A voter reads the lists of `near` squared words. Several pools of different works give what one of them all does.
    """
    pools = tuple(pool for pool in pools if len(pool.owners))
    if not pools or not len(suspect):
        return []
    voters = suspect.spread(VOTERS)
    retrieved = []
    for inverted in (False, True):
        described = voters.inverted() if inverted else voters
        for mirrored in (False, True):
            names, votes = _votes(described.mirrored() if mirrored else described, pools, near)
            best = np.argsort(-votes, kind="stable")[:count]
            retrieved += [RetrievedWork(int(names[place]), float(votes[place]), mirrored, inverted) for place in best]
    return sorted(retrieved, key=lambda candidate: -candidate.votes)[:count]


def _votes(
    voters: Keypoints, pools: Sequence[Pool], near: int
) -> tuple[Int64[np.ndarray, " works"], Float64[np.ndarray, " works"]]:
    """Return the works that got votes, and their votes.

    A voter shares one vote among the works it finds. Many voters with the same word, like letters on a page of text,
    count as the square root of their number together (Jégou et al., "On the burstiness of visual elements", 2009,
    https://doi.org/10.1109/CVPR.2009.5206609).
    """
    known = vocabulary()
    words, signatures = known.words(voters.descriptors, near), known.signatures(voters.descriptors)
    alike = [
        _alike(words[begin : begin + _BATCH], signatures[begin : begin + _BATCH], works, begin)
        for works in pools
        for begin in range(0, len(voters), _BATCH)
    ]
    # each number packs voter, work and difference; the first of a pair of voter and work has the least difference
    pairs = np.sort(np.concatenate(alike))
    pairs = pairs[np.flatnonzero(np.diff(pairs >> _DIFFER, prepend=-1))]
    voter, owner = pairs >> (_OWNER + _DIFFER), (pairs >> _DIFFER) & ((1 << _OWNER) - 1)
    votes = np.exp(-(((pairs & ((1 << _DIFFER) - 1)) / WIDTH) ** 2))
    votes /= np.bincount(voter, minlength=len(voters)).clip(1)[voter]
    _, crowd, size = np.unique(words[:, 0], return_inverse=True, return_counts=True)
    votes /= np.sqrt(size[crowd])[voter]
    names, place = np.unique(owner, return_inverse=True)
    return names, np.bincount(place, weights=votes, minlength=len(names)).astype(np.float64)


def _alike(
    words: Int64[np.ndarray, "voters words"], signatures: UInt64[np.ndarray, "voters 2"], works: Pool, first: int
) -> Int64[np.ndarray, " pairs"]:
    """Return the pairs with alike signatures; each number packs voter, work and difference."""
    begins, ends = works.starts[words].ravel(), works.starts[words + 1].ravel()
    lengths = ends - begins
    reader = np.repeat(np.arange(len(words), dtype=np.int32).repeat(words.shape[1]), lengths)
    place = np.arange(len(reader)) + np.repeat(begins - np.cumsum(lengths) + lengths, lengths)
    # the first half of the bits excludes most pairs, so the second half is read for few
    half = np.bitwise_count(works.signatures[:, 0][place] ^ signatures[:, 0][reader])
    likely = np.flatnonzero(half <= HALF_ALIKE)
    reader, place = reader[likely], place[likely]
    differ = half[likely].astype(np.int64) + np.bitwise_count(works.signatures[:, 1][place] ^ signatures[:, 1][reader])
    near = differ <= ALIKE
    voter, owner = first + reader[near].astype(np.int64), works.owners[place[near]].astype(np.int64)
    return (voter << (_OWNER + _DIFFER)) | (owner << _DIFFER) | differ[near]
