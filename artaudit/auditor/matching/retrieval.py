"""Which works are worth confirming: every feature of the suspect votes for the work that has its like.

The comparison is exhaustive, so a report may say that the suspect was compared with all works. A vote counts when
the nearest feature of one work is clearly nearer than that of any other work, the ratio test of Lowe, 2004,
https://doi.org/10.1023/B:VISI.0000029664.99615.94, taken between works.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Int, UInt8

from artaudit.auditor.matching.confirmation import RATIO, squared_distances
from artaudit.auditor.matching.keypoints import Keypoints

CANDIDATES = 20
"""Works that are confirmed at most; a portfolio of no more works is confirmed whole."""

POOLED, VOTERS = 300, 2000
"""Features a registered picture puts into the pool, and features of a suspect that vote."""

_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Pool:
    """The features of all works: `descriptors` sorted by work, and whose each is."""

    descriptors: UInt8[np.ndarray, "features 128"] = field(repr=False)
    owners: Int[np.ndarray, " features"] = field(repr=False)


def pool(works: Iterable[tuple[int, Keypoints]]) -> Pool:
    """Gather 300 features, spread over the picture, of each registered (work, keypoints); a work may come twice."""
    descriptors, owners = [np.empty((0, 128), np.uint8)], [np.empty(0, np.int64)]
    for work, keypoints in works:
        chosen = keypoints.spread(POOLED)
        descriptors.append(chosen.descriptors)
        owners.append(np.full(len(chosen), work, np.int64))
    together = np.concatenate(owners)
    order = np.argsort(together, kind="stable")
    return Pool(np.concatenate(descriptors)[order], together[order])


def candidates(suspect: Keypoints, works: Pool, *, inverted: bool = False, count: int = CANDIDATES) -> list[int]:
    """Return the at most `count` works with most votes of the suspect, as it is or mirrored, best first."""
    if not len(works.owners) or not len(suspect):
        return []
    voters = suspect.spread(VOTERS)
    voters = voters.inverted() if inverted else voters
    names, counted = np.unique(
        np.concatenate([_votes(voters, works), _votes(voters.mirrored(), works)]), return_counts=True
    )
    return [int(work) for work in names[np.argsort(-counted, kind="stable")][:count]]


def _votes(voters: Keypoints, works: Pool) -> Int[np.ndarray, " votes"]:
    """Return the works voted for, one entry a vote; work by work, so memory does not grow with the portfolio."""
    described = voters.descriptors.astype(np.float32)
    first = np.full(len(voters), np.inf, np.float32)
    second, owner = first.copy(), np.full(len(voters), -1, np.int64)
    for part in _parts(works.owners):
        nearest, runner_up, whose = _nearest_works(described, works, part)
        owner = np.where(nearest < first, whose, owner)
        second = np.minimum(np.minimum(second, runner_up), np.maximum(first, nearest))
        first = np.minimum(first, nearest)
    return owner[first < RATIO**2 * second]


def _nearest_works(
    described: Float32[np.ndarray, "voters 128"], works: Pool, part: slice
) -> tuple[Float32[np.ndarray, " voters"], Float32[np.ndarray, " voters"], Int[np.ndarray, " voters"]]:
    """Return, a voter, the squared distances to the nearest work and to the next one, and the nearest work."""
    distances = squared_distances(described, works.descriptors[part].astype(np.float32))
    names, starts = np.unique(works.owners[part], return_index=True)
    each = np.minimum.reduceat(distances, starts, axis=1)
    rows, place = np.arange(len(each)), each.argmin(axis=1)
    nearest = each[rows, place]
    each[rows, place] = np.inf
    return nearest, each.min(axis=1), names[place]


def _parts(owners: Int[np.ndarray, " features"]) -> Iterator[slice]:
    """Cut the pool into slices of about 5,000 features that hold whole works."""
    starts = np.unique(owners, return_index=True)[1]
    begin = 0
    for start in [*starts[1:].tolist(), len(owners)]:
        if start - begin >= _ROWS or start == len(owners):
            yield slice(begin, start)
            begin = start
