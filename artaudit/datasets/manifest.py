"""The list of a data set's pictures, one row per picture, read and written as a stream of CSV or Parquet."""

from __future__ import annotations

import csv
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from artaudit.datasets import parquet
from artaudit.errors import ImageError, UsageError
from artaudit.spreadsheets import guarded, unguarded

REAL, GENERATED = "real", "generated"
LABELS = (REAL, GENERATED)
_NUMBERS = ("quality", "width", "height", "bytes")


@dataclass(frozen=True, slots=True)
class Row:
    """One picture of a data set; an empty field is not known.

    `path` is relative to the manifest's folder; of a picture inside a tar or a Parquet file it is
    `file::member`. `group` names what may never be divided between splits, `pair` a real picture and its redrawings.
    `quality`, `subsampling` and `progressive` are a JPEG's; sizes are in pixels and bytes.
    """

    path: str
    label: str
    generator: str = ""
    source: str = ""
    group: str = ""
    pair: str = ""
    prompt: str = ""
    artist: str = ""
    split: str = ""
    codec: str = ""
    quality: int | None = None
    subsampling: str = ""
    progressive: bool = False
    width: int = 0
    height: int = 0
    bytes: int = 0
    licence: str = ""
    use: str = ""
    sha256: str = ""


FIELDS = tuple(field.name for field in fields(Row))


def read(path: Path) -> Iterator[Row]:
    """Yield the rows of a manifest; columns it lacks are left empty, columns unknown here are passed over.

    Raises UsageError for a file that is no manifest, with the number of the row that is wrong.
    """
    cells = parquet.cells(path) if path.suffix == ".parquet" else _csv_cells(path)
    for number, cell in enumerate(cells, 1):
        yield _row(cell, path, number)


def read_splits(path: Path, *names: str) -> list[Row]:
    """Return the rows of a manifest in the splits of these names; raises UsageError where there is none."""
    rows = [row for row in read(path) if row.split in names]
    if not rows:
        raise UsageError(f"{path} has no picture in {' or '.join(names)}: divide it with `audit data split`.")
    return rows


def digest(path: Path) -> str:
    """Return the sha256 of the file, as hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write(path: Path, rows: Iterable[Row]) -> int:
    """Write `rows` as they come and return how many there were; `path` is whole or untouched.

    The suffix `.parquet` asks for Parquet, any other writes CSV. Raises ImageError when the folder takes no file.
    """
    with _beside(path) as unfinished:
        if path.suffix == ".parquet":
            return parquet.write(unfinished, map(asdict, rows), FIELDS, _NUMBERS)
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            count = 0
            for row in rows:
                writer.writerow(guarded({**asdict(row), "progressive": "yes" if row.progressive else ""}))
                count += 1
        return count


def _csv_cells(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from map(unguarded, csv.DictReader(file, strict=True))
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): name a manifest file.") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no CSV manifest ({error}): make one with `audit data index`.") from error


def _row(cell: Mapping[str, Any], path: Path, number: int) -> Row:
    told = {name: value for name, value in cell.items() if name in FIELDS and value not in (None, "")}
    try:
        told |= {name: int(told[name]) for name in _NUMBERS if name in told}
    except ValueError as error:
        raise UsageError(f"Row {number} of {path} has no whole number where one belongs: correct it.") from error
    told["progressive"] = told.get("progressive") in (True, "yes", "true", "True", "1")
    if not told.get("path") or told.get("label") not in LABELS:
        raise UsageError(
            f"Row {number} of {path} has no path or no label: every row needs both, and a label is real or generated."
        )
    return Row(**told)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Give a file in the same folder that takes the name `path` once it is whole."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as room:
            unfinished = Path(room) / path.name
            yield unfinished
            with unfinished.open("rb") as file:
                os.fsync(file.fileno())
            unfinished.replace(path)
    except OSError as error:
        raise ImageError(f"{path} cannot be written ({error.strerror}): choose another place with -o.") from error
