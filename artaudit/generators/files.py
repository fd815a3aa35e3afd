"""Weights as files, of any size: copied and told by their digests, without torch."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from artaudit.errors import ModelError

PIECE = 1 << 20
"""Bytes of a file that are held at once while it is copied."""


def digest_of(path: Path) -> str:
    """Return the sha256 of a file of any size; raises ModelError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): correct the path or add it again.") from error


def copy(source: Path, target: Path) -> str:
    """Copy a file of any size in pieces, flushed to the disk, and return the sha256 of what was written.

    Raises ModelError where the source cannot be read, OSError where the target cannot be written.
    """
    if not source.is_file():
        raise ModelError(f"{source} cannot be read (no such file): correct the path.")
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as read, target.open("xb") as write:
        while piece := read.read(PIECE):
            digest.update(piece)
            write.write(piece)
        write.flush()
        os.fsync(write.fileno())
    return digest.hexdigest()
