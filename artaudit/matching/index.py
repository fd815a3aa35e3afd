"""The index of a portfolio: kept in a file beside the registry and updated when works are added or withdrawn.

When works are added, some of them are searched among the owner's other works. Pictures by the same artist are the
hardest to tell apart, so these false matches show how far a match can be trusted in this portfolio.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Int32, UInt8

from artaudit.matching import index_file
from artaudit.matching.binary_codes import Sketches, Vectors, ranked, sketch
from artaudit.matching.confirmation import CONFIRMED, confirm
from artaudit.matching.keypoints import Keypoints
from artaudit.matching.retrieval import Features, Pool, by_word, candidates, pool, pooled
from artaudit.matching.vocabulary import VOCABULARY

ASKED, AT_ONCE = 100, 10
"""Largest number of works that are searched among the others: in all, and in one update of the index."""

RIVALS = 3
"""Number of the most similar other works, in one orientation each, that each of them is confirmed with."""

DESCRIBED = 20
"""Largest number of works whose descriptors are compared with those of the others."""


@dataclass(frozen=True, slots=True)
class OwnWorks:
    """How alike the owner's works are: some of them were searched among the others.

    `asked` works were compared with all others registered at that time, which makes `pairs` comparisons; in `agreed` of
    them at least 15 points agreed on one mapping, and `most` is the largest number of points that agreed.
    """

    asked: int
    pairs: int
    agreed: int
    most: int

    def sentence(self) -> str:
        """Return the result as a sentence."""
        if not self.pairs:
            return "not measured on the owner's own works: there is nothing to compare them with"
        return (
            f"{self.asked} of the owner's works looked for among the others: in {self.agreed} of {self.pairs} pairs "
            f"at least {CONFIRMED} points agree (most: {self.most}); works that share a picture count too"
        )


@dataclass(frozen=True, slots=True)
class Index:
    """The pool of local features that candidates are retrieved from, and how alike the owner's works are."""

    pool: Pool = field(repr=False)
    own_works: OwnWorks


def descriptor_sentence(whole: Sketches, stored: Callable[[int], Vectors], threshold: float) -> str:
    """Say how near descriptors of some of the owner's works come to those of the others; `threshold` is a cosine."""
    works = np.unique(whole.owners).tolist()
    if len(works) < 2:  # noqa: PLR2004 - a pair
        return "not measured on the owner's own works: there is nothing to compare them with"
    asked = [works[place] for place in np.unique(np.linspace(0, len(works) - 1, DESCRIBED).astype(int))]
    cosines = []
    for work in asked:
        queries = stored(work)
        others = [other for other in whole.nearest(sketch(queries), RIVALS + 1) if other != work]
        cosines.append(ranked(queries, others, stored)[0][1])
    near = sum(cosine >= threshold for cosine in cosines)
    return (
        f"{len(asked)} of the owner's works looked for among the others: in {near} of {len(asked) * (len(works) - 1)} "
        f"pairs a cosine of at least {threshold:g} (highest: {max(cosines):.2f}); works that share a picture count too"
    )


def bring_up_to_date(path: Path | None, works: Mapping[int, str], keypoints: Callable[[int], bytes]) -> Index:
    """Return the index of `works` (sha256 by number); keypoints are read only of works that the file does not hold.

    It is written to `path` for the next time, if possible. Raises RegistryError for damaged keypoints.
    """
    made_from = hashlib.sha256(VOCABULARY.read_bytes()).hexdigest()
    kept = index_file.read(path, made_from) if path else {}
    known = _known(kept, works)
    new = [work for work in works if work not in known]
    if kept and not new and len(known) == len(kept["works"]):
        return Index(_pool(kept), _own_works(kept["rivals"]))
    whole = _joined(_pool(kept) if kept else pool([]), known, {work: pooled(_read(keypoints, work)) for work in new})
    rivals = kept["rivals"] if kept else np.empty((0, 3), np.int32)
    asked = [work for work in new if len(works) > 1][: max(0, min(AT_ONCE, ASKED - len(rivals)))]
    added = [(work, len(works) - 1, _rival(work, _read(keypoints, work), whole, keypoints)) for work in asked]
    rivals = np.concatenate([rivals, np.array(added, np.int32).reshape(-1, 3)])
    if path:
        index_file.write(path, _arrays(whole, works) | {"rivals": rivals}, made_from)
    return Index(whole, _own_works(rivals))


def _known(kept: Mapping[str, np.ndarray], works: Mapping[int, str]) -> set[int]:
    """Return the works that the kept index holds with the same sha256."""
    if not kept:
        return set()
    named = zip(kept["works"].tolist(), kept["digests"], strict=True)
    return {work for work, digest in named if works.get(work) == digest.tobytes().hex()}


def _joined(old: Pool, known: set[int], new: Mapping[int, Features]) -> Pool:
    """Return a pool of the old features of works that are still known, and of the new works' features."""
    added, stays = pool(new.items()), np.isin(old.owners, list(known))
    return by_word(
        np.concatenate([old.words[stays], added.words]),
        np.concatenate([old.owners[stays], added.owners]),
        np.concatenate([old.signatures[stays], added.signatures]),
    )


def _rival(work: int, suspect: Keypoints, whole: Pool, keypoints: Callable[[int], bytes]) -> int:
    """Return the largest number of inliers between a work and the other works most similar to it."""
    others = [candidate for candidate in candidates(suspect, whole) if candidate.work != work][:RIVALS]
    confirmations = [
        confirm(suspect, _read(keypoints, other.work), inverted=other.inverted, mirrored=other.mirrored)
        for other in others
    ]
    return max((confirmation.inliers for confirmation in confirmations if confirmation), default=0)


def _read(keypoints: Callable[[int], bytes], work: int) -> Keypoints:
    return Keypoints.from_bytes(keypoints(work))


def _own_works(rivals: Int32[np.ndarray, "asked 3"]) -> OwnWorks:
    return OwnWorks(
        asked=len(rivals),
        pairs=int(rivals[:, 1].sum()),
        agreed=int((rivals[:, 2] >= CONFIRMED).sum()),
        most=int(rivals[:, 2].max(initial=0)),
    )


def _pool(arrays: Mapping[str, np.ndarray]) -> Pool:
    return Pool(arrays["starts"], arrays["owners"], arrays["signatures"])


def _arrays(whole: Pool, works: Mapping[int, str]) -> dict[str, np.ndarray]:
    digests: UInt8[np.ndarray, "works 32"] = np.frombuffer(
        b"".join(bytes.fromhex(digest) for digest in works.values()), np.uint8
    ).reshape(-1, 32)
    return {
        "starts": whole.starts,
        "owners": whole.owners,
        "signatures": whole.signatures,
        "works": np.array(list(works), np.int32),
        "digests": digests,
    }
