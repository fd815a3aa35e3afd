"""Tells which shards the files and folders that a person names hold, and reads one of them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from artaudit.errors import ArtauditError, MissingExtraError, UsageError
from artaudit.scan.shards import archive, loose, table, webdataset
from artaudit.scan.shards.item import Item, plain

Kind = Literal["folder", "tar", "parquet", "archive"]
KINDS: dict[str, Kind] = {
    ".tar": "tar",
    ".parquet": "parquet",
    ".warc": "archive",
    ".warc.gz": "archive",
    ".wacz": "archive",
}
_READERS = {"folder": loose.items, "tar": webdataset.items, "parquet": table.items, "archive": archive.items}
_FORMS = "name pictures, folders, tar files of WebDataset, Parquet files of img2dataset, WARC or WACZ files"


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of what is scanned: one tar, table or archive, or the pictures that lie in one folder."""

    path: Path
    kind: Kind

    def items(self, start: int = 0) -> Iterator[Item]:
        """Yield its pictures from place `start` on, always in the same order while its file stays as it is.

        The reading ends where the file is damaged, with an item that says so. Raises MissingExtraError for a kind that
        needs an extra.
        """
        place = start
        try:
            for item in _READERS[self.kind](self.path, start):
                place = item.place + 1
                yield item
        except MissingExtraError:
            raise
        except (ArtauditError, OSError) as error:
            yield Item(place, "", left=plain(error))

    @property
    def state(self) -> str:
        """What changes when its content does: size and time of its file, or names, sizes and times of its pictures."""
        try:
            files = loose.pictures(self.path) if self.kind == "folder" else [self.path]
            stats = [(path.name, (stat := path.stat()).st_size, stat.st_mtime_ns) for path in files]
        except OSError as error:
            return f"not to be read ({error.strerror})"
        return hashlib.sha256(json.dumps(stats).encode(errors="surrogateescape")).hexdigest()


def shards(named: Sequence[Path]) -> list[Shard]:
    """Return the shards that files and folders hold, each once; folders are searched through, in order of names.

    Of a table beside the tar file of the same name, only the tar file is taken. Raises UsageError for a name that holds
    no pictures.
    """
    found: dict[Path, Shard] = {}
    for path in named:
        held = list(_of_folder(path)) if path.is_dir() else _of_file(path)
        if not held:
            raise UsageError(f"{path} holds nothing to scan: {_FORMS}.")
        found |= {shard.path: shard for shard in held}
    return list(found.values())


def _kind(path: Path) -> Kind | None:
    return next((kind for suffix, kind in KINDS.items() if path.name.lower().endswith(suffix)), None)


def _of_file(path: Path) -> list[Shard]:
    if not path.is_file():
        raise UsageError(f"{path} is not there: {_FORMS}.")
    kind = _kind(path) or ("folder" if loose.is_picture(path) else None)
    return [Shard(path.absolute(), kind)] if kind else []


def _of_folder(folder: Path) -> Iterator[Shard]:
    for place, below, names in os.walk(folder.absolute()):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            kind = None if name.startswith(".") else _kind(path)
            if kind and not (kind == "parquet" and path.with_suffix(".tar").name in names):
                yield Shard(path, kind)
        if any(loose.is_picture(Path(place, name)) for name in names):
            yield Shard(Path(place), "folder")
