"""Reserves the rights on a site's folder: writes its files, looks at its pictures, and records both in the log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.declarations import Declaration
from artaudit.auditor.reservation.texts import AI, ROBOTS, TDMREP, ai_lines, extended, robots_lines, tdm_reserved
from artaudit.errors import ArtauditError, UsageError
from artaudit.image import Image, forbids_training, read, write_atomically
from artaudit.image.sources import READABLE, gather
from artaudit.provenance.signed.credentials import readable_credential

State = Literal["written", "extended", "as it was", "left alone"]

_LARGEST = 4 << 20


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A file of the site that speaks to machines: what became of it, and its text as it lies there now."""

    name: str
    state: State
    text: str

    @property
    def reserves(self) -> bool:
        """Whether the file says all that it should."""
        return self.state != "left alone"


@dataclass(frozen=True, slots=True)
class Marks:
    """What the file of a picture says: by XMP, by its content credential; `problem` says why it could not be read."""

    path: str
    sha256: str
    xmp: bool
    credential: bool
    problem: str = ""

    @property
    def marked(self) -> bool:
        """Whether the file refuses training in any way."""
        return self.xmp or self.credential


@dataclass(frozen=True, slots=True)
class Reserved:
    """What was declared for a site, and under which number the log keeps it."""

    number: int
    files: tuple[SiteFile, ...]
    pictures: tuple[Marks, ...]


def reserve(folder: Path, registry: Registry, *, site: str = "", policy: str = "", extend: bool = False) -> Reserved:
    """Write the files that are not there yet, extend those that are if `extend`, and record what is declared.

    `site` is the address of the site and `policy` that of a page with the terms, both as the owner says. Pictures are
    only looked at. Raises UsageError when `folder` is no folder, or a file in it is not what its name says.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder: name the one that the site is made of.")
    wanted: dict[str, Callable[[str | None], str]] = {
        ROBOTS: lambda text: extended(text or "", robots_lines()),
        TDMREP: lambda text: tdm_reserved(text, policy),
        AI: lambda text: extended(text or "", ai_lines()),
    }
    planned = [_planned(folder, name, change, extend=extend) for name, change in wanted.items()]
    for file in planned:
        if file.state in ("written", "extended"):
            write_atomically(folder / file.name, file.text.encode())
    pictures = tuple(_marks(path, folder) for path in _pictures(folder))
    content = {
        "site": site,
        "folder": str(folder.resolve()),
        "files": [{**asdict(file), "sha256": hashlib.sha256(file.text.encode()).hexdigest()} for file in planned],
        "pictures": [asdict(marks) for marks in pictures],
    }
    return Reserved(registry.declaration_store.declare(content), tuple(planned), pictures)


def declared(registry: Registry) -> list[Declaration]:
    """Return what was declared, oldest first."""
    return registry.declaration_store.all()


def _planned(folder: Path, name: str, change: Callable[[str | None], str], *, extend: bool) -> SiteFile:
    """Return what is to become of a file, before anything is written."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{path} leads out of the folder: look at it and move it away.")
    try:
        there = path.read_text("utf-8") if path.exists() else None
        if there is not None and len(there) > _LARGEST:
            raise UsageError(f"{path} is too long for what it is called: look at it.")
        wanted = change(there)
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} is there and cannot be extended: look at it, or move it away.") from error
    if there is None:
        return SiteFile(name, "written", wanted)
    if there == wanted:
        return SiteFile(name, "as it was", there)
    return SiteFile(name, "extended", wanted) if extend else SiteFile(name, "left alone", there)


def _pictures(folder: Path) -> list[Path]:
    try:
        return [source.path for source in gather([folder], suffixes=READABLE, own=())]
    except UsageError:  # a site without pictures
        return []


def _marks(path: Path, folder: Path) -> Marks:
    name = path.relative_to(folder).as_posix()
    try:
        image = read(path)
    except ArtauditError as error:
        return Marks(name, "", xmp=False, credential=False, problem=str(error))
    return Marks(name, image.sha256, forbids_training(image), _credential_refuses(image))


def _credential_refuses(image: Image) -> bool:
    credential = readable_credential(image)
    return credential is not None and credential.state != "Invalid" and "notAllowed" in credential.training.values()
