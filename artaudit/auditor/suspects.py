"""The pictures to check: files, folders, patterns, standard input, lists of files saved from the web, and captures.

Nothing is fetched: a list names addresses and the files that were saved from them, a capture what a web archive or a
saved page says of its pictures, and the record keeps both.
"""

from __future__ import annotations

import csv
import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from artaudit.auditor.addresses import LONGEST, is_address, is_past
from artaudit.errors import CaptureError, UsageError
from artaudit.image import Image, Limits, decode, read
from artaudit.image.sources import READABLE, gather, sha256_of

if TYPE_CHECKING:  # archives load more than a check of files may wait for
    from artaudit.auditor.capture.folder import Captured

STANDARD_INPUT = Path("-")
_LARGEST_LIST = 64 << 20
_FORM = "write a CSV file with the columns url, file and, if known, saved_at, or lines of an address and a file name"


@dataclass(frozen=True, slots=True)
class Suspect:
    """A picture to check, not read yet: its name, how to open it, and where a list says that it came from."""

    name: str
    open: Callable[[], Image] = field(repr=False)
    source: dict[str, str] = field(default_factory=dict)


def suspects(named: Sequence[Path], lists: Sequence[Path] = (), captures: Sequence[Path] = ()) -> list[Suspect]:
    """Return the pictures to check: "-" is standard input, folders are searched, lists and captures are read.

    Of captures, where pictures are named as well, those alone, which have to be among what the captures hold. Raises
    UsageError when nothing is named, for a folder without pictures and for a list in another form.
    """
    captured = _of_captures(captures) if captures else []
    files = gather([path for path in named if path != STANDARD_INPUT], suffixes=READABLE, own=())
    if captured and files:
        pictures = [_among(source.path, captured) for source in files]
    else:
        pictures = [_file(source.path) for source in files] + [_captured(picture) for picture in captured]
    if STANDARD_INPUT in named:
        pictures.append(Suspect("standard input", _read_standard_input))
    pictures += [suspect for path in lists for suspect in read_list(path)]
    if not pictures:
        raise UsageError("There is nothing to check: name pictures, a folder, - for standard input, or --urls.")
    return pictures


def _of_captures(folders: Sequence[Path]) -> list[Captured]:
    from artaudit.auditor.capture.folder import read_capture  # noqa: PLC0415 - where it is used

    return [picture for folder in folders for picture in read_capture(folder)]


def _among(path: Path, captured: Sequence[Captured]) -> Suspect:
    """Return a picture that captures hold, told by its place or else by its digest, with what they say of it."""
    here = path.resolve()
    found = next((picture for picture in captured if picture.path.resolve() == here), None)
    if found is None and path.is_file():
        digest = sha256_of(path)
        found = next((picture for picture in captured if picture.sha256 == digest), None)
    if found is None:
        raise UsageError(f"{path} is not among the pictures of the capture: name one of those, or leave --capture out.")
    return _captured(replace(found, path=path))


def _captured(picture: Captured) -> Suspect:
    def opened() -> Image:
        image = read(picture.path)
        if image.sha256 != picture.sha256:
            raise CaptureError(f"{picture.path} was changed since it was captured: make the capture again.")
        return image

    return Suspect(str(picture.path), opened, picture.source)


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
    if not is_address(url) or not name or max(len(url), len(name), len(at)) > LONGEST:
        raise UsageError(f"{path} has a line without an address or a file ({f'{url} {name}'[:80]!r}): {_FORM}.")
    if at and not is_past(at):
        raise UsageError(
            f"{path} says that {name!r} was saved at {at[:40]!r}: write a time that has passed, like 2026-01-31 or "
            "2026-01-31T12:00:00+01:00."
        )
    return _file(path.parent / name, {"url": url, **({"saved_at": at} if at else {}), **about})


def _read_standard_input() -> Image:
    limit = Limits().file_bytes
    data = sys.stdin.buffer.read(limit + 1)
    if len(data) > limit:
        raise UsageError(f"Standard input has more than the {limit:,} bytes allowed: shrink the picture first.")
    return decode(data, name="standard input")
