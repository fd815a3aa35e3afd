"""What a user may do with the registry's file, and what to do where SQLite refuses."""

from __future__ import annotations

import os
from pathlib import Path

from artaudit.errors import RegistryError


def prepare_place(path: Path, *, create: bool) -> None:
    """Make the folder for a registry at `path`, or without `create` raise RegistryError where there is none."""
    if create:
        path.parent.mkdir(parents=True, exist_ok=True)
    elif not path.exists():
        raise RegistryError(
            f"There is no registry at {path}: name another with --db, or make one with `audit register`."
        )


def may_write(path: Path) -> bool:
    """Tell whether the file at `path` may be written, and files beside it, which write-ahead logging needs."""
    places, effective = (path, path.absolute().parent), os.access in os.supports_effective_ids
    return all(os.access(place, os.W_OK, effective_ids=effective) for place in places)


def read_only_address(path: Path) -> str:
    """Return the URI that opens the file at `path` for reading, https://www.sqlite.org/uri.html.

    Without a log of writes beside it nothing else has it open, and `immutable` lets SQLite read it in a folder that
    takes no file.
    """
    log = path.with_name(f"{path.name}-wal")
    return f"{path.absolute().as_uri()}?mode=ro{'' if log.exists() else '&immutable=1'}"


def advice(message: str) -> str:
    """Say what to do about an error message of SQLite."""
    if "locked" in message or "busy" in message:
        return "close what else is using it and try again"
    if "full" in message:
        return "make room on the disk, nothing was lost"
    if "I/O" in message:
        return "see whether the disk is full or failing; what was written before is as it was"
    if "readonly" in message or "unable to open" in message:
        return "check its permissions or choose another --db"
    return "`audit db recover` writes what can be proved into a new file, or restore it from a backup"


def damaged(path: Path) -> str:
    """Say that a registry's file is not as it was written."""
    return f"{path} is damaged: see `audit db verify`; {advice('')}."
