"""Tables of an evaluation as CSV, for programs and spreadsheets, and LaTeX (booktabs), for papers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from artaudit.image import write_atomically
from artaudit.spreadsheets import guarded

Cells = dict[str, Any]
Table = list[Cells]

_SPECIAL = str.maketrans({sign: f"\\{sign}" for sign in "&%$#_{}"} | {"~": "\\textasciitilde{}", "\\": "/"})

PRINTED = {
    "curve": ("edit", "n", "AUC", "AP", "TPR at 1 % FPR", "found", "out_of_distribution"),
    "generators": ("edit", "generator", "n", "AUC", "found", "out_of_distribution", "abstentions"),
    "false_alarms": ("source", "edit", "pictures", "alarms", "rate", "abstentions"),
    "trained_on_one": ("trained_on", "measured_on", "AUC"),
    "left_out": ("left_out", "AUC"),
}
"""The columns of each table in LaTeX; CSV holds all."""


def write_all(found: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write every table of an evaluation into a folder, NAME.csv and, of those in `PRINTED`, NAME.tex.

    In CSV a figure has the columns NAME, NAME_low and NAME_high, a share NAME_count as well.
    """
    paths = []
    for name, table in tables(found).items():
        if not table:
            continue
        paths.append(folder / f"{name}.csv")
        write_atomically(paths[-1], as_csv(table).encode())
        if name in PRINTED:
            paths.append(folder / f"{name}.tex")
            about = f"detector {found['detector']['sha256'][:16]}, data {found['data']['sha256'][:16]}"
            write_atomically(paths[-1], as_latex(table, PRINTED[name], about).encode())
    return paths


def tables(found: Mapping[str, Any]) -> dict[str, Table]:
    """Return the tables of an evaluation by name, each a list of rows."""
    crossed = found.get("trained_on_one", {})
    return {
        "curve": [{"edit": edit, **row} for edit, row in found["curve"].items()],
        "generators": [
            {"edit": edit, "generator": name, **row}
            for edit, rows in found["generators"].items()
            for name, row in rows.items()
        ],
        "false_alarms": [
            {"source": source, "edit": edit, **row}
            for source, rows in found["false_alarms"].items()
            for edit, row in rows.items()
        ],
        "roc": [{"edit": edit, **point} for edit, points in found["roc"].items() for point in points],
        "pictures": list(found["pictures"]),
        "unread": list(found["unread"]),
        "trained_on_one": [
            {"trained_on": learned, "measured_on": measured, "AUC": value}
            for learned, row in crossed.items()
            for measured, value in row.items()
        ],
        "left_out": [{"left_out": name, "AUC": value} for name, value in found.get("left_out", {}).items()],
    }


def as_csv(table: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV with a header; a mapping in a cell gives a column for each of its values."""
    rows = [_flat(row) for row in table]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(guarded, rows))
    return buffer.getvalue()


def as_latex(table: Sequence[Mapping[str, Any]], columns: Sequence[str], about: str) -> str:
    """Return some columns of rows as a tabular of the package booktabs, `about` standing in its first line."""
    numbers = [not isinstance(table[0][name], str) for name in columns]
    lines = [
        f"% {about}; needs \\usepackage{{booktabs}}",
        f"\\begin{{tabular}}{{{''.join('r' if number else 'l' for number in numbers)}}}",
        "\\toprule",
        _line(name.replace("_", " ") for name in columns),
        "\\midrule",
        *(_line(_printed(row[name]) for name in columns) for row in table),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _flat(row: Mapping[str, Any]) -> Cells:
    cells: Cells = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            cells |= {name if part == "value" else f"{name}_{part}": number for part, number in value.items()}
        else:
            cells[name] = value
    return {name: cell for name, cell in cells.items() if not isinstance(cell, Mapping)}


def _printed(value: Any) -> str:  # noqa: ANN401 - any cell
    if isinstance(value, Mapping):
        return f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"
    return str(value)


def _line(cells: Iterable[str]) -> str:
    return " & ".join(cell.translate(_SPECIAL) for cell in cells) + " \\\\"
