"""Reads WARC files: records of what a browser or crawler asked and what servers answered.

ISO 28500:2017, https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from io import BufferedIOBase

from artaudit.auditor.capture.answers import fields, parse
from artaudit.auditor.capture.found import FITS, MISFITS, MOST_PART, Found, Reading, Role, kind_of
from artaudit.errors import CaptureError

_MOST_LINE, _MOST_LINES, _STEP = 1 << 16, 200, 1 << 20
_WANTED = ("response", "resource", "request")
_SHOTS = ("urn:view:", "urn:thumbnail:", "urn:fullPage:", "urn:fullPageFinal:")
"""Addresses under which Browsertrix keeps pictures of pages."""
GZIP = b"\x1f\x8b"
MARK = b"WARC/"
PAGES = ("text/html", "application/xhtml+xml")

Headers = dict[str, str]


def read_warc(file: BufferedIOBase, reading: Reading) -> Iterator[Found]:
    """Yield pictures, pages and screenshots of a WARC file, packed with gzip or not.

    Raises CaptureError for what is no whole WARC file or unpacks to too much.
    """
    start = file.read(2)
    file.seek(0)
    try:
        stream = gzip.GzipFile(fileobj=file) if start == GZIP else file
        for headers, block in _records(stream, reading):
            yield from _found(headers, block, reading)
    except (EOFError, OSError, ValueError, zlib.error) as error:
        raise CaptureError(f"{reading.name} is no whole WARC file ({error}): save the page again.") from error


def _records(stream: BufferedIOBase, reading: Reading) -> Iterator[tuple[Headers, bytes]]:
    """Yield the headers and the block of every record that matters and is not too large."""
    while version := _line(stream, reading):
        if not version.strip():
            continue
        if not version.startswith(MARK):
            raise ValueError("a record does not begin as one")
        headers = _headers(stream, reading)
        size = int(headers.get("content-length", "-1"))
        if size < 0:
            raise ValueError("a record does not say how long it is")
        wanted = headers.get("warc-type") in _WANTED and size <= MOST_PART
        parts, left = [], size
        while left:
            part = stream.read(min(left, _STEP))
            if not part:
                raise EOFError("it ends inside a record")
            reading.cost(len(part))
            left -= len(part)
            parts += [part] if wanted else []
        if wanted:
            yield headers, b"".join(parts)
        elif headers.get("warc-type") in _WANTED:
            reading.remark(f"{_target(headers)} is larger than a picture may be")


def _headers(stream: BufferedIOBase, reading: Reading) -> Headers:
    lines = []
    while (line := _line(stream, reading)).strip():
        lines.append(line.decode("utf-8", "replace"))
        if len(lines) > _MOST_LINES:
            raise ValueError("a record has too many headers")
    return fields("".join(lines))


def _line(stream: BufferedIOBase, reading: Reading) -> bytes:
    line = stream.readline(_MOST_LINE + 1)
    reading.cost(len(line))
    if len(line) > _MOST_LINE:
        raise ValueError("a line is too long")
    return line


def _target(headers: Headers) -> str:
    return headers.get("warc-target-uri", "").strip("<>")


def _found(headers: Headers, block: bytes, reading: Reading) -> Iterator[Found]:
    kind, url = headers["warc-type"], _target(headers)
    if kind == "request":
        asker = fields(block[:_MOST_LINE].partition(b"\r\n\r\n")[0].decode("utf-8", "replace")).get("referer", "")
        if asker:
            reading.askers.setdefault(url, asker)
    elif kind == "resource":
        yield from _kept(headers, block)
    else:
        yield from _answered(headers, block, reading)


def _kept(headers: Headers, block: bytes) -> Iterator[Found]:
    """Yield a picture that the archive keeps without a server's answer: a screenshot, as far as its address says so."""
    url = _target(headers)
    if kind_of(block):
        shot = next((url.removeprefix(start) for start in _SHOTS if url.startswith(start)), None)
        role: Role = "picture" if shot is None else "screenshot"
        digest = _digest(headers, block, (block,))
        yield Found(role, block, url if shot is None else shot, digest=digest, **_dated(headers))


def _answered(headers: Headers, block: bytes, reading: Reading) -> Iterator[Found]:
    """Yield the picture or page in a server's answer."""
    url = _target(headers)
    try:
        answer = parse(block)
    except ValueError as error:
        reading.remark(f"{url} was not read: {error}")
        return
    if answer.packed and (answer.kind.startswith("image/") or answer.kind in PAGES):
        reading.remark(f"{url} was not read: it is packed as {answer.packed}")
    elif answer.good and (kind_of(answer.body) or answer.kind in PAGES):
        role: Role = "picture" if kind_of(answer.body) else "page"
        digest = _digest(headers, block, (answer.raw, answer.body))
        yield Found(role, answer.body, url, answer=answer.head, digest=digest, **_dated(headers))


def _dated(headers: Headers) -> dict[str, str]:
    return {"at": headers.get("warc-date", ""), "dated_by": "the date of the record (WARC-Date)"}


def _digest(headers: Headers, block: bytes, payloads: tuple[bytes, ...]) -> str:
    """Compare the digests that a record holds with what was read, "" when it holds none that can be computed here.

    Archives differ in whether the digest of a payload is that before or after its transfer encoding was undone.
    """
    told = [(headers.get("warc-block-digest", ""), (block,)), (headers.get("warc-payload-digest", ""), payloads)]
    outcomes = [fits for digest, data in told if (fits := _fits(digest, data)) is not None]
    return "" if not outcomes else FITS if all(outcomes) else MISFITS


def _fits(digest: str, data: tuple[bytes, ...]) -> bool | None:
    name, _, value = digest.partition(":")
    name = name.lower().replace("-", "")
    if name not in ("sha1", "sha256", "sha512", "md5") or not value:
        return None
    for part in data:
        made = hashlib.new(name, part, usedforsecurity=False).digest()
        spelled = {made.hex(), base64.b32encode(made).decode().rstrip("=").lower()}
        if value.rstrip("=").lower() in spelled or value == base64.b64encode(made).decode():
            return True
    return False
