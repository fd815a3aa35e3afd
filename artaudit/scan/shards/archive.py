"""Web archives, WARC and WACZ: pictures with their addresses, and what their servers said about mining them.

TDM Reservation Protocol, https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240202/ ; noai and noimageai
are directives of X-Robots-Tag that some sites send.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

from artaudit.auditor.capture.archives import open_archive
from artaudit.auditor.capture.found import Found, Reading
from artaudit.errors import CaptureError
from artaudit.scan.shards.item import Context, Item, plain

RESERVATIONS = ("x-robots-tag", "tdm-reservation", "tdm-policy")
"""Headers by which a server says what machines may do with what it sends."""


def items(path: Path, start: int) -> Iterator[Item]:
    """Yield the pictures of an archive from place `start` on, then what it says of parts that were not read.

    The reading ends where the file is damaged, with an item that says so.
    """
    places = count()
    try:
        _, reading, found = open_archive(path)
        for part in found:
            if part.role == "picture" and (place := next(places)) >= start:
                yield Item(place, plain(part.url), part.data, _context(part, reading))
        remarks = reading.remarks
    except CaptureError as error:
        remarks = [str(error)]
    for remark in remarks:
        if (place := next(places)) >= start:
            yield Item(place, "", left=plain(remark))


def reservations(answer: str) -> Context:
    """Return those headers of a server's answer that reserve rights, all lines of one name joined by commas."""
    kept: Context = {}
    for line in answer.splitlines()[1:]:
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if colon and name in RESERVATIONS:
            kept[name] = plain(f"{kept[name]}, {value.strip()}" if name in kept else value.strip())
    return kept


def _context(part: Found, reading: Reading) -> Context:
    said = {"url": part.url, "page": part.page or reading.askers.get(part.url, ""), "saved at": part.at}
    said |= {"digest of the archive": part.digest}
    return {name: plain(value) for name, value in said.items() if value} | reservations(part.answer)
