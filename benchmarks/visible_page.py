"""Writes the results of `benchmarks/visible.py` to docs/limits.md: tables by kind of picture, and published cloaks."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.held_out import PUBLISHED
from benchmarks.page import PAGE, table, write

TITLES = {"real": "default, taef2 + vaelight installed"}
"""Titles of columns that differ from the arm's name."""

ROWS = (
    *("SSIMULACRA2", "SSIMULACRA2, worst tile", "FLIP", "FLIP, worst tile", "Butteraugli, 3-norm", "PSNR dB"),
    "mean CIEDE2000",
    *(f"{name}, gain" for name in ("taef2", "vaelight", "taesana")),
    *(f"{name}, gain without fine colour" for name in ("taef2", "vaelight", "taesana")),
    *(f"{name}, gain at equal PSNR" for name in ("taef2", "vaelight", "taesana")),
    *(f"taef2, gain after {name}" for name in ("JPEG 75", "blur 1", "half size", "screenshot", "noise .05")),
    *(f"{name}, worst of these{kind}" for kind in ("", " without fine colour") for name in ("taef2", "taesana")),
    "taef2, displacement",
    *(
        f"style reference, cosine{whose}, {name}"
        for name in ("untouched", "JPEG 75", "half size")
        for whose in ("", " of noise")
    ),
)
MARKS = {"paintings": "visible-paintings", "photographs": "visible-photographs", "flat art": "visible-flat"}

Results = Mapping[str, Mapping[str, list[float]]]


def write_tables(folder: Path) -> None:
    """Write every table that has results."""
    results = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    for group, mark in MARKS.items():
        here = [result for result in results if result["group"] == group and result["arm"] not in PUBLISHED]
        if here:
            write(PAGE, mark, table_of(here))
    names = {result["name"] for result in results if result["arm"] in PUBLISHED}
    beside = [result for result in results if result["name"] in names]
    if beside:
        write(PAGE, "visible-published", table_of(beside))


def table_of(results: Iterable[Mapping[str, Any]]) -> str:
    """Return a table with a column for each arm, and a line of facts."""
    columns, counts, seconds = gathered(results)
    named = {title(arm): {row: values[row] for row in ROWS if row in values} for arm, values in columns.items()}
    counted = ", ".join(f"{title(arm)} {count}" for arm, count in counts.items())
    facts = f"Pictures of 256 x 256, seed by number: {counted}."
    if seconds:
        spent = ", ".join(f"{title(arm)} {sum(took) / len(took):.0f}" for arm, took in seconds.items())
        facts += f" Seconds a picture, cloaks alone, on one thread beside another: {spent}."
    return f"{table('mean, 95 % interval', named)}\n\n{facts}"


def title(arm: str) -> str:
    """Return the title of an arm's column."""
    return TITLES.get(arm, arm)


def gathered(results: Iterable[Mapping[str, Any]]) -> tuple[Results, dict[str, int], dict[str, list[float]]]:
    """Return every arm's values by row, how many pictures it has, and the seconds that its cloaks took."""
    order = ("low", "default", "high", "real")
    columns: dict[str, dict[str, list[float]]] = {}
    counts: dict[str, int] = defaultdict(int)
    seconds: dict[str, list[float]] = defaultdict(list)

    def place(result: Mapping[str, Any]) -> tuple[object, ...]:
        return *(result["arm"] != arm for arm in order), result["arm"], result["name"]

    for result in sorted(results, key=place):
        arm = result["arm"]
        counts[arm] += 1
        column = columns.setdefault(arm, defaultdict(list))
        for row, value in result["measured"].items():
            (seconds[arm] if row == "seconds" else column[row]).append(value)
    return columns, dict(counts), dict(seconds)
