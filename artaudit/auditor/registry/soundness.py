"""Damage to a registry's file that SQLite itself passes over: in its header, and in the words that made its tables.

The header: https://www.sqlite.org/fileformat2.html#the_database_header . What is not looked at there (the counters of
changes and of versions, the cache's suggested size, the version of SQLite) is written anew by every change and says
nothing about what the file holds; nor does space that no row uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from artaudit.auditor.registry.schema import structures

_LENGTH = 100
_FIXED = (
    ("format", slice(18, 20), (b"\1\1", b"\2\2")),
    ("size of reserved space", slice(20, 21), (b"\0",)),
    ("fractions", slice(21, 24), (b"\x40\x20\x20",)),
    ("version of the schema's format", slice(44, 48), (b"\0\0\0\4",)),
    ("order to shrink by itself", slice(52, 56), (bytes(4),)),
    ("encoding", slice(56, 60), (b"\0\0\0\1",)),
    ("order to shrink step by step", slice(64, 68), (bytes(4),)),
    ("room for later versions", slice(72, 92), (bytes(20),)),
)
"""Parts of the header that are the same in every registry."""


def strange_header(path: Path) -> list[str]:
    """Return as sentences which parts of a file's header are not as in every registry.

    As long as the log of writes beside it holds the first changes of a new file, its own header is without some.
    """
    with path.open("rb") as file:
        header = file.read(_LENGTH)
    log = path.with_name(f"{path.name}-wal")
    unset = log.exists() and log.stat().st_size > 0
    return [
        f"the file's header was changed: its {name}"
        for name, part, known in _FIXED
        if header[part] not in known and not (unset and not any(header[part]))
    ]


def strange_structures(present: Mapping[str, str]) -> list[str]:
    """Return as sentences which tables and indexes, statements by name, are not those of the registry."""
    wanted, lines = structures(), {name: " ".join(sql.split()) for name, sql in present.items()}
    names = sorted(wanted.keys() | lines.keys())
    return [f"{name} is not the registry's own" for name in names if wanted.get(name) != lines.get(name)]
