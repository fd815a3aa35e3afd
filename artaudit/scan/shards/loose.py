"""A folder's own pictures, each with the .json and .txt of img2dataset beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from artaudit.image.sources import READABLE
from artaudit.scan.shards.item import LARGEST, Item, plain
from artaudit.scan.shards.webdataset import context_of

_SIDE = 1024**2


def items(folder: Path, start: int) -> Iterator[Item]:
    """Yield the pictures that lie in `folder` itself, or the one file that it is, in order of names from `start` on."""
    for place, path in enumerate(pictures(folder)):
        if place >= start:
            yield _item(path, place)


def pictures(folder: Path) -> list[Path]:
    """Return the pictures that lie in a folder itself, by name; hidden ones are left out."""
    if folder.is_file():
        return [folder]
    return sorted(path for path in folder.iterdir() if is_picture(path))


def is_picture(path: Path) -> bool:
    """Tell by its name whether a file is a picture."""
    return path.suffix.lower() in READABLE and not path.name.startswith(".") and path.is_file()


def _item(path: Path, place: int) -> Item:
    name = plain(path.name)
    try:
        size = path.stat().st_size
        if size > LARGEST:
            return Item(place, name, left=f"has {size:,} bytes, more than the {LARGEST:,} allowed")
        data = path.read_bytes()
    except OSError as error:
        return Item(place, name, left=f"cannot be read ({error.strerror})")
    if not data:
        return Item(place, name, left="is empty")
    return Item(place, name, data, context_of({end: _beside(path.with_suffix(end)) for end in (".txt", ".json")}))


def _beside(path: Path) -> bytes:
    with suppress(OSError):
        if path.stat().st_size <= _SIDE:
            return path.read_bytes()
    return b"{}" if path.suffix == ".json" else b""
