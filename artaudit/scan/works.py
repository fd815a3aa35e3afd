"""The works that a scan looks for, as two files that every worker maps into memory: the registry itself never travels.

`works.index` holds arrays (https://huggingface.co/docs/safetensors): digests, PDQ hashes, the pool of local features.
`works.keypoints` holds the stored keypoints one after the other; a worker reads those of the works it confirms.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from jaxtyping import Int64, UInt8, UInt64
from safetensors.numpy import save

from artaudit.errors import ScanError
from artaudit.image import write_atomically
from artaudit.matching import Portfolio, PortfolioEntry, index_file
from artaudit.matching.pdq import PdqHash
from artaudit.matching.retrieval import Pool

INDEX, KEYPOINTS = "works.index", "works.keypoints"
FORM = "artaudit-scan-works/1"
_BITS = 256


class Works:
    """What `write` wrote, mapped into memory; entries count cloaked versions too, in the portfolio's order."""

    def __init__(self, folder: Path) -> None:
        """Map the files in `folder`; raises ScanError when they are not whole."""
        self._arrays = index_file.mapped(folder / INDEX, FORM)
        keypoints = folder / KEYPOINTS
        if not self._arrays or not keypoints.is_file() or keypoints.stat().st_size != int(self._arrays["places"][-1]):
            raise ScanError(f"{folder} holds no whole index of works: scan into another folder.")
        self._keypoints = np.memmap(keypoints, np.uint8, "r") if self._arrays["places"][-1] else np.empty(0, np.uint8)
        self.count = len(np.unique(self._arrays["owners"]))
        self.pool = Pool(*(self._arrays[f"pool_{name}"] for name in ("starts", "owners", "signatures")))

    def with_file(self, sha256: str) -> list[int]:
        """Return the entries whose file has these bytes."""
        return self._with("files", sha256)

    def with_pixels(self, sha256: str) -> list[int]:
        """Return the entries whose picture has these pixels."""
        return self._with("pixels", sha256)

    def with_hashes_near(self, hashes: Iterable[PdqHash], most: int) -> list[int]:
        """Return the entries whose PDQ hash differs from any of some hashes in at most so many bits.

        Those of pictures with inverted colours count as well: their waves change sign, so that every bit turns.
        """
        near: set[int] = set()
        for query in hashes:
            near.update(near_hashes(self._arrays["hashes"], query, most).tolist())
        return self._arrays["hashed"][sorted(near)].tolist()

    def of_works(self, numbers: Iterable[int]) -> list[int]:
        """Return the entries of some works, cloaked versions included."""
        return np.flatnonzero(np.isin(self._arrays["owners"], list(numbers))).tolist()

    def owner(self, entry: int) -> int:
        """Return the number of the work that an entry belongs to."""
        return int(self._arrays["owners"][entry])

    def entries(self, places: Iterable[int]) -> list[PortfolioEntry]:
        """Return entries as a portfolio holds them."""
        return [self._entry(place) for place in places]

    def _entry(self, place: int) -> PortfolioEntry:
        named, kept = self._arrays["named"], self._arrays["places"]
        hashed = np.flatnonzero(self._arrays["hashed"] == place)
        return PortfolioEntry(
            work=self.owner(place),
            title=self._arrays["names"][named[place] : named[place + 1]].tobytes().decode(),
            sha256=self._arrays["files"][place].tobytes().hex(),
            pixels_sha256=self._arrays["pixels"][place].tobytes().hex(),
            pdq=self._arrays["hashes"][:, hashed[0]].tobytes() + b"\x64" if len(hashed) else b"",
            keypoints=self._keypoints[kept[place] : kept[place + 1]].tobytes(),
            cloaked=bool(self._arrays["cloaked"][place]),
        )

    def _with(self, kind: str, sha256: str) -> list[int]:
        digest = np.frombuffer(bytes.fromhex(sha256), np.uint8)
        heads, order = self._heads[kind]
        head = digest[:8].view("<u8")[0]
        near = order[np.searchsorted(heads, head) : np.searchsorted(heads, head, side="right")]
        return [int(place) for place in near if (self._arrays[kind][place] == digest).all()]

    @cached_property
    def _heads(self) -> dict[str, tuple[UInt64[np.ndarray, " entries"], Int64[np.ndarray, " entries"]]]:
        heads = {
            kind: np.ascontiguousarray(self._arrays[kind][:, :8]).view("<u8")[:, 0] for kind in ("files", "pixels")
        }
        orders = {kind: np.argsort(heads[kind]) for kind in heads}
        return {kind: (heads[kind][orders[kind]], orders[kind]) for kind in heads}


def near_hashes(stored: UInt64[np.ndarray, "4 hashes"], query: PdqHash, most: int) -> Int64[np.ndarray, " near"]:
    """Return the places of hashes that differ from one in at most so many bits, or in all but so many."""
    words = np.frombuffer(query.bits, "<u8")
    # half of the bits excludes almost all, so the other half is read for few
    half = np.bitwise_count(stored[0] ^ words[0]) + np.bitwise_count(stored[1] ^ words[1])
    likely = np.flatnonzero((half <= most) | (half >= _BITS // 2 - most))
    differ = half[likely] + np.bitwise_count(stored[2:, likely] ^ words[2:, None]).sum(axis=0, dtype=np.int64)
    return likely[(differ <= most) | (differ >= _BITS - most)]


def write(portfolio: Portfolio, folder: Path) -> str:
    """Write the works of a portfolio, with its index, into `folder`; return a digest of what a scan looks for.

    Raises ScanError where the folder cannot be written.
    """
    try:
        places, digest = _write_keypoints(portfolio.entries, folder)
        arrays = _arrays(portfolio) | {"places": places}
        data = save(arrays, metadata={"made_from": FORM, "keypoints": digest})
    except OSError as error:
        raise ScanError(f"{folder} cannot be written ({error.strerror}): choose another place with -o.") from error
    write_atomically(folder / INDEX, data)
    return hashlib.sha256(data).hexdigest()


def size(folder: Path) -> int:
    """Return the bytes that the files of `write` have together, which is what a worker maps."""
    return sum((folder / name).stat().st_size for name in (INDEX, KEYPOINTS))


def _write_keypoints(entries: Sequence[PortfolioEntry], folder: Path) -> tuple[Int64[np.ndarray, " places"], str]:
    """Write the keypoints of all entries; return where each begins, and the end, and the digest of them all."""
    places, digest = [0], hashlib.sha256()
    with TemporaryDirectory(dir=folder, prefix=".") as beside:
        path = Path(beside) / KEYPOINTS
        with path.open("wb") as file:
            for entry in entries:
                data = entry.keypoints if isinstance(entry.keypoints, bytes) else entry.keypoints()
                digest.update(data)
                places.append(places[-1] + file.write(data))
            file.flush()
            os.fsync(file.fileno())
        path.replace(folder / KEYPOINTS)
    return np.array(places, np.int64), digest.hexdigest()


def _arrays(portfolio: Portfolio) -> dict[str, np.ndarray]:
    entries = portfolio.entries
    hashes = [(place, PdqHash.from_bytes(entry.pdq)) for place, entry in enumerate(entries) if entry.pdq]
    hashes = [(place, stored) for place, stored in hashes if stored.decides]
    names = [entry.title.encode(errors="replace") for entry in entries]
    bits: UInt8[np.ndarray, " bytes"] = np.frombuffer(b"".join(stored.bits for _, stored in hashes), np.uint8)
    pool = portfolio.pool
    return {
        "owners": np.array([entry.work for entry in entries], np.int32),
        "cloaked": np.array([entry.cloaked for entry in entries], np.uint8),
        "files": _digests([entry.sha256 for entry in entries]),
        "pixels": _digests([entry.pixels_sha256 for entry in entries]),
        "names": np.frombuffer(b"".join(names), np.uint8),
        "named": np.cumsum([0, *map(len, names)]).astype(np.int64),
        "hashes": np.ascontiguousarray(bits.view("<u8").reshape(-1, _BITS // 64).T),
        "hashed": np.array([place for place, _ in hashes], np.int32),
        "pool_starts": pool.starts,
        "pool_owners": pool.owners,
        "pool_signatures": pool.signatures,
    }


def _digests(digests: Sequence[str]) -> UInt8[np.ndarray, "entries 32"]:
    return np.frombuffer(bytes.fromhex("".join(digests)), np.uint8).reshape(-1, 32)
