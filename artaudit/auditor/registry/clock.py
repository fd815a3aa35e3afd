"""Faults of a log's times: a clock that ran backwards, and times that are still to come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from artaudit.auditor.registry.hash_chain import moment

SLACK = timedelta(minutes=5)
"""How far clocks may be corrected, or differ between computers, without a remark."""

Stamped = Sequence[tuple[int, str]]
"""Numbers of events and their times (ISO 8601), in order."""


def faults(log: Stamped) -> list[str]:
    """Return as sentences where a log's times run backwards or are still to come."""
    return [*backwards(log), *to_come({f"event {number}": at for number, at in log})]


def backwards(log: Stamped) -> list[str]:
    """Return as sentences where a log's times run backwards, against the latest time before."""
    problems, latest = [], (0, "")
    for number, at in log:
        try:
            if latest[1] and moment(at) < moment(latest[1]) - SLACK:
                problems.append(
                    f"the clock ran backwards: event {number} is dated {at[:19]}, event {latest[0]} before it "
                    f"{latest[1][:19]}"
                )
            elif not latest[1] or moment(at) > moment(latest[1]):
                latest = number, at
        except ValueError:
            problems.append(f"event {number} has no time that can be read")
    return problems


def to_come(dated: Mapping[str, str], now: datetime | None = None) -> list[str]:
    """Return as sentences which of the things named are dated in the future; what holds no time is left out."""
    limit = (now or datetime.now(UTC)) + SLACK
    return [f"{what} is dated {at[:19]}, which is still to come" for what, at in dated.items() if _later(at, limit)]


def _later(at: str, limit: datetime) -> bool:
    try:
        return moment(at) > limit
    except ValueError:
        return False
