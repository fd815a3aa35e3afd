"""What the queue keeps of one job, as a record of plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

WAITING, RUNNING, PAUSED, DONE, FAILED, CANCELLED = "waiting", "running", "paused", "done", "failed", "cancelled"
ACTIVE = (WAITING, RUNNING, PAUSED)

CANCEL, PAUSE = "cancel", "pause"
"""What may be wished of a job that runs."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of the queue: `kind` says what is to be done in which `lane`, `spec` with what."""

    kind: str
    lane: str
    title: str
    spec: Mapping[str, Any]
    batch: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """One job: `kind` says what is to be done, `spec` with what, `result` what came of it so far.

    `done` of `total` steps are taken, and `stage` says in words what it is at; `error` is the sentence that it failed
    with. Jobs with the same `batch` were asked for together. Times are UTC, ISO 8601, empty for what was not yet.
    """

    id: int
    kind: str
    lane: str
    state: str
    title: str
    spec: dict[str, Any]
    batch: str
    done: int
    total: int
    stage: str
    result: dict[str, Any]
    error: str
    wish: str
    attempts: int
    created_at: str
    started_at: str
    finished_at: str

    @property
    def active(self) -> bool:
        """Whether it still waits, runs or is paused."""
        return self.state in ACTIVE

    @property
    def share(self) -> float:
        """The share of the steps that are taken, from 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def seconds(self) -> float:
        """Seconds since it was started, until it ended."""
        if not self.started_at:
            return 0.0
        end = datetime.fromisoformat(self.finished_at) if self.finished_at else datetime.now(UTC)
        return max(0.0, (end - datetime.fromisoformat(self.started_at)).total_seconds())

    @property
    def left(self) -> float | None:
        """Seconds that it still takes if it goes on as it did; None before anything can be said."""
        return self.seconds / self.share * (1 - self.share) if self.state == RUNNING and self.share else None


def as_job(row: dict[str, Any]) -> Job:
    """Return the job of a row."""
    return Job(**{**row, "spec": json.loads(row["spec"]), "result": json.loads(row["result"])})
