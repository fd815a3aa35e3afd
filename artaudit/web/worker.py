"""The process that works through one lane of the queue: `python -m artaudit.web.worker LANE REGISTRY SERVER [NAME]`.

A mistake of artaudit's own ends the process with its traceback; the queue then begins the job again, a few times.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import Any

from artaudit.errors import ArtauditError
from artaudit.image import isolated, isolation
from artaudit.web.depot import Depot
from artaudit.web.jobs import CANCELLED, PAUSED, WAITING, Job
from artaudit.web.jobs.job import CANCEL, PAUSE
from artaudit.web.tasks import CHECKS, NICE, following
from artaudit.web.tasks.context import Context, StoppedError

PAUSE_SECONDS = 0.2
_ENDS = {CANCEL: CANCELLED, PAUSE: PAUSED}


def work(lane: str, path: Path, ending: Callable[[], bool], by: str | None = None) -> None:
    """Do the jobs of a lane, one after the other, until `ending`; return at once where another process does."""
    depot = Depot(path)
    with depot.queue.alone(lane) as alone:
        if not alone:
            return
        depot.queue.recover(lane)
        if lane == CHECKS:
            _table()  # before it is waited for
            isolation.prepare()
        while not ending():
            job = depot.queue.claim(lane)
            if job is None:
                time.sleep(PAUSE_SECONDS)
            else:
                carry_out(Context(job, depot, path, ending, by))


def carry_out(context: Context) -> None:
    """Do one job and keep what became of it."""
    queue, job = context.depot.queue, context.job
    try:
        result = _task(job)(context)
    except StoppedError as stopped:
        queue.release(job.id, _ENDS.get(stopped.wish, WAITING))
    except ArtauditError as error:
        queue.fail(job.id, str(error))
    else:
        queue.finish(job.id, result, following(job, result))


def _task(job: Job) -> Callable[[Context], dict[str, Any]]:
    return _table()[job.kind]


def _table() -> Mapping[str, Callable[[Context], dict[str, Any]]]:
    from artaudit.web.tasks.table import TASKS  # noqa: PLC0415 - heavy

    return TASKS


def main() -> None:
    """Work until the server that started this ends, or says so."""
    lane, path, server, *by = sys.argv[1:]
    told = Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server hears it and tells
    if hasattr(os, "nice"):
        os.nice(NICE.get(lane, 0))
    with isolated():  # as the command does
        work(lane, Path(path), lambda: told.is_set() or os.getppid() != int(server), by[0] if by else None)


if __name__ == "__main__":
    main()
