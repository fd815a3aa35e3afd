"""Which models are there: a folder a model with a record of its files and their digests, and those we ship."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from artaudit.errors import ModelError, UsageError
from artaudit.generators.states import read_bytes
from artaudit.image import write_atomically

RECORD = "model.json"
SCHEMA = "artaudit-model/1"
SURROGATE, HOLD_OUT = "surrogate", "hold-out"
"""What a model is for: to make cloaks against, or only ever to measure them on."""

_LARGEST_RECORD = 1 << 20


@dataclass(frozen=True, slots=True)
class Record:
    """One model: its name, the kind that reads it, the latent space it belongs to, and its pinned files."""

    name: str
    kind: str
    family: str
    licence: str
    use: str
    folder: Path
    files: tuple[tuple[str, str], ...]
    """File name and sha256 of the encoder, then of the decoder where there is one."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """The model's files, encoder first."""
        return tuple(self.folder / name for name, _ in self.files)

    def verify(self) -> None:
        """Raise ModelError for a file that is missing or not the one that was pinned."""
        for path, (_, pinned) in zip(self.paths, self.files, strict=True):
            found = hashlib.sha256(read_bytes(path)).hexdigest()
            if found != pinned:
                raise ModelError(f"{path} is not the file that was pinned (sha256 {found}): add the model again.")


def models_folder() -> Path:
    """Return where installed models lie: ARTAUDIT_MODELS, else the platform's data folder."""
    chosen = os.environ.get("ARTAUDIT_MODELS")
    return Path(chosen) if chosen else platformdirs.user_data_path("artaudit") / "models"


def installed(folder: Path) -> list[Record]:
    """Return the records of all models in `folder`, by name; raises ModelError for a broken record."""
    return [_read(path) for path in sorted(folder.glob(f"*/{RECORD}"))]


def embedded() -> list[Record]:
    """Return the records of the models that come with artaudit."""
    return installed(Path(__file__).parent / "weights")


def record_of(name: str, kind: str, paths: Sequence[Path], *, family: str, licence: str, use: str) -> Record:
    """Describe a model that lies in files of one folder, encoder first, with their digests as they are now."""
    files = tuple((path.name, hashlib.sha256(read_bytes(path)).hexdigest()) for path in paths)
    if len({path.parent for path in paths}) > 1 or len({path.name for path in paths}) < len(paths):
        raise UsageError("A model's files lie in one folder under two names: put them there first.")
    return Record(name, kind, family, licence, use, paths[0].parent, files)


def add(record: Record, folder: Path) -> Record:
    """Copy a model's files below `folder` and write its record last; `record.folder` is where they lie now.

    Raises UsageError for a name that is taken or unfit, ModelError for files that cannot be read.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", record.name):
        raise UsageError(f"{record.name!r} is no fit name for a model: use letters, digits, dots and dashes.")
    home = folder / record.name
    if (home / RECORD).exists():
        raise UsageError(f"A model named {record.name} is installed already: choose another name.")
    copied = []
    for path in record.paths:
        content = read_bytes(path)
        write_atomically(home / path.name, content)
        copied.append((path.name, hashlib.sha256(content).hexdigest()))
    done = Record(record.name, record.kind, record.family, record.licence, record.use, home, tuple(copied))
    write_atomically(home / RECORD, describe(done))
    return done


def describe(record: Record) -> bytes:
    """Return the record as the JSON its file holds."""
    plain = {"schema": SCHEMA, "name": record.name, "kind": record.kind, "family": record.family}
    plain |= {"licence": record.licence, "use": record.use}
    files = [{"name": name, "sha256": digest} for name, digest in record.files]
    return (json.dumps(plain | {"files": files}, indent=2) + "\n").encode()


def _read(path: Path) -> Record:
    try:
        if path.stat().st_size > _LARGEST_RECORD:
            raise ModelError(f"{path} is too large for a model's record: add the model again.")
        plain: dict[str, Any] = json.loads(path.read_bytes())
        files = tuple((_plain_name(file["name"]), str(file["sha256"])) for file in plain["files"])
        name, kind, family, licence, use = (str(plain[key]) for key in ("name", "kind", "family", "licence", "use"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} is no readable record of a model: add the model again.") from error
    return Record(name, kind, family, licence, use, path.parent, files)


def _plain_name(name: str) -> str:
    if Path(name).name != name:
        raise ValueError(name)
    return name
