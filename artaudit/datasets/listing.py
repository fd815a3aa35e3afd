"""What readers of data sets yield: pictures with what their place tells about them, and what had to be left out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol, runtime_checkable

from artaudit.datasets.manifest import GENERATED, REAL, Row
from artaudit.errors import UsageError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif"})
INSIDE = "::"
"""Stands between a file that holds pictures and the name of one of them."""

_WORDS = {
    **dict.fromkeys(("real", "nature", "0_real", "0", "human", "false", "none"), REAL),
    **dict.fromkeys(("generated", "fake", "ai", "1_fake", "1", "synthetic", "true"), GENERATED),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A picture: what its place tells (its path inside the data set above all), and how to get its bytes.

    `read` may raise OSError.
    """

    told: Row
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Left:
    """Something that was left out, and why, as the end of a sentence that begins with its path."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path} {self.reason}"


@runtime_checkable
class Layout(Protocol):
    """How a data set lies on the disk."""

    def find(self, root: Path) -> Iterator[Found | Left]:
        """Yield the pictures of the data set at `root` in a fixed order, at most a few being in memory.

        Paths in what is yielded are relative to `root`, or to its folder where it is a file.
        """
        ...


Tell = Callable[[PurePosixPath], Row | None]


def find_below(root: Path, tell: Tell) -> Iterator[Found | Left]:
    """Yield the pictures in a folder with what `tell` makes of their paths; None says that they do not belong.

    Hidden files and folders are passed over, links to folders not followed. Raises UsageError for what is no folder.
    """
    for inside in files_below(root):
        if inside.suffix.lower() not in SUFFIXES:
            continue
        told = tell(inside)
        if told is None:
            yield Left(str(inside), "lies where this layout keeps no pictures")
        else:
            yield Found(told, (root / inside).read_bytes)


def files_below(root: Path) -> Iterator[PurePosixPath]:
    """Yield the paths of all files in a folder, relative to it, in the order of their names."""
    if not root.is_dir():
        raise UsageError(f"{root} is no folder: name the one that holds the data set.")
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = PurePosixPath(Path(folder).relative_to(root).as_posix())
        yield from (here / name for name in sorted(files) if not name.startswith("."))


def label_of(word: object) -> str:
    """Return the label that a word, number or flag stands for, empty where it stands for none."""
    return _WORDS.get(str(word).strip().lower(), "")


def labelled(inside: PurePosixPath) -> tuple[int, str] | None:
    """Return the place and the label of the last folder in a path that is called like a label, or None."""
    folders = inside.parts[:-1]
    for place in reversed(range(len(folders))):
        if label_of(folders[place]) and not folders[place].isdecimal():
            return place, label_of(folders[place])
    return None
