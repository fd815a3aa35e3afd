"""What large portfolios cost: the registry's size, inserts and opening, and queries of the index of a scan.

    python benchmarks/scale.py [--registry 1000] [--index 1000 10000 100000]

Works are synthetic: random descriptors of 300 features in the index, of 1,000 in the registry. Random features share
words more evenly than pictures do, so real queries cost more. Seconds are those of computing, on one processor.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from artaudit.auditor.examiners import read_portfolio
from artaudit.auditor.registry import Registry
from artaudit.matching.keypoints import Keypoints
from artaudit.matching.pdq import THRESHOLD, PdqHash
from artaudit.matching.retrieval import POOLED, Pool, by_word, candidates
from artaudit.matching.vocabulary import WORDS
from artaudit.scan import cascade
from artaudit.scan.works import Works, size, write
from benchmarks.portfolio import fill

REPEATS = 5
OUT = Path(".cache/scale.json")


def keypoints(draw: np.random.Generator, count: int) -> Keypoints:
    """Return random features of a picture of 500 x 500 pixels."""
    points = draw.uniform(0, 500, (count, 2)).astype(np.float32)
    return Keypoints(points, draw.integers(0, 120, (count, 128), dtype=np.uint8), (500, 500))


def index_of(works: int) -> Pool:
    """Return a pool of random features."""
    draw = np.random.default_rng(0)
    words = draw.integers(0, WORDS, works * POOLED).astype(np.uint16)
    signatures = draw.integers(0, 2**64, (works * POOLED, 2), dtype=np.uint64)
    return by_word(words, np.repeat(np.arange(works, dtype=np.int32), POOLED), signatures)


def index(works: int) -> dict[str, Any]:
    """Measure one query of the pool and of all PDQ hashes."""
    draw, pool = np.random.default_rng(1), index_of(works)
    suspects = [keypoints(draw, cascade.COUNT) for _ in range(REPEATS)]
    begin = time.process_time()
    for suspect in suspects:
        candidates(suspect, pool, count=cascade.CANDIDATES, near=cascade.NEAR)
    votes = (time.process_time() - begin) / REPEATS
    hashes: np.ndarray = draw.integers(0, 2**64, (4, works), dtype=np.uint64)
    begin = time.process_time()
    for _ in range(REPEATS):
        near_hashes(hashes, [PdqHash(draw.bytes(32), 100) for _ in range(16)])
    held = pool.owners.nbytes + pool.signatures.nbytes + pool.starts.nbytes
    return {
        "works": works,
        "pool_bytes_a_work": round(held / works),
        "votes_ms": round(1000 * votes, 1),
        "pdq_ms": round(1000 * (time.process_time() - begin) / REPEATS, 1),
    }


def near_hashes(stored: np.ndarray, queries: list[PdqHash]) -> int:
    """Compare queries with all hashes as `Works.with_hashes_near` does; return how many are near."""
    near = np.zeros(stored.shape[1], bool)
    for query in queries:
        words = np.frombuffer(query.bits, "<u8")
        near |= sum(
            np.bitwise_count(row ^ word).astype(np.uint16) for row, word in zip(stored, words, strict=True)
        ) <= (THRESHOLD)
    return int(near.sum())


def registry(works: int) -> dict[str, Any]:
    """Measure a registry: inserts a second, bytes, seconds to open it and to read its index; the files of a scan."""
    with tempfile.TemporaryDirectory() as folder:
        path, draw = Path(folder) / "registry.db", np.random.default_rng(2)
        with Registry(path) as filled:
            begin = time.monotonic()
            fill(filled, [keypoints(draw, 2000) for _ in range(4)], works)
            seconds = time.monotonic() - begin
        with Registry(path) as opened:
            first = time.process_time()
            portfolio = read_portfolio(opened)
            made = time.process_time() - first
            begin = time.process_time()
            read_portfolio(opened)
            again = time.process_time() - begin
            write(portfolio, Path(folder))
        begin = time.process_time()
        Works(Path(folder)).with_file("00" * 32)
        return {
            "works": works,
            "inserts_a_second": round(works / seconds, 1),
            "registry_bytes_a_work": round(path.stat().st_size / works),
            "index_made_s": round(made, 2),
            "opened_s": round(again, 2),
            "scan_bytes_a_work": round(size(Path(folder)) / works),
            "mapped_s": round(time.process_time() - begin, 3),
        }


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registry", type=int, default=1000)
    parser.add_argument("--index", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    asked = parser.parse_args()
    result: dict[str, Any] = {"index": []}
    for works in asked.index:
        result["index"].append(index(works))
        print(json.dumps(result["index"][-1]), flush=True)
    if asked.registry:
        result["registry"] = registry(asked.registry)
        print(json.dumps(result["registry"]), flush=True)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
