"""The stage that every engine runs: the bytes of a picture go in, a plain row comes out.

The work is done in processes that cannot take more memory or time than is allowed, because the pictures are those of
strangers: one that crashes its decoder is a row that says so.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, cast

import cv2

from artaudit.errors import ImageError
from artaudit.image import Limits, decode, isolation
from artaudit.matching import Match
from artaudit.scan import cascade
from artaudit.scan.rows import Outcome, Row
from artaudit.scan.shards.item import Context, Item
from artaudit.scan.works import Works, size

_TASK = "artaudit.scan.stage:look"
_SHA256 = re.compile("[0-9a-f]{64}")
_SECONDS = 60
"""Seconds of computing that one picture may cost in all."""


class Stage:
    """Looks for works in one picture after the other; may be called from several threads at once.

    `folder` holds what `artaudit.scan.works` wrote.
    """

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        """Take the folder of the works and what a picture may cost [default: `Limits()`, and 60 s]."""
        limits = limits or Limits(seconds=_SECONDS)
        self._folder, self._limits = folder, replace(limits, memory=limits.memory + size(folder))

    def __call__(self, item: Item) -> Row:
        """Return the row of a picture, whatever is wrong with it."""
        about: dict[str, Any] = {"place": item.place, "key": item.key, "context": item.context}
        if not item.data:
            return cast(Row, about | self._unseen(item.context))
        try:
            seen = self._seen(item.data, item.key)
        except ImageError as error:
            seen = {"outcome": "refused", "reason": str(error)}
        return cast(Row, about | {"sha256": item.sha256} | seen)

    def _seen(self, data: bytes, key: str) -> dict[str, Any]:
        if not isolation.wanted():
            return look(data, key, self._limits, str(self._folder))[0]
        told = {"folder": str(self._folder)}
        try:
            return isolation.call(_TASK, data, key, self._limits, **told)[0]
        except ImageError:  # the process may have been ended from outside; what fails twice is the picture's fault
            return isolation.call(_TASK, data, key, self._limits, **told)[0]

    def _unseen(self, context: Context) -> dict[str, Any]:
        """Return what can be told of a picture that is not at hand, by the digest that a list gives for it."""
        digest = context.get("sha256 of the original", "").lower()
        works = _works(str(self._folder))
        entries = works.with_file(digest) if _SHA256.fullmatch(digest) else []
        if not entries:
            return {"sha256": "", "outcome": "absent"}
        matches = [{"work": entry.work, "title": entry.title, "tier": "file"} for entry in works.entries(entries)]
        return {"sha256": digest, "outcome": "listed", "step": "digest", "matches": matches}


def look(data: bytes, name: str, limits: Limits, folder: str) -> tuple[dict[str, Any], list[Any]]:
    """Decode a picture and search it; return the second half of its row. Raises ImageError for what is no picture."""
    cv2.setNumThreads(1)
    image = decode(data, name=name, limits=limits)
    step, matches = cascade.search(image, _works(folder))
    plain = {"outcome": _outcome(matches), "step": step, "matches": list(map(_plain, matches))}
    return plain | {"size": (image.width, image.height), "format": image.format}, []


@cache
def _works(folder: str) -> Works:
    return Works(Path(folder))


def _outcome(matches: list[Match]) -> Outcome:
    if not matches:
        return "clear"
    return "found" if any(match.band == "copy" for match in matches) else "unsure"


def _plain(match: Match) -> dict[str, Any]:
    names = ("work", "title", "tier", "band", "score", "threshold", "unit", "orientation", "cloaked")
    agreed = match.confirmation
    where = {"region": agreed.region, "share": agreed.suspect_share} if agreed else {}
    return {name: getattr(match, name) for name in names} | where
