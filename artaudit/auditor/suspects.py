"""The pictures to check: files, folders, patterns, standard input, and lists of files saved from the web.

Nothing is fetched: a list names addresses and the files that were saved from them, and the record keeps both.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from artaudit.errors import UsageError
from artaudit.image import Image, Limits, decode, read
from artaudit.image.sources import READABLE, gather

STANDARD_INPUT = Path("-")
_LARGEST_LIST = 64 << 20
_LONGEST = 8192
_FORM = "write a CSV file with the columns url, file and, if known, saved_at, or lines of an address and a file name"


@dataclass(frozen=True, slots=True)
class Suspect:
    """A picture to check, not read yet: its name, how to open it, and where a list says that it came from."""

    name: str
    open: Callable[[], Image] = field(repr=False)
    source: dict[str, str] = field(default_factory=dict)


def suspects(named: Sequence[Path], lists: Sequence[Path] = ()) -> list[Suspect]:
    """Return the pictures to check: "-" is standard input, folders are searched, lists are read.

    Raises UsageError when nothing is named, for a folder without pictures and for a list in another form.
    """
    files = gather([path for path in named if path != STANDARD_INPUT], suffixes=READABLE, own=())
    pictures = [_file(source.path) for source in files]
    if STANDARD_INPUT in named:
        pictures.append(Suspect("standard input", _read_standard_input))
    pictures += [suspect for path in lists for suspect in read_list(path)]
    if not pictures:
        raise UsageError("There is nothing to check: name pictures, a folder, - for standard input, or --urls.")
    return pictures


def read_list(path: Path) -> list[Suspect]:
    """Return the pictures of a list that names addresses and the files saved from them, relative to the list."""
    try:
        data = path.read_bytes()[: _LARGEST_LIST + 1]
        lines = data.decode("utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): check the name.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text in UTF-8: {_FORM}.") from error
    if len(data) > _LARGEST_LIST:
        raise UsageError(f"{path} is too long for a list: split it.")
    about = {"list": path.name, "list_sha256": hashlib.sha256(data).hexdigest()}
    try:
        return [_listed(row, path, about) for row in _rows(lines)]
    except csv.Error as error:
        raise UsageError(f"{path} is no CSV file ({error}): {_FORM}.") from error


def _file(path: Path, source: dict[str, str] | None = None) -> Suspect:
    return Suspect(str(path), lambda: read(path), source or {})


def _rows(lines: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield rows with "url" and "file": of a CSV file with a header, else of lines with an address and a file name."""
    wanted = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    header = [name.strip().lower() for name in next(csv.reader(wanted[:1]), [])]
    if {"url", "file"} <= set(header):
        for row in csv.reader(wanted[1:]):
            yield {name: value.strip() for name, value in zip(header, row, strict=False)}
        return
    for line in wanted:
        url, _, name = line.strip().partition("\t" if "\t" in line else " ")
        yield {"url": url, "file": name.strip()}


def _listed(row: dict[str, str], path: Path, about: dict[str, str]) -> Suspect:
    url, name, at = (row.get(key, "") for key in ("url", "file", "saved_at"))
    if not _is_address(url) or not name or max(len(url), len(name), len(at)) > _LONGEST:
        raise UsageError(f"{path} has a line without an address or a file ({f'{url} {name}'[:80]!r}): {_FORM}.")
    if at and not _is_past(at):
        raise UsageError(
            f"{path} says that {name!r} was saved at {at[:40]!r}: write a time that has passed, like 2026-01-31 or "
            "2026-01-31T12:00:00+01:00."
        )
    return _file(path.parent / name, {"url": url, **({"saved_at": at} if at else {}), **about})


def _is_past(text: str) -> bool:
    """Whether a text is a time (ISO 8601) that has passed; what names no zone may be up to a day ahead."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return False
    here = at if at.tzinfo else at.replace(tzinfo=UTC) - timedelta(days=1)
    return here <= datetime.now(UTC) + timedelta(minutes=5)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and text.isprintable() and " " not in text


def _read_standard_input() -> Image:
    limit = Limits().file_bytes
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise UsageError(f"Standard input has more than the {limit:,} bytes allowed: shrink the picture first.")
    return decode(data, name="standard input")
