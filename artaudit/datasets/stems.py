"""Pictures whose file names differ by a number or a seed alone belong together: one prompt or one session."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from artaudit.datasets.listing import INSIDE
from artaudit.datasets.manifest import Row

MOST = 32
"""The most pictures of one folder that may share a name but for numbers; more are a numbered series."""

CAMERAS = ("img", "dsc", "dscn", "dscf", "dcim", "pxl", "mvimg", "scan", "screenshot")
PROGRAMS = ("image", "images", "picture", "pictures", "photo", "photos", "pic", "frame", "page", "file", "untitled")
RUNS = ("sample", "samples", "output", "out", "result", "results", "gen", "generated", "fake", "real", "seed", "copy")
DULL = frozenset((*CAMERAS, *PROGRAMS, *RUNS))
"""Words that cameras and programs number pictures with; they say nothing of what is shown."""

GROUP, APART = "name:", "series:"
"""How groups that file names gave begin, and groups of a single picture of a numbered series."""

_LETTERS = 3
"""The least length of a word in Latin letters that may stand for what a picture shows."""


def stem(row: Row) -> str:
    """Return what a picture's file name says beside numbers, in lower case; empty where that is nothing.

    `panda-riding-2.png` and `00017-991 panda riding.png` both say `panda-riding`. Names of words in `DULL`, or of the
    generator's or the source's own name, say nothing.
    """
    name = _parts(row)[1].stem.casefold()
    words = [word for token in re.split(r"[\W_]+", name) if (word := token.strip("0123456789"))]
    dull = DULL | set(re.split(r"[\W_]+", f"{row.generator} {row.source}".casefold()))
    telling = [word for word in words if word not in dull and (len(word) >= _LETTERS or not word.isascii())]
    return "-".join(words) if telling else ""


def _parts(row: Row) -> tuple[str, PurePosixPath]:
    """Return the tar or Parquet file that a picture lies in, empty for none, and its path in there or on the disk."""
    file, _, inside = row.path.rpartition(INSIDE)
    return file, PurePosixPath(inside)


def _name(row: Row) -> str:
    """Return the name that may give a row a group: empty for rows that were told one, or whose name says nothing."""
    return "" if row.group and not row.group.startswith(GROUP) else stem(row)


class Names:
    """Counts names while rows pass, and then gives the rows of those that some share a group.

    Two pictures share a name wherever they lie: several generators may have drawn one prompt. A row that has a group
    keeps it. `series` are the names that more than `MOST` pictures of one folder have, with how many: each picture gets
    a group of its own, so that a part of the series that is looked at later is not taken for one prompt.
    """

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        for row in rows:
            self.count(row)

    def count(self, row: Row) -> None:
        """Count the name of a row."""
        if name := _name(row):
            file, inside = _parts(row)
            self._counts[name, f"{file}{INSIDE}{inside.parent}"] += 1

    @property
    def series(self) -> dict[str, int]:
        """The names that are numbered through, with the most pictures that one folder has of each."""
        found: dict[str, int] = {}
        for (name, _), count in self._counts.items():
            if count > MOST:
                found[name] = max(count, found.get(name, 0))
        return found

    @property
    def shared(self) -> frozenset[str]:
        """The names that two pictures or more share and that are no series."""
        totals: Counter[str] = Counter()
        for (name, _), count in self._counts.items():
            totals[name] += count
        series = self.series
        return frozenset(name for name, total in totals.items() if total > 1 and name not in series)

    def grouped(self, rows: Iterable[Row]) -> Iterable[Row]:
        """Yield the rows, those of shared names and of series with a group."""
        shared, series = self.shared, self.series
        for row in rows:
            name = _name(row)
            group = f"{GROUP}{name}" if name in shared else f"{APART}{row.path}" if name in series else row.group
            yield replace(row, group=group)


def grouped(rows: Iterable[Row]) -> list[Row]:
    """Return rows, those whose names differ by a number alone with a group."""
    held = list(rows)
    return list(Names(held).grouped(held))
