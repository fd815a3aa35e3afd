"""Divides a data set into splits: no pair, group or copy lies in two, and labels and generators are shared out alike.

The greedy choice follows Sechidis et al., ECML PKDD 2011, https://doi.org/10.1007/978-3-642-23808-6_10, over whole
components instead of single pictures.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from artaudit.datasets.components import TOGETHER, components
from artaudit.datasets.manifest import Row
from artaudit.datasets.stems import grouped
from artaudit.errors import UsageError

COLUMNS = ("source", "generator", "prompt", "artist", "pair", "group")
"""Columns whose equal values a split may keep together."""

Stratum = tuple[str, str]


def split(rows: Sequence[Row], shares: Mapping[str, float], *, by: Sequence[str] = (), seed: int = 0) -> list[Row]:
    """Return the rows in their order, each with its split.

    `shares` are weights above 0 by the splits' names. Pairs, groups, equal files, file names that differ by a number
    alone and equal values of the columns `by` stay together. The result does not depend on the order of the rows.
    Raises UsageError for wrong shares, and where the rows hang together in too few parts for every split to get one.
    """
    if not shares or min(shares.values()) <= 0 or not all(shares):
        raise UsageError("A split needs names with shares above 0: write --share train 0.8 --share test 0.2.")
    rows = grouped(rows)
    parts: dict[int, list[Row]] = defaultdict(list)
    numbers = components(rows, (*TOGETHER, *by))
    for row, number in zip(rows, numbers, strict=True):
        parts[int(number)].append(row)
    chosen = _assigned(parts, shares, seed)
    empty = set(shares) - set(chosen.values())
    if empty:
        kept = ", ".join(dict.fromkeys((*TOGETHER, *by)))
        raise UsageError(
            f"The pictures hang together in {len(parts)} parts by {kept}, and none is left for {min(empty)}: "
            "ask for fewer splits, or let fewer columns stay together."
        )
    return [replace(row, split=chosen[int(number)]) for row, number in zip(rows, numbers, strict=True)]


def _assigned(parts: Mapping[int, Sequence[Row]], shares: Mapping[str, float], seed: int) -> dict[int, str]:
    """Give every part, the largest first, to the split that lacks most of what the part holds."""
    held = {number: Counter((row.label, row.generator) for row in part) for number, part in parts.items()}
    totals: Counter[Stratum] = sum(held.values(), Counter())
    whole = sum(shares.values())
    lacking = {
        name: {stratum: total * share / whole for stratum, total in totals.items()} for name, share in shares.items()
    }
    order = sorted(parts, key=lambda number: (-len(parts[number]), _draw(parts[number], seed)))
    chosen = {}
    for number in order:
        needs = {
            name: sum(n * lacks[s] / totals[s] for s, n in held[number].items()) for name, lacks in lacking.items()
        }
        chosen[number] = max(needs, key=lambda name: (needs[name], name))
        for stratum, count in held[number].items():
            lacking[chosen[number]][stratum] -= count
    return chosen


def _draw(part: Iterable[Row], seed: int) -> bytes:
    """Return a random number that depends on the seed and the part's pictures, not on their order."""
    return hashlib.sha256(f"{seed} {min(row.path for row in part)}".encode()).digest()


@dataclass(frozen=True, slots=True)
class Leak:
    """A pair or group that several splits hold."""

    column: str
    value: str
    splits: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.column} {self.value} lies in the splits {', '.join(self.splits)}"


def leaks(rows: Iterable[Row], columns: Sequence[str] = ("pair", "group")) -> list[Leak]:
    """Return every pair and group, told or seen by the files' names, that lies in more than one split."""
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in grouped(rows):
        for column in columns:
            if row.split and getattr(row, column):
                seen[column, getattr(row, column)].add(row.split)
    return [Leak(*where, tuple(sorted(splits))) for where, splits in sorted(seen.items()) if len(splits) > 1]
