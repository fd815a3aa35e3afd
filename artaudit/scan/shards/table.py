"""Parquet files of img2dataset, LAION and the like: rows with an address, a caption, a digest and, at best, a picture.

The picture is bytes in the row, a file in the folder beside, or a member of the tar file beside, of the same name as
the table (`00000.parquet`, `00000/`, `00000.tar`). Nothing is fetched: a row without a picture keeps its digest alone.
https://github.com/rom1504/img2dataset
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from artaudit.datasets import parquet
from artaudit.datasets.tars import Member, members
from artaudit.image.sources import READABLE
from artaudit.scan.shards import loose
from artaudit.scan.shards.item import LARGEST, Item, plain, told
from artaudit.scan.shards.webdataset import TOLD

PICTURES = ("jpg", "jpeg", "png", "webp", "image", "image_data", "bytes")
"""Columns that may hold a picture: its bytes, or a structure with them under "bytes"."""
NAMES = {**{name: name for name in TOLD}, "URL": "url", "TEXT": "caption", "text": "caption", "SHA256": "sha256"}
"""Columns that tell about a picture, LAION's own names among them, and what each is here."""
_ROWS = 64

Cells = Mapping[str, Any]
Finder = Callable[[str], bytes]


def items(path: Path, start: int) -> Iterator[Item]:
    """Yield the rows of a table from place `start` on.

    Raises UsageError for a file that is no Parquet file, MissingExtraError without pyarrow.
    """
    find = _beside(path)
    for place, cells in enumerate(parquet.cells(path, [*NAMES, *PICTURES], batch=_ROWS)):
        if place >= start:
            yield _item(place, {NAMES.get(name, name): value for name, value in cells.items()}, find)


def _item(place: int, cells: Cells, find: Finder) -> Item:
    key = plain(cells.get("key") or cells.get("url") or place)
    try:
        data = _inside(cells) or find(str(cells.get("key") or ""))
    except OSError as error:
        return Item(place, key, context=told(cells, TOLD), left=f"cannot be read ({error.strerror})")
    if len(data) > LARGEST:
        return Item(place, key, context=told(cells, TOLD), left=f"has {len(data):,} bytes, more than allowed")
    return Item(place, key, data, told(cells, TOLD))


def _inside(cells: Cells) -> bytes:
    """Return the picture in a row, b"" where it holds none."""
    for name in PICTURES:
        value = cells.get(name)
        held = value.get("bytes") if isinstance(value, Mapping) else value
        if isinstance(held, bytes) and held:
            return held
    return b""


def _beside(path: Path) -> Finder:
    """Return a function that finds the picture of a key in the folder or in the tar file beside a table."""
    folder, tar = path.with_suffix(""), path.with_suffix(".tar")
    if folder.is_dir():
        files = {picture.stem: picture for picture in loose.pictures(folder)}
        return lambda key: files[key].read_bytes() if key in files else b""
    if tar.is_file():
        inside = {PurePosixPath(member.name).stem: member for member in _pictures(tar)}
        return lambda key: inside[key].read(tar) if key in inside else b""
    return lambda _key: b""


def _pictures(tar: Path) -> Iterator[Member]:
    for member in members(tar, LARGEST):
        if isinstance(member, Member) and PurePosixPath(member.name).suffix.lower() in READABLE:
            yield member
