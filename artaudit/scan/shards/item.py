"""What a shard yields: one picture after the other, with what its place tells about it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from artaudit.visible import visible_line

LONGEST = 2000
"""Characters of one text that are kept of what a shard tells about a picture."""

LARGEST = 512 * 1024**2
"""Bytes that the file of a picture may have."""

Context = dict[str, str]


@dataclass(frozen=True)
class Item:
    """A picture of a shard.

    `place` counts from 0 in the order of the shard, `key` names it inside the shard. `data` are the bytes of its file,
    empty where they are not at hand; `left` then says why, as the end of a sentence, or is "" for a row of a list
    without a picture. `context` is what the shard tells: its address, caption, headers of the server.
    """

    place: int
    key: str
    data: bytes = field(default=b"", repr=False)
    context: Context = field(default_factory=dict)
    left: str = ""

    @cached_property
    def sha256(self) -> str:
        """The digest of the bytes, "" where they are not at hand."""
        return hashlib.sha256(self.data).hexdigest() if self.data else ""


def told(values: Mapping[str, Any], names: Mapping[str, str]) -> Context:
    """Return what is not empty of some values as texts, under the names that `names` gives to their own."""
    texts = {names[name]: plain(value) for name, value in values.items() if name in names and value is not None}
    return {name: text for name, text in texts.items() if text}


def plain(value: object) -> str:
    """Return a text of a stranger as one line, cut at `LONGEST` characters."""
    return visible_line(value, LONGEST)
