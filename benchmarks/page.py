"""The tables of docs/limits.md: intervals, rows, and the text between the page's markers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

PAGE = Path("docs/limits.md")
SMALL = 0.1
"""Means below this are given with a third digit."""


def interval(values: Sequence[float]) -> str:
    """Return the mean with a bootstrap 95 % interval; values that are no finite numbers are left out.

    A dash stands for no values at all.
    """
    finite = np.array([value for value in values if np.isfinite(value)])
    if not finite.size:
        return "-"
    drawn = np.random.default_rng(0).choice(finite, (4000, finite.size)).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    digits = 2 if abs(finite.mean()) >= SMALL else 3
    return f"{finite.mean():.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def table(title: str, columns: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """Return a table: a row for each measure, a column for each kind of change, a dash where a row is missing."""
    names = list(columns)
    rows = list(dict.fromkeys(row for column in columns.values() for row in column))
    lines = [f"| {title} | {' | '.join(names)} |", "|---|" + "---|" * len(names)]
    lines += [f"| {row} | {' | '.join(interval(columns[name].get(row, ())) for name in names)} |" for row in rows]
    return "\n".join(lines)


def write(page: Path, name: str, text: str) -> None:
    """Replace the text between a page's markers for `name`."""
    mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
    page.write_text(mark.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page.read_text("utf-8")), "utf-8")
