"""The pictures that files, folders and patterns name, each with its relative path for an output folder."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from artaudit.errors import UsageError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"})
READABLE = SUFFIXES | {".avif", ".gif", ".heic", ".heif", ".jfif", ".jxl"}
"""Suffixes of pictures that are only read, never written back."""

PREVIEW, COMPARISON = "-preview", "-comparison"
OWN = ("-cloaked", PREVIEW, COMPARISON)
"""Ends of the names (without suffix) of results that lie beside their originals."""


@dataclass(frozen=True, slots=True)
class Source:
    """A picture's path, and its path inside the folder it was found in."""

    path: Path
    inside: Path


def gather(named: Sequence[Path], *, suffixes: frozenset[str] = SUFFIXES, own: tuple[str, ...] = OWN) -> list[Source]:
    """Return every picture once, in the order named; folders and patterns are searched through, in order of names.

    In folders, hidden files, files that end in none of `suffixes` and, by the `own` ends of their names, results of
    earlier cloaks are left out. Raises UsageError for a folder or a pattern without pictures; a plain path is taken as
    it is.
    """
    found: dict[Path, Source] = {}
    for path in named:
        sources = list(_search(path, suffixes, own))
        if not sources:
            raise UsageError(f"{path} holds no pictures: name files, or a folder with {', '.join(sorted(suffixes))}.")
        for source in sources:
            found.setdefault(source.path, source)
    return list(found.values())


def _search(path: Path, suffixes: frozenset[str], own: tuple[str, ...]) -> Iterator[Source]:
    if path.is_dir():
        for below in sorted(path.rglob("*")):
            if _is_picture(below, path, suffixes, own):
                yield Source(below, below.relative_to(path))
    elif glob.has_magic(str(path)) and not path.exists():
        for match in sorted(glob.glob(str(path), recursive=True)):  # noqa: PTH207 - the pattern may be absolute
            picture = Path(match)
            if _is_picture(picture, picture.parent, suffixes, own):
                yield Source(picture, Path(picture.name))
    else:
        yield Source(path, Path(path.name))


def _is_picture(path: Path, folder: Path, suffixes: frozenset[str], own: tuple[str, ...]) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.suffix.lower() in suffixes and not path.stem.endswith(own) and not hidden and path.is_file()


def sha256_of(path: Path) -> str:
    """Return the hexadecimal sha256 of a file, read in parts."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
