"""The answer of a web server as archives keep it: status line, headers and body, still packed for the way."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime

from artaudit.auditor.capture.found import MOST_PART

LONGEST_HEAD = 1 << 14
_ZLIB = {"gzip": 47, "x-gzip": 47, "deflate": 47}
_PLAIN = ("", "identity")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: `head` is the status line with the headers; `packed` names an encoding not read here."""

    head: str
    headers: dict[str, str]
    body: bytes = field(repr=False)
    raw: bytes = field(repr=False)
    packed: str = ""

    @property
    def kind(self) -> str:
        """The media type that the server named."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def good(self) -> bool:
        """Whether the status line says that this is what was asked for."""
        return self.head.split(" ", 2)[1:2] in (["200"], ["203"], ["206"])


def parse(block: bytes) -> Answer:
    """Return the answer in some bytes; its body without chunks and compression, as far as they can be undone here.

    Raises ValueError for what is no answer, or unpacks to more than a picture may have.
    """
    for gap in (b"\r\n\r\n", b"\n\n"):
        head, found, raw = block.partition(gap)
        if found and head.startswith(b"HTTP/") and len(head) <= LONGEST_HEAD:
            break
    else:
        raise ValueError("it holds no answer of a server")
    text = head.decode("utf-8", "replace").replace("\r\n", "\n")
    headers = fields(text.partition("\n")[2])
    body = raw
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = _joined(raw)
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in _ZLIB:
        body = _unpacked(body)
    packed = "" if encoding in (*_ZLIB, *_PLAIN) else encoding
    return Answer(text, headers, body, raw, packed)


def fields(text: str) -> dict[str, str]:
    """Return headers by their names in small letters; of those that repeat, the last."""
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def date_of(head: str) -> str:
    """Return the server's own time, in its header Date, as ISO 8601 in UTC; "" when it names none."""
    try:
        return parsedate_to_datetime(fields(head)["date"]).astimezone(UTC).isoformat()
    except (KeyError, ValueError, TypeError, OverflowError):
        return ""


def _joined(raw: bytes) -> bytes:
    """Return a body without the marks of chunks; one that holds none, as some archives keep it, as it is."""
    parts: list[bytes] = []
    place = 0
    while True:
        end = raw.find(b"\r\n", place, place + 64)
        try:
            size = int(raw[place:end].partition(b";")[0], 16) if end >= 0 else -1
        except ValueError:
            size = -1
        if size < 0:
            return raw
        if size == 0:
            return b"".join(parts)
        parts.append(raw[end + 2 : end + 2 + size])
        place = end + 4 + size


def _unpacked(body: bytes) -> bytes:
    """Return a body without its compression; one that is not compressed, as some archives keep it, as it is."""
    for window in (47, -15):
        unpacking = zlib.decompressobj(window)
        try:
            done = unpacking.decompress(body, MOST_PART + 1)
        except zlib.error:
            continue
        if len(done) > MOST_PART:
            raise ValueError("it unpacks to more than a picture may have")
        return done
    return body
