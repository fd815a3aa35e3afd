"""Members of a tar file that is not trusted: read where they lie, never extracted.

Tar is what POSIX.1-2001 calls ustar and pax, https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from artaudit.datasets.listing import INSIDE, Left

_HEADER_BYTES = 1024**2
"""The most bytes of an extended header; a longer one would only use up memory."""


@dataclass(frozen=True, slots=True)
class Member:
    """A plain file inside a tar: its name, and where its bytes lie."""

    name: str
    start: int
    size: int

    def read(self, tar: Path) -> bytes:
        """Return the bytes of the member."""
        with tar.open("rb") as file:
            file.seek(self.start)
            return file.read(self.size)


def members(tar: Path, largest: int) -> Iterator[Member | Left]:
    """Yield the plain files of an uncompressed tar in order, and what was left out.

    Links, devices, sparse files, members over `largest` bytes, and names that are absolute, climb, repeat, or cannot
    be printed are left out, as `::NAME`; so is all that follows damage, under no name.
    """
    seen: set[str] = set()
    try:
        with tar.open("rb") as file:
            length = tar.stat().st_size
            with tarfile.open(fileobj=cast(IO[bytes], _Bounded(file)), mode="r:") as opened:
                while (info := opened.next()) is not None:
                    opened.members.clear()  # type: ignore[attr-defined]
                    if info.isdir():
                        continue
                    reason = _why_not(info, seen, largest, length)
                    seen.add(info.name)
                    yield (
                        Left(f"{INSIDE}{info.name!a}", reason)
                        if reason
                        else Member(info.name, info.offset_data, info.size)
                    )
                file.seek(opened.offset)
                if file.read(tarfile.BLOCKSIZE).strip(b"\0"):
                    yield Left("", "is damaged in the middle: what follows was not read")
    except (tarfile.TarError, OSError, ValueError, RecursionError) as error:
        yield Left("", f"cannot be read on as an uncompressed tar ({error})")


def _why_not(info: tarfile.TarInfo, seen: set[str], largest: int, length: int) -> str:
    name = PurePosixPath(info.name)
    if not info.isfile() or info.issparse():
        return "is no plain file"
    if name.is_absolute() or ".." in name.parts or not info.name.isprintable() or "\\" in info.name:
        return "has a name that leads elsewhere or cannot be printed"
    if info.name in seen:
        return "has the name of a member before it"
    if info.size > largest:
        return f"has {info.size:,} bytes, more than the {largest:,} allowed"
    if info.offset_data + info.size > length:
        return "is cut off"
    return ""


class _Bounded:
    """A file of which no more is read at once than a header may be long."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.seek, self.tell, self.close = file.seek, file.tell, file.close

    def read(self, size: int = -1) -> bytes:
        """Return `size` bytes; raises ReadError for more than any header has."""
        if not 0 <= size <= _HEADER_BYTES:
            raise tarfile.ReadError(f"a header claims {size:,} bytes")
        return self.file.read(size)
