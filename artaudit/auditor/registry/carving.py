"""Reads rows out of the pages of a SQLite file, whatever is damaged around them: header, schema, indexes, other pages.

The file format, and that of write-ahead logs: https://www.sqlite.org/fileformat2.html . Nothing is believed of what is
read here; the log's digests prove it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

Value = int | float | str | bytes | None
Record = tuple[int, tuple[Value, ...]]
"""A row's number and its values, in the order of its table's columns."""

_PAGE_SIZES = tuple(512 << power for power in range(8))
_USUAL = 4096
_LEAF = 13
_MOST_COLUMNS = 64
_WHOLE = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Bytes of whole numbers by their type."""
_FRACTION, _ZERO, _ONE, _BYTES = 7, 8, 9, 12


def carved(path: Path) -> Iterator[Record]:
    """Yield every row that can be read in the file at `path` and in the log of writes beside it, in no order.

    A row may come more than once. Raises OSError.
    """
    data = path.read_bytes()
    beside = path.with_name(f"{path.name}-wal")
    size = _page_size(data)
    pages = {number: data[start : start + size] for number, start in enumerate(range(0, len(data), size), 1)}
    frames = list(_frames(beside.read_bytes(), size)) if beside.exists() else []
    newest = pages | dict(frames)
    for number, page in [*pages.items(), *frames]:
        yield from _rows(page, 100 if number == 1 else 0, newest)


def _page_size(data: bytes) -> int:
    size = int.from_bytes(data[16:18])
    size = 65536 if size == 1 else size
    return size if size in _PAGE_SIZES and len(data) % size == 0 else _USUAL


def _frames(log: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    for start in range(32, len(log) - 24 - size + 1, 24 + size):
        yield int.from_bytes(log[start : start + 4]), log[start + 24 : start + 24 + size]


def _rows(page: bytes, head: int, pages: Mapping[int, bytes]) -> Iterator[Record]:
    """Yield the rows of a leaf of a table; none for other pages."""
    if page[head : head + 1] != bytes([_LEAF]):
        return
    count = int.from_bytes(page[head + 3 : head + 5])
    for at in range(head + 8, min(head + 8 + 2 * count, len(page) - 1), 2):
        try:
            yield _row(page, int.from_bytes(page[at : at + 2]), pages)
        except (IndexError, ValueError, struct.error):
            continue


def _row(page: bytes, at: int, pages: Mapping[int, bytes]) -> Record:
    length, at = _number(page, at)
    row, at = _number(page, at)
    return row, _values(_payload(page, at, length, pages))


def _payload(page: bytes, at: int, length: int, pages: Mapping[int, bytes]) -> bytes:
    """Return a row's bytes, of which a page holds the first and a chain of pages the rest."""
    most = len(page) - 35
    if length <= most:
        here = length
    else:
        least = (len(page) - 12) * 32 // 255 - 23
        here = least + (length - least) % (len(page) - 4)
        here = least if here > most else here
    parts = [page[at : at + here]]
    left, following = length - here, int.from_bytes(page[at + here : at + here + 4])
    for _ in range(len(pages)):
        if left <= 0:
            break
        further = pages.get(following, b"")
        parts.append(further[4 : 4 + left])
        left, following = left - len(parts[-1]), int.from_bytes(further[:4])
    if left > 0:
        raise ValueError("the row's rest is missing")
    return b"".join(parts)


def _values(payload: bytes) -> tuple[Value, ...]:
    """Return the values of a row's bytes; raises ValueError where they are none."""
    end, at = _number(payload, 0)
    kinds = []
    while at < end:
        kind, at = _number(payload, at)
        kinds.append(kind)
        if len(kinds) > _MOST_COLUMNS:
            raise ValueError("no table has so many columns")
    values = []
    for kind in kinds:
        size = _WHOLE.get(kind, 8 if kind == _FRACTION else max(0, kind - _BYTES) // 2)
        values.append(_value(kind, payload[at : at + size], size))
        at += size
    return tuple(values)


def _value(kind: int, data: bytes, size: int) -> Value:
    if len(data) < size or kind in (10, 11):
        raise ValueError("the value is cut off, or of no kind")
    if kind in _WHOLE:
        return int.from_bytes(data, signed=True)
    if kind == _FRACTION:
        return float(struct.unpack(">d", data)[0])
    if kind in (_ZERO, _ONE):
        return kind - _ZERO
    if kind < _BYTES:
        return None
    return data if kind % 2 == 0 else data.decode()


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Read a number of one to nine bytes; return it and where the next begins."""
    number = 0
    for step in range(8):
        byte = data[at + step]
        number = number << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - the last byte
            return number, at + step + 1
    return number << 8 | data[at + 8], at + 9
