"""The pictures of a manifest, one after the other, wherever they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from artaudit.datasets import parquet
from artaudit.datasets.listing import INSIDE, Left
from artaudit.datasets.manifest import Row
from artaudit.datasets.tars import Member, members
from artaudit.errors import ImageError, UsageError
from artaudit.image import Image, Limits, decode


class Pictures:
    """Opens the pictures of a manifest in `folder`, in order of its rows; one at a time is in memory."""

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        self.folder, self.limits = folder, limits or Limits()
        self._tar: tuple[str, dict[str, Member]] = "", {}
        self._parquet: tuple[str, int, Iterator[Mapping[str, Any]]] = "", 0, iter(())

    def open(self, rows: Iterable[Row]) -> Iterator[tuple[Row, Image | Left]]:
        """Yield each row with its picture, or with why there is none: missing, changed, or no sound picture."""
        for row in rows:
            try:
                data = self.read(row)
                if row.sha256 and hashlib.sha256(data).hexdigest() != row.sha256:
                    yield row, Left(row.path, "is another file than the one that was indexed: index it again")
                    continue
                yield row, decode(data, name=row.path, limits=self.limits)
            except OSError as error:
                yield row, Left(row.path, f"cannot be read ({error.strerror})")
            except (ImageError, UsageError) as error:
                yield row, Left(row.path, str(error).removeprefix(f"{row.path} ").rstrip("."))

    def read(self, row: Row) -> bytes:
        """Return the bytes of a row's picture; raises OSError, ImageError or UsageError where there are none."""
        file, inside, member = row.path.partition(INSIDE)
        path = self.folder / file
        if not inside:
            if path.stat().st_size > self.limits.file_bytes:
                raise ImageError(f"{row.path} has more than the {self.limits.file_bytes:,} bytes allowed.")
            return path.read_bytes()
        if file.endswith(".parquet"):
            return self._cell(file, member)
        return self._member(file, member).read(path)

    def _cell(self, file: str, member: str) -> bytes:
        """Read on from the row before, from the beginning only where rows are out of order."""
        row = int(member) if member.isdecimal() else -1
        if self._parquet[0] != file or self._parquet[1] > row:
            self._parquet = file, 0, parquet.cells(self.folder / file, (parquet.DATA,), batch=8)
        _, at, cells = self._parquet
        data = next(islice(cells, row - at, None), {}).get(parquet.DATA) if row >= 0 else None
        self._parquet = file, row + 1, cells
        if not isinstance(data, bytes):
            raise ImageError(f"{file}{INSIDE}{member} is not there any more: index it again.")
        return data

    def _member(self, file: str, member: str) -> Member:
        if self._tar[0] != file:
            found = members(self.folder / file, self.limits.file_bytes)
            self._tar = file, {entry.name: entry for entry in found if isinstance(entry, Member)}
        if member not in self._tar[1]:
            raise ImageError(f"{file}{INSIDE}{member} is not there any more: index it again.")
        return self._tar[1][member]
