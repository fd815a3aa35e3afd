"""What the registry keeps, as records of plain values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from artaudit.errors import RegistryError

CLOAKED = "cloaked"
SCHEMA = "artaudit-version/1"
"""The form of what stands in place of a receipt for a version that is no cloak made here."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A picture's file that is known by its digests, sizes and place alone."""

    sha256: str
    pixels_sha256: str
    name: str
    width: int
    height: int
    format: str


@dataclass(frozen=True, slots=True)
class Work:
    """One registered picture; `path` is where its file lies, as far as the registry was told.

    Title, path, `note`, `year` and `tags` are as they were last changed; all else is as it was registered.
    """

    id: int
    sha256: str
    pixels_sha256: str
    path: str
    title: str
    width: int
    height: int
    format: str
    registered_at: str
    withdrawn: bool
    note: str = ""
    year: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a work: cloaked, with its receipt, or recognised, with how it was told in place of a receipt."""

    work: int
    sha256: str
    pixels_sha256: str
    path: str
    receipt: dict[str, Any]
    added_at: str
    id: int = 0

    @property
    def kind(self) -> str:
        """The version in a word: "cloaked", "signed", "copied", "resized" or "changed"."""
        return str(self.receipt.get("kind", "")) if self.receipt.get("schema") == SCHEMA else CLOAKED

    @property
    def cloaked(self) -> bool:
        """Whether the version is a cloak with a receipt."""
        return self.kind == CLOAKED


@dataclass(frozen=True, slots=True)
class Case:
    """One check of one picture: the evidence as plain JSON values and the picture's original bytes."""

    id: int
    evidence: dict[str, Any]
    suspect: bytes
    created_at: str


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case as one line of a list."""

    id: int
    created_at: str
    path: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A content credential of a work: the C2PA manifest store as it was signed."""

    work: int
    sha256: str
    data: bytes
    at: str
    by: str


def as_work(row: dict[str, Any]) -> Work:
    """Return the work of a row."""
    tags = tuple(filter(None, row["tags"].split(", ")))
    return Work(**{**row, "withdrawn": bool(row["withdrawn"]), "tags": tags})


def as_version(row: dict[str, Any]) -> Version:
    """Return the version of a row."""
    return Version(**{**row, "receipt": as_json(row["receipt"])})


def as_json(text: str) -> dict[str, Any]:
    """Parse what the registry holds as JSON; raises RegistryError where it is not as it was written."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RegistryError(
            "The registry holds a row that is not as it was written: see `audit db verify` and `audit db recover`."
        ) from error
