"""What large portfolios cost: the registry, the index of a scan, and works that are spread over several indexes.

    python benchmarks/scale.py --data ../shared/data [--registry 1000 …] [--index 1000 …] [--shards 10000x10 …]

Works are synthetic. In the index they have 300 features each, with the words of features of 40 paintings and their
signatures, of which each bit is turned with a chance of three in eight. In the registry they have as many random
keypoints as `--keypoints` says. Suspects are 10 paintings, cropped, of which 5 are works. Seconds are those of
computing, on one processor.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from artaudit.auditor.examiners import read_portfolio
from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.records import KnownFile
from artaudit.matching.keypoints import Keypoints, extract
from artaudit.matching.pdq import THRESHOLD, PdqHash
from artaudit.matching.retrieval import POOLED, Features, Pool, by_word, candidates, pooled
from artaudit.scan import cascade
from artaudit.scan.works import Works, near_hashes, size, write
from benchmarks.edits import crop
from benchmarks.match import manifest, opened

PAINTINGS, SUSPECTS, KNOWN = 40, 10, 5
ORIENTATIONS = 8
AT_ONCE = 1000
OUT = Path(".cache/scale.json")


def timed(act: Callable[[], Any]) -> tuple[Any, float]:
    """Return the result of a call and its seconds of computing."""
    begin = time.process_time()
    done = act()
    return done, time.process_time() - begin


def keypoints(draw: np.random.Generator, count: int) -> bytes:
    """Return random keypoints of a picture of 500 x 500 pixels, as they are stored."""
    points = draw.uniform(0, 500, (count, 2)).astype(np.float32)
    return Keypoints(points, draw.integers(0, 120, (count, 128), dtype=np.uint8), (500, 500)).to_bytes()


def insert(registry: Registry, numbers: range, prints: Sequence[bytes]) -> None:
    """Register synthetic works in one transaction."""
    draw = np.random.default_rng(numbers.start)
    with registry.together():
        for number in numbers:
            file = KnownFile(draw.bytes(32).hex(), draw.bytes(32).hex(), f"{number}.png", 500, 500, "PNG")
            known = {"pdq": draw.bytes(32) + bytes([100]), "keypoints": prints[number % len(prints)]}
            registry.add_work(file, title=f"work {number}", fingerprints=known, preview=b"")


def registry(works: int, count: int) -> dict[str, Any]:
    """Measure a registry of works with `count` keypoints each: inserts, bytes, opening, and the files of a scan."""
    draw = np.random.default_rng(2)
    prints = [keypoints(draw, count) for _ in range(4)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "registry.db"
        with Registry(path) as filled:
            batches = [range(begin, min(works, begin + AT_ONCE)) for begin in range(0, works, AT_ONCE)]
            spent = [timed(lambda batch=batch: insert(filled, batch, prints))[1] for batch in batches]  # type: ignore[misc]
        with Registry(path) as known:
            _, made = timed(lambda: read_portfolio(known))
            portfolio, again = timed(lambda: read_portfolio(known))
            _, written = timed(lambda: write(portfolio, Path(folder)))
        mapped, opening = timed(lambda: Works(Path(folder)))
        _, first = timed(lambda: mapped.with_file("00" * 32))
        _, next_one = timed(lambda: mapped.with_file("00" * 32))
        return {
            "works": works,
            "keypoints": count,
            "inserts_a_second": round(works / sum(spent)),
            "ms_an_insert_first_and_last": [round(1000 * part / AT_ONCE, 2) for part in (spent[0], spent[-1])],
            "registry_bytes_a_work": round(path.stat().st_size / works),
            "index_made_s": round(made, 1),
            "opened_s": round(again, 2),
            "scan_written_s": round(written, 2),
            "scan_bytes_a_work": round(size(Path(folder)) / works),
            "mapped_s": round(opening + first, 3),
            "digest_ms": round(1000 * next_one, 3),
            "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        }


class Synthetic:
    """Makes indexes of synthetic works among which some paintings are, and the suspects that they are asked about."""

    def __init__(self, data: Path) -> None:
        """Take the features of paintings."""
        paintings = [opened(data, row).rgb8 for row in manifest(data)[: PAINTINGS + SUSPECTS - KNOWN]]
        self._known = [pooled(extract(rgb8)) for rgb8 in paintings[:PAINTINGS]]
        self._words = np.concatenate([features.words for features in self._known])
        self._signatures = np.concatenate([features.signatures for features in self._known])
        asked = paintings[:KNOWN] + paintings[PAINTINGS:]
        self.suspects = [extract(crop(0.5)(rgb8), side=cascade.SIDE, count=cascade.COUNT) for rgb8 in asked]

    def index(self, works: int, number: int = 0) -> Pool:
        """Return index `number` of those that hold so many works each; painting n is the first work of index n."""
        features, own = self._drawn(works, number), self._known[number] if number < len(self._known) else None
        owners = np.repeat(np.arange(works, dtype=np.int32) + number * works, POOLED)
        if own is None:
            return by_word(features.words, owners, features.signatures)
        rest = slice(POOLED, None)
        return by_word(
            np.concatenate([own.words, features.words[rest]]),
            np.concatenate([np.full(len(own.words), number * works, np.int32), owners[rest]]),
            np.concatenate([own.signatures, features.signatures[rest]]),
        )

    def _drawn(self, works: int, number: int) -> Features:
        draw = np.random.default_rng([3, number])
        places = draw.integers(0, len(self._words), works * POOLED)
        first, second, third = (draw.integers(0, 2**64, (len(places), 2), dtype=np.uint64) for _ in range(3))
        return Features(self._words[places], self._signatures[places] ^ (first & (second | third)))


def asked(suspects: Sequence[Keypoints], *pools: Pool) -> tuple[list[Any], float]:
    """Return the candidates of every suspect, and the milliseconds of one."""
    found, seconds = timed(
        lambda: [candidates(suspect, *pools, count=cascade.CANDIDATES, near=cascade.NEAR) for suspect in suspects]
    )
    return found, 1000 * seconds / len(suspects)


def hashes_ms(works: int) -> float:
    """Return the milliseconds in which all PDQ hashes are compared with those of one picture."""
    draw = np.random.default_rng(4)
    stored = draw.integers(0, 2**64, (4, works), dtype=np.uint64)
    queries = [PdqHash(draw.bytes(32), 100) for _ in range(ORIENTATIONS * SUSPECTS)]
    _, seconds = timed(lambda: [near_hashes(stored, query, THRESHOLD) for query in queries])
    return 1000 * seconds / SUSPECTS


def index(made: Synthetic, works: int) -> dict[str, Any]:
    """Measure one query of an index."""
    pool = made.index(works)
    _, votes = asked(made.suspects, pool)
    held = pool.owners.nbytes + pool.signatures.nbytes + pool.starts.nbytes
    told = {"works": works, "pool_bytes_a_work": round(held / works), "votes_ms": round(votes, 1)}
    return told | {"pdq_ms": round(hashes_ms(works), 2)}


def shards(made: Synthetic, works: int, count: int, *, compare: bool) -> dict[str, Any]:
    """Ask `count` indexes of so many works each, one in memory at a time; `compare` with all of them in one."""
    alone, kept, built = [], [], 0.0
    for number in range(count):
        pool, seconds = timed(lambda number=number: made.index(works, number))  # type: ignore[misc]
        built += seconds
        alone.append(asked(made.suspects, pool)[1])
        kept += [pool] if compare else []
    told: dict[str, Any] = {"works": works * count, "shards": count, "built_s": round(built, 1)}
    told |= {"ms_each": [round(ms, 1) for ms in (min(alone), max(alone))], "ms_sum": round(sum(alone), 1)}
    told["pdq_ms_sum"] = round(count * hashes_ms(works), 2)
    if compare:
        together, ms = asked(made.suspects, *kept)
        whole = by_word(
            np.concatenate([pool.words for pool in kept]),
            np.concatenate([pool.owners for pool in kept]),
            np.concatenate([pool.signatures for pool in kept]),
        )
        in_one, ms_one = asked(made.suspects, whole)
        if together != in_one:
            raise SystemExit("the indexes together give other candidates than one that holds all")
        right = sum(any(way.work == number * works for way in in_one[number]) for number in range(min(count, KNOWN)))
        told |= {"ms_together": round(ms, 1), "ms_in_one": round(ms_one, 1), "same_candidates": True, "right": right}
    return told


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--registry", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--keypoints", type=int, default=0, help="keypoints of each work in the registry")
    parser.add_argument("--index", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--shards", nargs="*", default=["10000x10"], help="works in each, and how many")
    parser.add_argument("--compare", type=int, default=100_000, help="works up to which one index holds them all too")
    told = parser.parse_args()
    cv2.setNumThreads(1)
    made, result = Synthetic(told.data), []
    for works in told.index:
        result.append(index(made, works))
        print(json.dumps(result[-1]), flush=True)
    for works, count in (map(int, each.split("x")) for each in told.shards):
        result.append(shards(made, works, count, compare=works * count <= told.compare))
        print(json.dumps(result[-1]), flush=True)
    for works in told.registry:
        result.append(registry(works, told.keypoints))
        print(json.dumps(result[-1]), flush=True)
    print(f"{time.process_time():.0f} s of computing, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB")
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
