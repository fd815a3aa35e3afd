"""The log's chain: every event carries a digest of itself and of the one before.

The construction is that of Haber and Stornetta 1991, https://doi.org/10.1007/BF00196791.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS = "0" * 64
"""The previous hash of the first event."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the log: number, time (UTC, ISO 8601), kind, payload, the previous event's hash and its own."""

    seq: int
    at: str
    kind: str
    payload: dict[str, Any]
    prev: str
    hash: str


def canonical(value: object) -> str:
    """Return the canonical JSON of a value: sorted keys, no spaces, no NaN, lone surrogates escaped (always UTF-8)."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode(errors="backslashreplace").decode()


def payload_of(text: str) -> dict[str, Any]:
    """Parse the canonical JSON of a payload; raises ValueError for any other text."""
    try:
        value = json.loads(text)
        if isinstance(value, dict) and canonical(value) == text:
            return value
    except RecursionError as error:
        raise ValueError("a payload is nested too deeply") from error
    raise ValueError("a payload is no canonical JSON object")


def digest(value: object) -> str:
    """Return the hexadecimal sha256 of a value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def link(seq: int, at: str, kind: str, payload: dict[str, Any], prev: str) -> Event:
    """Make the event that follows the one whose hash is `prev`."""
    return Event(seq, at, kind, payload, prev, digest([seq, at, kind, payload, prev]))


def broken_links(events: Iterable[Event]) -> list[str]:
    """Return the chain's faults as sentences; empty when every event follows from the one before."""
    problems, expected, prev = [], 1, GENESIS
    for event in events:
        if event.seq != expected:
            problems.append(f"events {expected} to {event.seq - 1} are missing from the log")
        elif event.prev != prev:
            problems.append(f"event {event.seq} does not follow the one before it")
        if link(event.seq, event.at, event.kind, event.payload, event.prev).hash != event.hash:
            problems.append(f"event {event.seq} was changed after it was written")
        expected, prev = event.seq + 1, event.hash
    return problems


def now() -> str:
    """Return the time, UTC, ISO 8601 with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def moment(text: str) -> datetime:
    """Return the time that ISO 8601 names, in UTC where it names no zone; raises ValueError for any other text."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
