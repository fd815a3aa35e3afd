"""Reads saved pages: an HTML file with a folder of files beside it, or with its pictures inside (SingleFile)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, unquote_to_bytes

from artaudit.auditor.capture.found import MOST_PART, MOST_PARTS, Found, Reading, kind_of
from artaudit.errors import CaptureError
from artaudit.image.sources import READABLE

_CHROMIUM = re.compile(r"saved from url=\(\d{4}\)(\S+)")
_SINGLE_FILE = re.compile(r"url:\s*(\S+)\s+saved date:\s*([^\n(]+)")
_DATES = ("%a %b %d %Y %H:%M:%S GMT%z", "%a %b %d %Y %H:%M:%S %Z%z")
_INSIDE = "data:image/"


class _Names(HTMLParser):
    """Collects what attributes of a page name, and what its first comment says of where it was saved from."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.named: dict[str, None] = {}
        self.url = self.date = ""
        self.feed(text)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the values of attributes, of `srcset` every address in it."""
        for name, value in attrs:
            text = value or ""
            several = name == "srcset" and not text.startswith("data:")
            parts = [part.split() for part in text.split(",")] if several else [[text]]
            self.named |= dict.fromkeys(words[0].strip() for words in parts if words)

    def handle_comment(self, data: str) -> None:
        """Take the address from the comment that a browser leaves."""
        if found := _CHROMIUM.search(data):
            self.url = self.url or found[1]
        elif found := _SINGLE_FILE.search(data):
            self.url, self.date = self.url or found[1], self.date or found[2].strip()


def read_saved_page(path: Path, reading: Reading) -> Iterator[Found]:
    """Yield a page and its pictures, inside it or below the folder it lies in; links that lead elsewhere are not read.

    Raises CaptureError for a file that is too large or is no text.
    """
    if reading.size > 2 * MOST_PART:
        raise CaptureError(f"{path} is larger than a saved page may be: save it as WARC or WACZ.")
    data = path.read_bytes()
    names = _Names(data.decode("utf-8", "replace"))
    dated = _dated(names.date, path)
    yield Found("page", data, names.url, names.url, **dated)
    for number, name in enumerate(names.named):
        if number >= MOST_PARTS:
            reading.remark("it names more files than a page may: the rest was not looked at")
            return
        part = _inside(name) if name.startswith(_INSIDE) else _beside(name, path.parent, reading)
        if kind_of(part):
            reading.cost(len(part))
            yield Found("picture", part, names.url, names.url, **dated)


def _dated(text: str, path: Path) -> dict[str, str]:
    """Return when a page was saved: as it says itself, else by the time of its file."""
    for form in _DATES:
        try:
            return {"at": datetime.strptime(text, form).astimezone(UTC).isoformat(), "dated_by": "the saved page"}
        except ValueError:
            continue
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(microsecond=0)
    return {"at": changed.isoformat(), "dated_by": "the time of the saved file, which copying may change"}


def _inside(text: str) -> bytes:
    """Return the bytes of a picture that stands in a page itself (RFC 2397)."""
    head, _, body = text.partition(",")
    try:
        return base64.b64decode(unquote_to_bytes(body)) if head.endswith(";base64") else unquote_to_bytes(body)
    except (binascii.Error, ValueError):
        return b""


def _beside(name: str, folder: Path, reading: Reading) -> bytes:
    """Return the bytes of a picture that lies below the folder of a page, b"" for anything else."""
    relative = unquote(name.partition("#")[0].partition("?")[0])
    if "://" in relative or Path(relative).suffix.lower() not in READABLE:
        return b""
    try:
        file, home = (folder / relative).resolve(strict=True), folder.resolve()
        if not file.is_relative_to(home) or not file.is_file():
            return b""
        if file.stat().st_size > MOST_PART:
            reading.remark(f"{relative} is larger than a picture may be")
            return b""
        return file.read_bytes()
    except (OSError, ValueError, RuntimeError):
        return b""
