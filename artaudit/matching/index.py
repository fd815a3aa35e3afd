"""The index of a portfolio: made once, kept beside the registry, brought up to date with the works that came or went.

While works are taken in, a few of them are looked for among the owner's other works: pictures by one artist are the
hardest to tell apart, so what is found there says how far a match can be trusted in this portfolio.
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
"""Works that are looked for among the others at most, and how many of them when the index is brought up to date."""

RIVALS = 3
"""How many of the most similar other works, in one orientation each, are confirmed then."""


DESCRIBED = 20
"""Works whose descriptors are looked for among the others."""


@dataclass(frozen=True, slots=True)
class OwnWorks:
    """What came of looking for some of the owner's works among the others.

    `pairs` counts the comparisons of `asked` works with all others that were there then, `agreed` those in which at
    least 15 points agreed on one place, and `most` is the largest number of points that did.
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
    """What finds the works of a portfolio that are worth confirming, and how sure a match is among them."""

    pool: Pool = field(repr=False)
    own_works: OwnWorks


def likest(whole: Sketches, stored: Callable[[int], Vectors], bar: float) -> str:
    """Say how near descriptors of a few of the owner's works come to those of the others, and how often to `bar`."""
    works = np.unique(whole.owners).tolist()
    if len(works) < 2:  # noqa: PLR2004 - a pair
        return "not measured on the owner's own works: there is nothing to compare them with"
    asked = [works[place] for place in np.unique(np.linspace(0, len(works) - 1, DESCRIBED).astype(int))]
    cosines = []
    for work in asked:
        queries = stored(work)
        others = [one for one in whole.nearest(sketch(queries), RIVALS + 1) if one != work]
        cosines.append(ranked(queries, others, stored)[0][1])
    return (
        f"{len(asked)} of the owner's works looked for among the others: in {sum(one >= bar for one in cosines)} of "
        f"{len(asked) * (len(works) - 1)} pairs a cosine of at least {bar:g} (highest: {max(cosines):.2f}); works that "
        "share a picture count too"
    )


def bring_up_to_date(path: Path | None, works: Mapping[int, str], keypoints: Callable[[int], bytes]) -> Index:
    """Return the index of `works` (numbers and sha256), reading the keypoints of those it does not hold.

    It is kept at `path` for the next time, where that is possible. Raises RegistryError for damaged keypoints.
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
    found = [(work, len(works) - 1, _rival(work, _read(keypoints, work), whole, keypoints)) for work in asked]
    rivals = np.concatenate([rivals, np.array(found, np.int32).reshape(-1, 3)])
    if path:
        index_file.write(path, _arrays(whole, works) | {"rivals": rivals}, made_from)
    return Index(whole, _own_works(rivals))


def _known(kept: Mapping[str, np.ndarray], works: Mapping[int, str]) -> set[int]:
    """Return the works that the kept index describes rightly."""
    if not kept:
        return set()
    named = zip(kept["works"].tolist(), kept["digests"], strict=True)
    return {work for work, digest in named if works.get(work) == digest.tobytes().hex()}


def _joined(old: Pool, known: set[int], new: Mapping[int, Features]) -> Pool:
    """Return a pool of the old features of works still known and of the new ones."""
    added, stays = pool(new.items()), np.isin(old.owners, list(known))
    return by_word(
        np.concatenate([old.words[stays], added.words]),
        np.concatenate([old.owners[stays], added.owners]),
        np.concatenate([old.signatures[stays], added.signatures]),
    )


def _rival(work: int, suspect: Keypoints, whole: Pool, keypoints: Callable[[int], bytes]) -> int:
    """Return how many points of a work agree with the other work that looks most like it."""
    others = [one for one in candidates(suspect, whole) if one.work != work][:RIVALS]
    agreed = [
        confirm(suspect, _read(keypoints, one.work), inverted=one.inverted, mirrored=one.mirrored) for one in others
    ]
    return max((one.inliers for one in agreed if one), default=0)


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
