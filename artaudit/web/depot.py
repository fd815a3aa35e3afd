"""Where the page keeps files: a folder beside the registry, in which names from outside are never paths."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path, PureWindowsPath
from typing import BinaryIO

from artaudit.errors import UsageError
from artaudit.image import Limits
from artaudit.image.sources import READABLE
from artaudit.web.jobs import Queue

PACKAGES = frozenset({".zip"})
_LONGEST = 150
_PART = 1 << 20


class Depot:
    """The files of one registry's page: what came in, and what jobs made of it."""

    def __init__(self, registry: Path) -> None:
        """Use the folder beside `registry`, which is made where it is missing."""
        self.folder = registry.absolute().with_name(f"{registry.stem}-page")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        self.queue = Queue(self.folder / "jobs.db")

    def take(self, file: BinaryIO, name: str, suffixes: frozenset[str] = READABLE) -> str:
        """Keep a file that came in under a name of its own; return that.

        `name` is only shown. Raises UsageError for an empty file and for one larger than a picture may be.
        """
        size, limit = file.seek(0, os.SEEK_END), Limits().file_bytes
        if not 0 < size <= limit:
            why = "is empty (0 bytes)" if size == 0 else f"has {size:,} bytes, more than the {limit:,} allowed"
            raise UsageError(f"{shown(name)} {why}: choose another file.")
        file.seek(0)
        kept = self.queue.add_file(shown(name), _suffix(name, suffixes), size)
        target = self.file(kept)
        target.parent.mkdir(parents=True)
        with target.with_suffix(".part").open("xb") as beside:
            shutil.copyfileobj(file, beside, _PART)
            beside.flush()
            os.fsync(beside.fileno())
        target.with_suffix(".part").replace(target)
        return kept

    def file(self, kept: str) -> Path:
        """Return where a file that came in lies; raises UsageError for one that is not known."""
        said = self.queue.files([kept])
        if not said:
            raise UsageError("This file is not here: add it again.")
        return self.folder / "files" / said[0]["id"] / f"original{said[0]['suffix']}"

    def name(self, kept: str) -> str:
        """Return what a file that came in was called; raises UsageError for one that is not known."""
        said = self.queue.files([kept])
        if not said:
            raise UsageError("This file is not here: add it again.")
        return str(said[0]["name"])

    def job(self, number: int) -> Path:
        """Return the folder of what a job makes, which is made where it is missing."""
        folder = self.folder / "jobs" / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def has_made(self, number: int, name: str) -> bool:
        """Tell whether a job made a file of this name so far."""
        return (self.folder / "jobs" / str(number) / name).is_file()

    def made(self, number: int, name: str) -> Path:
        """Return a file that a job made; raises UsageError where there is none of this plain name."""
        path = self.folder / "jobs" / str(number) / name
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9]+){1,2}", name) or not path.is_file():
            raise UsageError("This file is not here any more.")
        return path


def shown(name: str) -> str:
    """Return the last part of a file's name from outside, fit to be shown; never a path."""
    last = PureWindowsPath(name.replace("\0", "")).name
    plain = "".join(letter for letter in last if letter.isprintable()).strip()
    if len(plain) > _LONGEST:
        stem, dot, suffix = plain.rpartition(".")
        plain = f"{stem[: _LONGEST - 10]}…{dot}{suffix[:8]}" if dot else plain[:_LONGEST]
    return plain if plain.strip(". ") else "picture"


def _suffix(name: str, suffixes: frozenset[str]) -> str:
    """Return the one of the suffixes that a name ends in; what a file is, its bytes say."""
    return next((suffix for suffix in suffixes if name.lower().endswith(suffix)), ".bin")
