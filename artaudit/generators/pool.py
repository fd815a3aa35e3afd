"""The installed and the shipped models: one folder per model, with a record of its files and their digests."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import platformdirs

from artaudit.errors import ModelError, UsageError
from artaudit.generators.files import copy, digest_of
from artaudit.image import write_atomically

Opened = TypeVar("Opened")

RECORD = "model.json"
SCHEMA = "artaudit-model/1"
SURROGATE, HOLD_OUT = "surrogate", "hold-out"
"""What a model is used for: to make cloaks against, or only to measure them on."""

BACKBONE = "clip-vision"
"""The kind of an image tower, which is no member of a pool of encoders."""

_LARGEST_RECORD = 1 << 20
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


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
    """Relative path and sha256 of each file; of two plain files the encoder comes first."""
    origin: str = ""
    """Where the files came from: a repository and its revision, or nothing."""

    @property
    def paths(self) -> tuple[Path, ...]:
        """The model's files, encoder first."""
        return tuple(self.folder / name for name, _ in self.files)

    @property
    def digest(self) -> str:
        """The sha256 of the list of the files' sha256, as `sha256sum` prints it, in the order of their names."""
        lines = (f"{digest}  {name}\n" for name, digest in sorted(self.files))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def verify(self) -> None:
        """Raise ModelError for a file that is missing, elsewhere or not the one that was pinned."""
        home = self.folder.resolve()
        for path, (name, pinned) in zip(self.paths, self.files, strict=True):
            if path.resolve() != home / name:
                raise ModelError(f"{path} is a link to elsewhere: add the model again.")
            found = digest_of(path)
            if found != pinned:
                raise ModelError(f"{path} is not the file that was pinned (sha256 {found}): add the model again.")

    def verify_whole(self) -> None:
        """Verify, and raise ModelError for a file in the folder that was not pinned: loaders might heed it."""
        self.verify()
        pinned = {*self.paths, self.folder / RECORD}
        strange = sorted(path for path in self.folder.rglob("*") if path not in pinned and not path.is_dir())
        if strange:
            raise ModelError(f"{strange[0]} was not there when the model was pinned: remove it.")


def models_folder() -> Path:
    """Return where installed models lie: ARTAUDIT_MODELS, else the platform's data folder."""
    chosen = os.environ.get("ARTAUDIT_MODELS")
    return Path(chosen) if chosen else platformdirs.user_data_path("artaudit") / "models"


def installed(folder: Path) -> list[Record]:
    """Return the records of all models in `folder`, by name; raises ModelError for a broken record."""
    return [_read(path) for path in sorted(folder.glob(f"[!.]*/{RECORD}"))]


def embedded() -> list[Record]:
    """Return the records of the models with latents that come with artaudit."""
    return [record for record in _shipped() if record.kind != BACKBONE]


def backbones() -> list[Record]:
    """Return the records of the frozen image encoders that come with artaudit: features of pictures, no latents."""
    return [record for record in _shipped() if record.kind == BACKBONE]


def available() -> list[Record]:
    """Return the records of all models with latents: the installed ones, then those that come with artaudit."""
    return [*installed(models_folder()), *embedded()]


def by_name(records: Iterable[Record]) -> dict[str, Record]:
    """Return records by name; of two records with the same name the first, so that installed models take precedence."""
    named: dict[str, Record] = {}
    for record in records:
        named.setdefault(record.name, record)
    return named


def record_of(name: str, kind: str, paths: Sequence[Path], *, family: str, licence: str, use: str) -> Record:
    """Describe a model that lies in files of one folder, encoder first, with their digests as they are now."""
    files = tuple((path.name, digest_of(path)) for path in paths)
    if len({path.parent for path in paths}) > 1 or len({path.name for path in paths}) < len(paths):
        raise UsageError("A model's files lie in one folder under two names: put them there first.")
    return Record(name, kind, family, licence, use, paths[0].parent, files)


def install(
    about: Record,
    sources: Mapping[str, Path],
    folder: Path,
    proof: Callable[[Record], Opened],
    *,
    update: bool = False,
) -> tuple[Record, Opened]:
    """Copy files to `folder` and keep them if `proof` can open the copy; return the record and what it opened.

    `sources` maps the relative path of each copy to its file; `about` holds the rest of the record. The model appears
    whole, by one rename, or not at all; with `update` it takes the place of one of the same name. Raises UsageError for
    a name that is taken or unfit, ModelError for files that cannot be read or written, and whatever `proof` raises.
    """
    try:
        _fit(about.name)
        names = [_inside(name) for name in sources]
    except ValueError as error:
        raise UsageError(f"{error} is no fit name for a model or a file: use letters, digits, dots, dashes.") from error
    home, stage = folder / about.name, folder / f".{about.name}.{secrets.token_hex(4)}"
    if home.exists() and not update:
        raise UsageError(
            f"A model named {about.name} is installed already: replace it with --update, or choose another name."
        )
    try:
        files = tuple((name, copy(sources[name], stage / name)) for name in names)
        record = replace(about, folder=stage, files=files)
        write_atomically(stage / RECORD, describe(record))
        opened = proof(record)
        if home.exists():
            _set_aside(home)
        stage.rename(home)
    except OSError as error:
        raise ModelError(f"{home} cannot be written ({error.strerror}): choose another ARTAUDIT_MODELS.") from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return replace(record, folder=home), opened


def edit(name: str, *, family: str = "", licence: str = "", use: str = "") -> Record:
    """Change what an installed model's record says, where something is given, and return it.

    Raises UsageError for a model that is not installed.
    """
    record = _installed(name)
    changed = replace(record, family=family or record.family, licence=licence or record.licence, use=use or record.use)
    write_atomically(record.folder / RECORD, describe(changed))
    return changed


def remove(name: str) -> Record:
    """Remove an installed model with its files; raises UsageError for one that is not installed."""
    record = _installed(name)
    try:
        _set_aside(record.folder)
    except OSError as error:
        raise ModelError(f"{record.folder} cannot be removed ({error.strerror}).") from error
    return record


def _installed(name: str) -> Record:
    known = {record.name: record for record in installed(models_folder())}
    if name not in known:
        came = (
            " comes with artaudit and stays" if name in {record.name for record in _shipped()} else " is not installed"
        )
        raise UsageError(f"{name}{came}: `audit models list` shows what is there.")
    return known[name]


def _set_aside(home: Path) -> None:
    """Remove a model's folder: it is gone by one rename, and its files after that."""
    aside = home.with_name(f".{home.name}.{secrets.token_hex(4)}")
    home.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def describe(record: Record) -> bytes:
    """Return the record as the JSON its file holds."""
    plain = {"schema": SCHEMA, "name": record.name, "kind": record.kind, "family": record.family}
    plain |= {"licence": record.licence, "use": record.use} | ({"origin": record.origin} if record.origin else {})
    files = [{"name": name, "sha256": digest} for name, digest in record.files]
    return (json.dumps(plain | {"files": files}, indent=2) + "\n").encode()


def _shipped() -> list[Record]:
    return installed(Path(__file__).parent / "weights")


def _read(path: Path) -> Record:
    try:
        if path.stat().st_size > _LARGEST_RECORD:
            raise ModelError(f"{path} is too large for a model's record: add the model again.")
        plain: dict[str, Any] = json.loads(path.read_bytes())
        files = tuple((_inside(file["name"]), str(file["sha256"])) for file in plain["files"])
        name, kind, family, licence, use = (str(plain[key]) for key in ("name", "kind", "family", "licence", "use"))
        _fit(name)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"{path} is no readable record of a model: add the model again.") from error
    return Record(name, kind, family, licence, use, path.parent, files, str(plain.get("origin", "")))


def _fit(name: str) -> None:
    if not re.fullmatch(_NAME, name):
        raise ValueError(repr(name))


def _inside(name: str) -> str:
    """Return a relative path that stays below its folder on every system; raises ValueError for any other."""
    if any(part in ("", ".", "..") for part in name.split("/")) or re.search(r"[\\:\x00-\x1f]", name):
        raise ValueError(repr(name))
    return name
