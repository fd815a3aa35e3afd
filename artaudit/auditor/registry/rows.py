"""Values on their way into rows and back."""

from __future__ import annotations

import hashlib
from typing import Any

from artaudit.auditor.registry.hash_chain import Event, payload_of


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
