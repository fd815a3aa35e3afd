"""One digest over the whole log, and short proofs that an event is under it.

RFC 6962 §2.1, https://www.rfc-editor.org/rfc/rfc6962.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def leaf(data: bytes) -> bytes:
    """Return the hash of an entry."""
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def levels(entries: Sequence[bytes]) -> list[list[bytes]]:
    """Return all hashes of the tree, level by level, the entries' first; the last level is the root alone.

    A hash without a neighbour rises as it is, which gives the tree of the RFC.
    """
    rows = [[leaf(one) for one in entries]]
    while len(rows[-1]) > 1:
        row = rows[-1]
        above = [node(*row[at : at + 2]) for at in range(0, len(row) - 1, 2)]
        rows.append(above + row[len(above) * 2 :])
    return rows


def root(entries: Sequence[bytes]) -> bytes:
    """Return the hash of the whole tree; that of no entries is the hash of nothing."""
    return levels(entries)[-1][0] if entries else hashlib.sha256().digest()


def proof(rows: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """Return the hashes that lead from the entry at `index` to the root of the tree with these levels."""
    path = []
    for row in rows[:-1]:
        beside = index ^ 1
        path += [row[beside]] if beside < len(row) else []
        index //= 2
    return path


def root_by(proof: Sequence[bytes], entry: bytes, index: int, size: int) -> bytes | None:
    """Return the root that a proof leads to from an entry of a tree of `size`; None when it does not fit."""
    if not 0 <= index < size:
        return None
    found, last, left = leaf(entry), size - 1, list(proof)
    while last:
        if index & 1 or index < last:
            if not left:
                return None
            beside = left.pop(0)
            found = node(beside, found) if index & 1 else node(found, beside)
        index, last = index // 2, last // 2
    return None if left else found
