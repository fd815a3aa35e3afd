"""Parquet files as streams of rows, read a few at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from artaudit.errors import MissingExtraError, UsageError

DATA = "image_data"
"""The column that holds the bytes of pictures."""

_WRITTEN, _READ = 10_000, 1_000


def write(path: Path, rows: Iterable[Mapping[str, Any]], names: Sequence[str], numbers: Sequence[str]) -> int:
    """Write rows in groups; columns in `numbers` hold whole numbers, `progressive` yes or no, all others text."""
    arrow = _arrow()
    kinds = {**dict.fromkeys(numbers, arrow.int64()), "progressive": arrow.bool_()}
    schema = arrow.schema([(name, kinds.get(name, arrow.string())) for name in names])
    rest, count = iter(rows), 0
    with arrow.parquet.ParquetWriter(path, schema) as writer:
        while group := list(islice(rest, _WRITTEN)):
            writer.write_table(arrow.Table.from_pylist(group, schema=schema))
            count += len(group)
    return count


def cells(path: Path, columns: Sequence[str] | None = None, batch: int = _READ) -> Iterator[Mapping[str, Any]]:
    """Yield rows as mappings, at most `batch` of them in memory; of `columns`, those that are there.

    Raises UsageError for a file that is no Parquet file, MissingExtraError without pyarrow.
    """
    arrow = _arrow()
    try:
        with arrow.parquet.ParquetFile(path) as file:
            kept = [name for name in file.schema_arrow.names if columns is None or name in columns]
            for group in file.iter_batches(batch_size=batch, columns=kept):
                yield from group.to_pylist()
    except (OSError, arrow.ArrowException) as error:
        raise UsageError(f"{path} cannot be read as Parquet: name a Parquet file that is whole.") from error


def _arrow() -> Any:  # noqa: ANN401 - a module
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
        import pyarrow.parquet  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError("parquet", "Reading and writing Parquet files") from error
    return pa
