"""Reads MHTML files, as Chromium's "Save page as" and old mail programs write them.

RFC 2557, https://www.rfc-editor.org/rfc/rfc2557
"""

from __future__ import annotations

import email
from collections.abc import Iterator
from datetime import UTC
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path

from artaudit.auditor.capture.found import MOST_PART, MOST_PARTS, Found, Reading, kind_of
from artaudit.auditor.capture.warc import PAGES
from artaudit.errors import CaptureError

MARKS = (b"multipart/related", b"snapshot-content-location")
_BROKEN = (ValueError, TypeError, LookupError, RecursionError, AttributeError)


def read_mhtml(path: Path, reading: Reading) -> Iterator[Found]:
    """Yield the page and the pictures of an MHTML file; raises CaptureError for what is none or is too large."""
    if reading.size > 2 * MOST_PART:
        raise CaptureError(f"{path} is larger than a saved page may be: save it as WARC or WACZ.")
    try:
        whole = email.message_from_bytes(path.read_bytes())
        parts = list(whole.walk())
        at = _date(whole)
        page = str(whole.get("Snapshot-Content-Location", "")).strip()
        pages = [part for part in parts if part.get_content_type() in PAGES]
        page = page or (_location(pages[0]) if pages else "")
        if not pages or len(parts) > MOST_PARTS:
            raise CaptureError(f"{path} is no saved page: it holds no page, or too many parts.")
        for part in parts:
            yield from _found(part, page, at, reading, first=part is pages[0])
    except _BROKEN as error:
        raise CaptureError(f"{path} is no whole MHTML file ({error}): save the page again.") from error


def _found(part: Message, page: str, at: str, reading: Reading, *, first: bool) -> Iterator[Found]:
    if part.is_multipart():
        return
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    reading.cost(len(data))
    dated = {"at": at, "dated_by": "the date of the saved page" if at else ""}
    if kind_of(data):
        yield Found("picture", data, _location(part), page, **dated)
    elif first:
        yield Found("page", data, page, **dated)


def _location(part: Message) -> str:
    return str(part.get("Content-Location", "")).strip()


def _date(whole: Message) -> str:
    try:
        return parsedate_to_datetime(str(whole.get("Date", ""))).astimezone(UTC).isoformat()
    except (ValueError, TypeError, OverflowError):
        return ""
