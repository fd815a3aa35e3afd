"""Tar files as WebDataset and img2dataset write them: a picture and what is known of it lie next to each other.

https://github.com/webdataset/webdataset . Files that share a name up to its first dot are one sample.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path, PurePosixPath

from artaudit.datasets.listing import Left
from artaudit.datasets.tars import Member, members
from artaudit.image.sources import READABLE
from artaudit.scan.shards.item import LARGEST, Context, Item, plain, told

TOLD = {"url": "url", "caption": "caption", "sha256": "sha256 of the original", "key": "key"}
"""What lists of img2dataset tell about a picture, and as what it is kept."""
_SIDE = 1024**2
"""Bytes that what is known of a picture may have."""


def items(path: Path, start: int) -> Iterator[Item]:
    """Yield the pictures of an uncompressed tar file from place `start` on, and what had to be left out.

    The reading ends where the file is damaged, with an item that says so.
    """
    place = 0
    for _, group in groupby(members(path, LARGEST), key=_sample):
        sample = list(group)
        for member in sample:
            if not isinstance(member, Left) and PurePosixPath(member.name).suffix.lower() not in READABLE:
                continue
            if place >= start:
                yield _item(path, place, member, sample)
            place += 1


def _sample(member: Member | Left) -> str:
    """Return the name that the files of one sample share."""
    if isinstance(member, Left):
        return member.path
    name = PurePosixPath(member.name)
    return str(name.with_name(name.name.partition(".")[0] or name.name))


def _item(path: Path, place: int, member: Member | Left, sample: Iterable[Member | Left]) -> Item:
    if isinstance(member, Left):
        return Item(place, plain(member.path), left=member.reason)
    beside = [other for other in sample if isinstance(other, Member) and other.size <= _SIDE]
    texts = {PurePosixPath(other.name).suffix.lower(): other for other in beside}
    about: dict[str, bytes] = {end: texts[end].read(path) for end in (".txt", ".json") if end in texts}
    return Item(place, plain(member.name), member.read(path), context_of(about))


def context_of(beside: Mapping[str, bytes]) -> Context:
    """Return what the files beside a picture tell, by their suffixes: .txt is its caption, .json holds `TOLD`."""
    about = told({"caption": beside.get(".txt", b"").decode("utf-8", "replace")}, TOLD)
    try:
        known = json.loads(beside.get(".json", b"{}"))
    except (ValueError, RecursionError):
        return about
    return about | told(known, TOLD) if isinstance(known, dict) else about
