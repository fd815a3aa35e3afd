"""Serves the page: listens on this machine alone, and keeps one worker a lane alive."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import uvicorn

from artaudit.errors import ArtauditError, UsageError
from artaudit.web.app import make_app
from artaudit.web.depot import Depot
from artaudit.web.desk import Language, english
from artaudit.web.doors import Doors
from artaudit.web.jobs import Queue
from artaudit.web.tasks import CHECKS

HOST = "127.0.0.1"
WORKER = ("-m", "artaudit.web.worker")
"""What Python is told to run as a worker."""
_LOOK_SECONDS = 1.0
_END_SECONDS = 8.0


def serve(
    path: Path, port: int, told: Callable[[str], None], *, by: str | None = None, language: Language = english
) -> None:
    """Serve the page about the registry at `path` until it is stopped; `told` gets each link that opens it.

    `language` returns that of reports, as it is set now.
    Port 0 takes a free one. Raises UsageError for a port that is taken.
    """
    with listening(port) as listener:
        taken = listener.getsockname()[1]
        doors = Doors(lambda token: told(link(taken, token)))
        app = make_app(path, doors, taken, by=by, language=language)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False, lifespan="off"))
        with Crew(path, Depot(path).queue, by):
            told(link(taken, doors.token))
            server.run(sockets=[listener])


def link(port: int, token: str) -> str:
    """Return the address that opens the page once."""
    return f"http://{HOST}:{port}/enter?token={token}"


def listening(port: int) -> socket.socket:
    """Return a socket that listens on a port of this machine alone."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise UsageError(f"Port {port} cannot be used ({error.strerror}): choose another --port, or 0.") from error
    listener.listen(128)
    return listener


class Crew:
    """Keeps one worker a lane running while the context lasts; one that ended is started again.

    A worker is started for the first job of its lane, the one for checks at once.
    """

    def __init__(self, path: Path, queue: Queue, by: str | None = None) -> None:
        """Work on the queue beside the registry at `path`."""
        self._path, self._queue, self._by = path, queue, by
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._over = Event()
        self._thread = Thread(target=self._look_after, daemon=True)

    def __enter__(self) -> Crew:  # noqa: PYI034 - a final class
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for worker in self._workers.values():
            worker.terminate()
        for worker in self._workers.values():
            with suppress(subprocess.TimeoutExpired):
                worker.wait(_END_SECONDS)
            worker.kill()

    def _look_after(self) -> None:
        while not self._over.is_set():
            with suppress(ArtauditError):  # a queue that is busy is looked at again
                self._start_missing()
            self._over.wait(_LOOK_SECONDS)

    def _start_missing(self) -> None:
        for lane in {CHECKS, *self._queue.lanes()}:
            worker = self._workers.get(lane)
            if (worker is None or worker.poll() is not None) and self._is_free(lane):
                self._workers[lane] = self._started(lane)

    def _is_free(self, lane: str) -> bool:
        """Tell whether nobody works on a lane: another page about the same registry may."""
        with self._queue.alone(lane) as free:
            return free

    def _started(self, lane: str) -> subprocess.Popen[bytes]:
        name = [self._by] if self._by else []
        command = [sys.executable, *WORKER, lane, str(self._path), str(os.getpid()), *name]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own module
