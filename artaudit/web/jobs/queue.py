"""The queue: jobs are added by pages, claimed by one worker a lane, and told of from both sides."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from artaudit.errors import UsageError
from artaudit.web.jobs import store
from artaudit.web.jobs.job import (
    ACTIVE,
    CANCEL,
    CANCELLED,
    DONE,
    FAILED,
    PAUSE,
    PAUSED,
    RUNNING,
    WAITING,
    Job,
    Order,
    as_job,
)
from artaudit.web.jobs.store import Store, Writing

ATTEMPTS = 3
"""How often a job is begun whose worker ended without a word, before it counts as failed."""

_ACTIVE = ", ".join(f"'{state}'" for state in ACTIVE)


class Queue:
    """Reads and changes jobs; any number of processes may have it open."""

    def __init__(self, path: Path) -> None:
        """Open the queue's file at `path`, which is made where it is missing."""
        self.path = path
        self._store = Store(path)

    def add(self, kind: str, lane: str, title: str, spec: Mapping[str, Any], batch: str = "") -> int:
        """Append a job that waits; return its number."""
        with self._store.writing() as connection:
            return _added(connection, Order(kind, lane, title, spec, batch))

    def job(self, number: int) -> Job:
        """Return one job; raises UsageError where there is none with this number."""
        rows = self._store.rows("SELECT * FROM jobs WHERE id = ?", number)
        if not rows:
            raise UsageError(f"There is no job {number}: see the queue.")
        return as_job(rows[0])

    def batch(self, name: str) -> list[Job]:
        """Return the jobs that were asked for together, in order."""
        return [as_job(row) for row in self._store.rows("SELECT * FROM jobs WHERE batch = ? ORDER BY id", name)]

    def active(self) -> list[Job]:
        """Return what runs, waits or is paused, in order."""
        return [as_job(row) for row in self._store.rows(f"SELECT * FROM jobs WHERE state IN ({_ACTIVE}) ORDER BY id")]  # noqa: S608 - constants

    def ended(self, limit: int = 50, kind: str = "") -> list[Job]:
        """Return what ended last, the latest first; `kind` narrows it."""
        query = f"SELECT * FROM jobs WHERE state NOT IN ({_ACTIVE}) AND (?1 = '' OR kind = ?1) ORDER BY finished_at DESC, id DESC LIMIT ?2"  # noqa: E501, S608 - constants
        return [as_job(row) for row in self._store.rows(query, kind, limit)]

    def counts(self) -> dict[str, int]:
        """Return how many jobs are in which state."""
        return {
            row["state"]: row["n"] for row in self._store.rows("SELECT state, count(*) AS n FROM jobs GROUP BY state")
        }

    def lanes(self) -> list[str]:
        """Return the lanes in which jobs wait or run."""
        query = "SELECT DISTINCT lane FROM jobs WHERE state IN (?, ?) ORDER BY lane"
        return [row["lane"] for row in self._store.rows(query, WAITING, RUNNING)]

    def claim(self, lane: str) -> Job | None:
        """Take the first job of a lane that waits; it runs from now on. None where none waits."""
        with self._store.writing() as connection:
            row = connection.execute(
                "SELECT id FROM jobs WHERE state = ? AND lane = ? ORDER BY id LIMIT 1", (WAITING, lane)
            ).fetchone()
            if row is None:
                return None
            connection.execute(
                "UPDATE jobs SET state = ?, wish = '', attempts = attempts + 1, started_at = ? WHERE id = ?",
                (RUNNING, _now(), row["id"]),
            )
        return self.job(row["id"])

    def recover(self, lane: str) -> None:
        """Let jobs wait again whose worker ended without a word; for a lane's one worker, before it claims any."""
        with self._store.writing() as connection:
            connection.execute(
                "UPDATE jobs SET state = ?, error = ?, finished_at = ? WHERE state = ? AND lane = ? AND attempts >= ?",
                (FAILED, f"The process that worked on this ended {ATTEMPTS} times.", _now(), RUNNING, lane, ATTEMPTS),
            )
            connection.execute("UPDATE jobs SET state = ? WHERE state = ? AND lane = ?", (WAITING, RUNNING, lane))

    def tell(self, number: int, done: int, total: int, stage: str) -> str:
        """Say how far a running job is; return what is wished of it."""
        with self._store.writing() as connection:
            connection.execute(
                "UPDATE jobs SET done = ?, total = ?, stage = ? WHERE id = ?", (done, total, stage, number)
            )
            row = connection.execute("SELECT wish FROM jobs WHERE id = ?", (number,)).fetchone()
        return str(row["wish"]) if row else CANCEL

    def show(self, number: int, result: Mapping[str, Any]) -> None:
        """Keep what came of a job so far."""
        with self._store.writing() as connection:
            connection.execute("UPDATE jobs SET result = ? WHERE id = ?", (json.dumps(result), number))

    def finish(self, number: int, result: Mapping[str, Any], then: Order | None = None) -> None:
        """End a running job well, and ask for what follows it: both are kept, or neither."""
        self._end(number, DONE, json.dumps(result), "", then)

    def fail(self, number: int, sentence: str) -> None:
        """End a running job with the sentence that says why."""
        self._end(number, FAILED, None, sentence)

    def release(self, number: int, state: str = WAITING) -> None:
        """Let go of a running job that did not end: it waits again, is paused or cancelled."""
        with self._store.writing() as connection:
            connection.execute(
                "UPDATE jobs SET state = ?, wish = '', attempts = max(0, attempts - 1), "
                "finished_at = CASE WHEN ? THEN ? ELSE '' END WHERE id = ? AND state = ?",
                (state, state == CANCELLED, _now(), number, RUNNING),
            )

    def cancel(self, number: int) -> None:
        """End a job that waits, and ask for the end of one that runs."""
        with self._store.writing() as connection:
            connection.execute(
                "UPDATE jobs SET state = ?, finished_at = ? WHERE id = ? AND state IN (?, ?)",
                (CANCELLED, _now(), number, WAITING, PAUSED),
            )
            connection.execute("UPDATE jobs SET wish = ? WHERE id = ? AND state = ?", (CANCEL, number, RUNNING))

    def pause(self, number: int) -> None:
        """Let a job wait until it is resumed; one that runs stops at its next step."""
        with self._store.writing() as connection:
            connection.execute("UPDATE jobs SET state = ? WHERE id = ? AND state = ?", (PAUSED, number, WAITING))
            connection.execute("UPDATE jobs SET wish = ? WHERE id = ? AND state = ?", (PAUSE, number, RUNNING))

    def resume(self, number: int) -> None:
        """Let a paused job wait for its turn again, and one that failed or was cancelled be tried again."""
        with self._store.writing() as connection:
            connection.execute(
                "UPDATE jobs SET state = ?, attempts = 0, error = '', finished_at = '' "
                "WHERE id = ? AND state IN (?, ?, ?)",
                (WAITING, number, PAUSED, FAILED, CANCELLED),
            )
            connection.execute("UPDATE jobs SET wish = '' WHERE id = ? AND wish = ?", (number, PAUSE))

    def once(self, number: int, name: str, make: Any) -> Any:  # noqa: ANN401 - whatever is made, as JSON
        """Return what `make` made the first time for this job under this name, and keep it; others wait for it."""
        with self._store.writing() as connection:
            row = connection.execute("SELECT result FROM jobs WHERE id = ?", (number,)).fetchone()
            result = json.loads(row["result"]) if row else {}
            if name not in result:
                result[name] = make()
                connection.execute("UPDATE jobs SET result = ? WHERE id = ?", (json.dumps(result), number))
        return result[name]

    def add_file(self, name: str, suffix: str, size: int) -> str:
        """Keep what is said of a file that came in; return the name that it has here."""
        made = secrets.token_hex(8)
        with self._store.writing() as connection:
            connection.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?)", (made, name, suffix, size, _now()))
        return made

    def files(self, names: Iterable[str]) -> list[dict[str, Any]]:
        """Return what is said of these files; those that are not known are left out."""
        found = (self._store.rows("SELECT * FROM files WHERE id = ?", name) for name in names)
        return [row for rows in found for row in rows]

    def alone(self, lane: str) -> AbstractContextManager[bool]:
        """Return a context that tells whether this process is the one worker of a lane, while it lasts."""
        return store.lock(self.path.with_name(f"{lane}.lock"))

    def _end(self, number: int, state: str, result: str | None, error: str, then: Order | None = None) -> None:
        with self._store.writing() as connection:
            ended = connection.execute(
                "UPDATE jobs SET state = ?, result = coalesce(?, result), error = ?, finished_at = ? "
                "WHERE id = ? AND state = ?",
                (state, result, error, _now(), number, RUNNING),
            )
            if then is not None and ended.rowcount:
                _added(connection, then)


def _added(connection: Writing, order: Order) -> int:
    made = connection.execute(
        "INSERT INTO jobs (kind, lane, state, title, spec, batch, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (order.kind, order.lane, WAITING, order.title, json.dumps(order.spec), order.batch, _now()),
    )
    return int(made.lastrowid or 0)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
