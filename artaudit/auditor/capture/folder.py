"""The folder of a capture: every picture found, with a record of where each came from; reading such a folder again.

The same archives give the same folder, so that whoever holds them can make it again and compare.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from artaudit.auditor.addresses import LONGEST, is_address, is_past
from artaudit.auditor.capture.answers import date_of
from artaudit.auditor.capture.archives import open_archive
from artaudit.auditor.capture.found import MISFITS, MOST_PARTS, Found, Reading, kind_of
from artaudit.auditor.registry.hash_chain import canonical
from artaudit.errors import CaptureError, ImageError
from artaudit.image import write_atomically
from artaudit.image.sources import sha256_of
from artaudit.image.writing import ensure_new

SCHEMA = "artaudit-capture/1"
RECORD = "capture.json"
_FOLDERS = {"picture": "pictures", "page": "pages", "screenshot": "screenshots"}
_MOST_RECORD = 64 << 20
_MOST_ANSWER = 2000
_FILE = re.compile(r"(pictures|pages|screenshots)/[0-9]{4}[A-Za-z0-9-]*\.[a-z]{3,4}")
_SAID = ("url", "page", "at", "dated_by", "answer", "server_date", "digest")

Plain = dict[str, Any]


def capture(archives: Sequence[Path], folder: Path) -> Plain:
    """Write what web archives and saved pages hold into a new folder; return its record. Nothing is fetched.

    Raises UsageError where `folder` is there already, CaptureError for what is no archive or holds no picture, and
    ImageError where the folder cannot be written; then nothing is left of it.
    """
    ensure_new(folder, "name another folder")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as beside:
            writing = _Writing(Path(beside) / folder.name)
            told = [writing.take(path) for path in archives]
            if not any(entry["role"] == "picture" for entry in writing.entries):
                raise CaptureError(f"{', '.join(map(str, archives))}: no picture that checks read was found there.")
            record = {"schema": SCHEMA, "archives": told, "resources": writing.entries}
            write_atomically(writing.inside / RECORD, f"{canonical(record)}\n".encode())
            writing.inside.replace(folder)
    except OSError as error:
        raise ImageError(f"{folder} cannot be written ({error.strerror}): choose another place with -o.") from error
    return record


@dataclass(slots=True)
class _Writing:
    """Writes what is found, and keeps the entries of the record."""

    inside: Path
    entries: list[Plain] = field(default_factory=list)
    _known: set[tuple[str, str, str]] = field(default_factory=set)

    def take(self, path: Path) -> Plain:
        """Write what an archive holds; return the record's entry about it."""
        kind, reading, found = open_archive(path)
        digest, first = sha256_of(path), len(self.entries)
        for part in found:
            self._write(part, digest, reading)
        own = self.entries[first:]
        pages = {entry["url"] for entry in own if entry["role"] == "page" and entry["url"]}
        for entry in own:
            asker = reading.askers.get(entry["url"], "") or (min(pages) if len(pages) == 1 else "")
            entry["page"] = entry["page"] or (asker if is_address(asker) else "")
        return {"name": path.name, "kind": kind, "sha256": digest, "bytes": reading.size, "remarks": reading.remarks}

    def _write(self, found: Found, archive: str, reading: Reading) -> None:
        digest = hashlib.sha256(found.data).hexdigest()
        url, page = (text if is_address(text) else "" for text in (found.url, found.page))
        if (archive, digest, url) in self._known or not found.data:
            return
        self._known.add((archive, digest, url))
        if len(self.entries) >= MOST_PARTS:
            raise CaptureError(f"{reading.name} holds more than {MOST_PARTS:,} pictures and pages: split it.")
        suffix = kind_of(found.data) or "html"
        number = sum(entry["role"] == found.role for entry in self.entries) + 1
        name = f"{_FOLDERS[found.role]}/{number:04}{_plain(url)}.{suffix}"
        write_atomically(self.inside / name, found.data)
        if found.digest == MISFITS:
            reading.remark(f"{name} has not the digest that the archive holds of it")
        at = _time(found, reading)
        said = {"url": url, "page": page, "at": at, "dated_by": found.dated_by if at else "", "digest": found.digest}
        answer = "".join(letter for letter in found.answer[:_MOST_ANSWER] if letter.isprintable() or letter == "\n")
        told = date_of(found.answer)
        said |= {"answer": answer, "server_date": told if is_past(told) else ""}
        whole = {"role": found.role, "file": name, "sha256": digest, "bytes": len(found.data), "archive": archive}
        self.entries.append(whole | said)


def _time(found: Found, reading: Reading) -> str:
    """Return when a part was saved, in UTC; one that is dated in the future is kept without a date, with a remark."""
    if not found.at:
        return ""
    if not is_past(found.at):
        reading.remark(f"{found.url[:200]!r} is dated {found.at[:40]!r}, no time that has passed: it is left undated")
        return ""
    at = datetime.fromisoformat(found.at)
    return (at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)).isoformat(timespec="seconds")


def _plain(url: str) -> str:
    """Return the last part of an address as an end for a file's name on any system."""
    last = unquote(urlsplit(url).path).rpartition("/")[2].partition(".")[0]
    plain = re.sub(r"[^A-Za-z0-9]+", "-", last).strip("-")[:40]
    return f"-{plain}" if plain else ""


@dataclass(frozen=True, slots=True)
class Captured:
    """A picture of a capture: its file, its digest, and what the archive says of it, as checks keep it."""

    path: Path
    sha256: str
    source: dict[str, str]


def read_capture(folder: Path) -> list[Captured]:
    """Return the pictures of a folder that `capture` wrote; raises CaptureError when it is none. It is not trusted."""
    try:
        with (folder / RECORD).open("rb") as file:
            data = file.read(_MOST_RECORD + 1)
        record = json.loads(data) if len(data) <= _MOST_RECORD else {}
        archives = {str(archive["sha256"]): archive for archive in record["archives"]}
        entries = [_checked(entry) for entry in _entries(record)]
        return [
            Captured(folder / entry["file"], entry["sha256"], _source(entry, archives[entry["archive"]], entries))
            for entry in entries
            if entry["role"] == "picture"
        ]
    except OSError as error:
        raise CaptureError(f"{folder} is no capture ({error.strerror}): name a folder of `audit capture`.") from error
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise CaptureError(f"{folder} is no whole capture: make it again with `audit capture`.") from error


def _entries(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the entries of a record; raises ValueError for a record of another form."""
    entries: list[Mapping[str, Any]] = record["resources"]
    if record["schema"] != SCHEMA or len(entries) > MOST_PARTS:
        raise ValueError("it is of another form")
    return entries


def _checked(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of an entry; raises ValueError for names that lead elsewhere and for what is no address."""
    told = {name: str(entry.get(name, "")) for name in ("role", "file", "sha256", "archive", *_SAID)}
    addresses = all(is_address(told[name]) for name in ("url", "page") if told[name])
    times = all(is_past(told[name]) for name in ("at", "server_date") if told[name])
    digests = all(re.fullmatch("[0-9a-f]{64}", told[name]) for name in ("sha256", "archive"))
    short = all(len(text) <= LONGEST for text in told.values())
    if not (_FILE.fullmatch(told["file"]) and addresses and times and digests and short):
        raise ValueError("an entry is not as captures hold them")
    return told


def _source(entry: Mapping[str, str], archive: Mapping[str, Any], entries: Sequence[Mapping[str, str]]) -> Plain:
    """Return what a check keeps of where a picture came from; what is not known is left out."""
    same = {other["role"]: other["sha256"] for other in _of_page(entry, entries)}
    said = {"url": entry["url"], "page": entry["page"], "saved_at": entry["at"], "dated_by": entry["dated_by"]}
    said |= {name: entry[name] for name in ("answer", "server_date", "digest")}
    said |= {"page_sha256": same.get("page", ""), "screenshot_sha256": same.get("screenshot", "")}
    name = "".join(letter for letter in str(archive["name"])[:200] if letter.isprintable())
    said |= {"archive": name, "archive_kind": str(archive["kind"])[:40], "archive_sha256": entry["archive"]}
    return {key: value for key, value in said.items() if value}


def _of_page(entry: Mapping[str, str], entries: Sequence[Mapping[str, str]]) -> Iterator[Mapping[str, str]]:
    """Yield the page that a picture stood on, and pictures of that page, in the same archive."""
    for other in entries:
        if other["archive"] == entry["archive"] and other["url"] == entry["page"] != "":
            yield other
