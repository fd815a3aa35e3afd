"""The Merkle tree over the log: one digest of all events, and short proofs that an event is among them.

RFC 6962 §2.1, https://www.rfc-editor.org/rfc/rfc6962.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def leaf(data: bytes) -> bytes:
    """Return the hash of an entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node from those of its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def levels(entries: Sequence[bytes]) -> list[list[bytes]]:
    """Return all hashes of the tree, level by level, from the leaves to the root.

    A hash without a sibling moves up unchanged, which gives the tree of the RFC.
    """
    rows = [[leaf(entry) for entry in entries]]
    while len(rows[-1]) > 1:
        row = rows[-1]
        above = [node(*row[at : at + 2]) for at in range(0, len(row) - 1, 2)]
        rows.append(above + row[len(above) * 2 :])
    return rows


def root(entries: Sequence[bytes]) -> bytes:
    """Return the root hash; without entries it is the hash of the empty string."""
    return levels(entries)[-1][0] if entries else hashlib.sha256().digest()


def proof(rows: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """Return the hashes that lead from the entry at `index` to the root of the tree with these levels."""
    path = []
    for row in rows[:-1]:
        sibling = index ^ 1
        path += [row[sibling]] if sibling < len(row) else []
        index //= 2
    return path


def root_by(proof: Sequence[bytes], entry: bytes, index: int, size: int) -> bytes | None:
    """Return the root that a proof gives for entry `index` of a tree of `size` entries; None when it does not fit."""
    if not 0 <= index < size:
        return None
    reached, last, remaining = leaf(entry), size - 1, list(proof)
    while last:
        if index & 1 or index < last:
            if not remaining:
                return None
            sibling = remaining.pop(0)
            reached = node(sibling, reached) if index & 1 else node(reached, sibling)
        index, last = index // 2, last // 2
    return None if remaining else reached
