"""What is found in a saved page or a web archive, and what reading one may cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from artaudit.errors import CaptureError

Role = Literal["picture", "page", "screenshot"]

MOST_PART = 128 << 20
"""Bytes that one picture or page may have; what is larger is left out with a remark."""
MOST_PARTS = 5_000
MOST_UNPACKED = 8 << 30
GROWTH, SPARE = 100, 256 << 20
"""An archive unpacks to this many times its size and so many bytes, at most: pictures hardly shrink."""

FITS, MISFITS = "fits", "does not fit"
"""Whether what was read has the digest that the archive holds of it."""

_STARTS = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tif"),
    (b"MM\x00*", "tif"),
    (b"\xff\x0a", "jxl"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "jxl"),
)
_BRANDS = {b"avif": "avif", b"avis": "avif", b"heic": "heic", b"heix": "heic", b"mif1": "heic"}
_BITMAP_HEADERS = (12, 40, 56, 108, 124)


@dataclass(frozen=True, slots=True)
class Found:
    """A picture, page or screenshot: its bytes, and what the archive says of it; "" is not said.

    `url` is its address, `page` that of the page that asked for it, `at` when it was saved (ISO 8601) and `dated_by`
    what says so, `answer` the server's status line and headers, `digest` whether it has the one that the archive holds.
    """

    role: Role
    data: bytes = field(repr=False)
    url: str = ""
    page: str = ""
    at: str = ""
    dated_by: str = ""
    answer: str = ""
    digest: str = ""


@dataclass(slots=True)
class Reading:
    """What reading an archive of `size` bytes may still cost, and what is learned on the way.

    `askers` are the pages that asked for an address, by the address.
    """

    name: str
    size: int
    askers: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    _read: int = 0

    def cost(self, count: int) -> None:
        """Count bytes that were unpacked; raises CaptureError when they are more than any archive of this size has."""
        self._read += count
        if self._read > min(MOST_UNPACKED, GROWTH * self.size + SPARE):
            raise CaptureError(f"{self.name} unpacks to more than a web archive of its size does: it is not read.")

    def remark(self, words: str) -> None:
        """Keep what could not be read, up to as many remarks as an archive may have parts."""
        if len(self.remarks) < MOST_PARTS and words not in self.remarks:
            self.remarks.append(words)


def kind_of(data: bytes) -> str:
    """Return the suffix for the kind of picture that some bytes begin as, "" for what is none that checks read."""
    for start, suffix in _STARTS:
        if data.startswith(start):
            return suffix
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "")
    bitmap = data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BITMAP_HEADERS
    return "bmp" if bitmap else ""
