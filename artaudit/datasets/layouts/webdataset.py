"""WebDataset shards: tar files whose members of one name are one sample.

Aizman et al. 2019, https://arxiv.org/abs/2001.01858; https://github.com/webdataset/webdataset
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any

from artaudit.datasets.listing import INSIDE, SUFFIXES, Found, Left, files_below, label_of
from artaudit.datasets.manifest import Row
from artaudit.datasets.tars import Member, members

_SIDECAR_BYTES = 1024**2
_TOLD = ("generator", "source", "group", "pair", "prompt", "artist", "split", "licence", "use")


class WebDataset:
    """Uncompressed tars: `KEY.jpg` with `KEY.json` (columns of the manifest), `KEY.txt` (prompt), `KEY.cls` (0 or 1).

    A picture's path is `SHARD.tar::MEMBER`. Members over `largest` bytes are left out.
    """

    def __init__(self, largest: int = 256 * 1024**2) -> None:
        self.largest = largest

    def find(self, root: Path) -> Iterator[Found | Left]:
        """Yield the pictures of one shard or of all in a folder; nothing is unpacked."""
        folder, names = (root.parent, [root.name]) if root.is_file() else (root, map(str, files_below(root)))
        for name in names:
            if name.endswith(".tar"):
                yield from self._shard(folder / name, name)

    def _shard(self, tar: Path, name: str) -> Iterator[Found | Left]:
        for key, sample in groupby(members(tar, self.largest), _key):
            if key is None:
                yield from (Left(f"{name}{left.path}", left.reason) for left in sample if isinstance(left, Left))
                continue
            files = [member for member in sample if isinstance(member, Member)]
            told = _told(tar, files)
            for member in files:
                if PurePosixPath(member.name).suffix.lower() in SUFFIXES:
                    yield Found(Row(f"{name}{INSIDE}{member.name}", **told), partial(member.read, tar))


def _key(entry: Member | Left) -> str | None:
    """Return a member's name up to the first dot after its last slash."""
    if isinstance(entry, Left):
        return None
    folder, slash, name = entry.name.rpartition("/")
    return f"{folder}{slash}{name.partition('.')[0]}"


def _told(tar: Path, files: list[Member]) -> dict[str, Any]:
    beside = {
        suffix: member.read(tar)
        for member in files
        if (suffix := PurePosixPath(member.name).suffix) in (".json", ".txt", ".cls") and member.size <= _SIDECAR_BYTES
    }
    try:
        facts = json.loads(beside.get(".json", b"{}"))
    except (ValueError, RecursionError):
        facts = {}
    facts = facts if isinstance(facts, dict) else {}
    told = {name: str(facts[name]) for name in _TOLD if isinstance(facts.get(name), str | int)}
    if "prompt" not in told and ".txt" in beside:
        told["prompt"] = beside[".txt"].decode(errors="replace").strip()
    return {**told, "label": label_of(facts.get("label", beside.get(".cls", b"").decode(errors="replace")))}
