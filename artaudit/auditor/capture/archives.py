"""Tells what kind of archive or saved page a file is, and opens it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from artaudit.auditor.capture.found import Found, Reading
from artaudit.auditor.capture.mhtml import MARKS, read_mhtml
from artaudit.auditor.capture.saved_page import read_saved_page
from artaudit.auditor.capture.wacz import MARK as ZIP
from artaudit.auditor.capture.wacz import read_wacz
from artaudit.auditor.capture.warc import GZIP, read_warc
from artaudit.auditor.capture.warc import MARK as WARC
from artaudit.errors import CaptureError

_START = 1 << 13
_FORMS = "name a saved page (HTML or MHTML) or a web archive (WARC or WACZ)"


def open_archive(path: Path) -> tuple[str, Reading, Iterator[Found]]:
    """Return the kind of an archive or saved page, what reading it costs, and what it holds, read when it is asked for.

    Raises CaptureError for a file that is neither.
    """
    try:
        if not path.is_file():
            raise CaptureError(f"{path} is no file: {_FORMS}.")
        with path.open("rb") as file:
            start = file.read(_START)
        reading = Reading(path.name, path.stat().st_size)
    except OSError as error:
        raise CaptureError(f"{path} cannot be read ({error.strerror}): {_FORMS}.") from error
    if start.startswith(ZIP):
        return "WACZ", reading, read_wacz(path, reading)
    if start.startswith((GZIP, WARC)):
        return "WARC", reading, _warc(path, reading)
    if any(mark in start.lower() for mark in MARKS):
        return "MHTML", reading, read_mhtml(path, reading)
    if b"<" in start and path.suffix.lower() in (".htm", ".html", ".xhtml"):
        return "saved page", reading, read_saved_page(path, reading)
    raise CaptureError(f"{path} is neither a saved page nor a web archive: {_FORMS}.")


def _warc(path: Path, reading: Reading) -> Iterator[Found]:
    with path.open("rb") as file:
        yield from read_warc(file, reading)
