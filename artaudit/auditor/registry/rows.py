"""Rows as the log vouches for them, as packages may show them, and values on their way into rows and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import PureWindowsPath
from typing import Any

from artaudit.auditor.registry.hash_chain import Event, digest, payload_of

DISCLOSED = "disclosed"
"""Key of an event's payload: the digest of its row as packages show it. Events of older editions have none."""


def fields_of(event: Event) -> dict[str, Any]:
    """Return an event's columns, but for its payload."""
    return {name: getattr(event, name) for name in ("seq", "at", "kind", "prev", "hash")}


def payload_or_empty(text: str) -> dict[str, Any]:
    """Parse an event's payload; an unreadable one becomes empty and then no longer fits the event's hash."""
    try:
        return payload_of(text)
    except ValueError:
        return {}


def storable(value: object) -> object:
    """Escape what a text column cannot hold: bytes of file names that are not UTF-8."""
    return value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value


def plain(value: object) -> object:
    """Replace bytes by their digests, so that a row can be written as JSON."""
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def disclosed(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plain row as packages show it: of paths the file name alone, the digest of evidence and receipts."""
    shown = dict(row)
    if "path" in shown:
        shown["path"] = file_name(shown["path"])
    if "evidence" in shown:
        shown["evidence"] = _evidence(shown["evidence"])
    if "receipt" in shown:
        shown["receipt"] = digest(shown["receipt"])
    return shown


def _evidence(text: str) -> str:
    """Return the digest of evidence whose path is the file name alone; "" when it cannot be read."""
    try:
        evidence = json.loads(text)
        return digest({**evidence, "path": file_name(evidence["path"])} if "path" in evidence else evidence)
    except (ValueError, TypeError, RecursionError):
        return ""


def file_name(path: str) -> str:
    """Return the last part of a path, Windows or POSIX; folders would reveal things about a person's computer."""
    return PureWindowsPath(path).name or path
