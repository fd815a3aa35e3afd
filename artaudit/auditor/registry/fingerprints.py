"""Fingerprints of works, and descriptors computed by learned models, as comparisons read them."""

from __future__ import annotations

from collections.abc import Iterator

from artaudit.auditor.registry.hash_chain import now
from artaudit.auditor.registry.store import Store

_NOT_WITHDRAWN = "NOT coalesce((SELECT withdrawn FROM withdrawals WHERE work = works.id ORDER BY id DESC LIMIT 1), 0)"


class FingerprintStore:
    """Reads fingerprints one at a time, so that a large portfolio is not held in memory, and appends descriptors.

    Descriptors belong to a model, named by `kind`, so a work may get more of them after its registration; each has an
    event of its own in the log.
    """

    def __init__(self, store: Store) -> None:
        """Read from and append to an open registry."""
        self._store = store

    def fingerprint(self, work: int, kind: str) -> bytes:
        """Return one fingerprint of a work; empty when it has none of this kind."""
        row = self._store.first("SELECT data FROM fingerprints WHERE work = ? AND kind = ?", work, kind)
        return bytes(row["data"]) if row else b""

    def add_descriptor(self, work: int, kind: str, data: bytes, sketches: bytes) -> bool:
        """Append the descriptors of a work and their sketches; False when it already has some of this kind."""
        with self._store.writing():
            query = "SELECT id FROM descriptors WHERE work = ? AND kind = ?"
            if self._store.first(query, work, kind) is not None:
                return False
            row = {"work": work, "kind": kind, "data": data, "sketches": sketches, "at": now()}
            self._store.append("describe", "descriptors", row)
            return True

    def descriptor(self, work: int, kind: str) -> bytes:
        """Return the descriptors of a work; empty when it has none of this kind."""
        row = self._store.first("SELECT data FROM descriptors WHERE work = ? AND kind = ?", work, kind)
        return bytes(row["data"]) if row else b""

    def sketches(self, kind: str) -> Iterator[tuple[int, bytes]]:
        """Yield (work, sketches) of every work that is not withdrawn and has descriptors of this kind."""
        query = (
            "SELECT work, sketches FROM descriptors JOIN works ON works.id = work "
            f"WHERE kind = ? AND {_NOT_WITHDRAWN} ORDER BY work"
        )
        for row in self._store.stream(query, kind):
            yield row["work"], bytes(row["sketches"])
