"""Runs of detectors as a page shows them: losses by step, and how pictures of each generator were judged."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

LOG, RESULT = "log.jsonl", "evaluation.json"
_MOST, _LINES = 50, 20_000
_WIDTH, _HEIGHT = 600, 160


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its folder, the curves of its log, and the tables of its evaluation."""

    place: str
    curves: tuple[Curve, ...] = ()
    measured: tuple[dict[str, Any], ...] = ()
    confusion: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Curve:
    """A number by step, as points of a drawing of 600 by 160, with its first and its last value."""

    name: str
    points: str
    first: float
    last: float
    steps: int


def read_runs(folder: Path) -> list[Run]:
    """Return the runs below a folder, at most fifty, that have a log or an evaluation that can be read."""
    found = islice((path for path in sorted(folder.rglob("*.json*")) if path.name in (LOG, RESULT)), _MOST)
    return [run for path in found if (run := _run(path)) is not None]


def _run(path: Path) -> Run | None:
    try:
        with path.open(encoding="utf-8") as file:
            if path.name == LOG:
                rows = [json.loads(line) for line in islice(file, _LINES) if line.endswith("}\n")]
                return Run(str(path.parent), curves=tuple(_curves(rows)))
            told = json.load(file)
        return Run(str(path.parent), measured=_measured(told), confusion=_confusion(told))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _curves(rows: list[dict[str, Any]]) -> list[Curve]:
    curves = []
    for name in ("loss", "held out"):
        pairs = [(float(row["step"]), float(row[name])) for row in rows if name in row]
        if len(pairs) > 1:
            curves.append(Curve(name, _points(pairs), pairs[0][1], pairs[-1][1], int(pairs[-1][0]) + 1))
    return curves


def _points(pairs: list[tuple[float, float]]) -> str:
    """Return pairs as an SVG's points, thinned to the width of the drawing."""
    pairs = pairs[:: max(1, len(pairs) // _WIDTH)]
    steps, values = zip(*pairs, strict=True)
    low, high, last = min(values), max(values), max(steps) or 1
    spread = (high - low) or 1
    return " ".join(
        f"{_WIDTH * step / last:.1f},{_HEIGHT - _HEIGHT * (value - low) / spread:.1f}" for step, value in pairs
    )


def _measured(told: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return tuple(
        {"edit": edit, **{name: _number(value) for name, value in row.items() if _number(value) is not None}}
        for edit, row in told["curve"].items()
    )


def _number(value: object) -> float | None:
    if isinstance(value, dict):
        value = value.get("value")
    return round(float(value), 3) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _confusion(told: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Count the verdicts by what the pictures are: real, or of which generator."""
    counts: dict[str, Counter[str]] = {}
    for row in told["pictures"]:
        maker = row["generator"] or row["label"]
        counts.setdefault(str(maker), Counter())[str(row["verdict"])] += 1
    return {maker: dict(verdicts) for maker, verdicts in sorted(counts.items())}
