"""Does work on strangers' files in processes of their own, which cannot take more memory or time than is allowed.

A process serves one file after the other and is used again; what crashes, hangs or grows in it ends it alone. Files go
in and results come out through pipes, as JSON and raw bytes. The command `audit` works so; a program that calls
artaudit does its work in its own process unless it says `with isolated():`, because a library that starts processes
unasked surprises its caller, and who calls it from Python mostly opens pictures of their own.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore, Event, Lock
from typing import IO, Any, cast

from artaudit.errors import ImageError
from artaudit.image.bounds import Limits

_PATIENCE = 20
"""How many seconds may pass for each second of computing that is allowed, as a processor is shared with others."""
_MOST_WORKERS = 4
_LONGEST_HEAD = 1 << 20
_LARGEST_ANSWER = 4 << 30
_PIECE = 1 << 20
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "XDG_CONFIG_HOME", "HOME")
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_START = "import sys; sys.path[:] = {path!r}; from artaudit.image.worker import serve; serve()"

_wanted = 0
_idle: list[_Worker] = []
_running: set[_Worker] = set()
_stopped = Event()
_owner = os.getpid()
_lock, _room = Lock(), BoundedSemaphore(min(_MOST_WORKERS, os.cpu_count() or 1))


def possible() -> bool:
    """Tell whether this system can start limited processes: Linux, macOS and other kinds of Unix."""
    return os.name == "posix" and bool(sys.executable)


def wanted() -> bool:
    """Tell whether strangers' files are to be worked on in processes of their own."""
    return _wanted > 0 and possible()


@contextmanager
def isolated() -> Iterator[None]:
    """Work on strangers' files in processes of their own as long as this lasts, in all threads.

    Work that was stopped before the first of these began stands in the way of none.
    """
    global _wanted  # noqa: PLW0603 - all of a program reads pictures one way
    if not _wanted and _stopped.is_set():
        _forget()
    _wanted += 1
    try:
        yield
    finally:
        _wanted -= 1


def call(task: str, data: bytes, name: str, limits: Limits, **told: Any) -> tuple[dict[str, Any], list[bytearray]]:  # noqa: ANN401 - JSON
    """Let a process of its own do `task`, "module:function", with the bytes of a file; return what it answers.

    The function takes data, name, limits and what is `told` (JSON), and returns a dictionary of plain values and a list
    of buffers. Raises ImageError where the work was refused, or took more than the limits allow.
    """
    with _room:
        worker = _taken(name)
        try:
            answer = worker.do({"task": task, "name": name, "limits": _plain(limits), "told": told}, data, limits)
        except BaseException:
            worker.end()
            raise
        with _lock:
            _idle.append(worker)
    plain, parts = answer
    if "refused" in plain:
        raise ImageError(str(plain["refused"]))
    return plain["answer"], parts


def allow(count: int) -> None:
    """Let `count` processes work at once [default: as many as there are processors, at most four]; call it idle."""
    global _room  # noqa: PLW0603 - all threads of a program share it
    _room = BoundedSemaphore(count)


def processes() -> list[int]:
    """Return the ids of the processes that wait for work."""
    return [worker.id for worker in _idle]


def kill() -> None:
    """End all processes at once, busy ones too, and start no more; this one is about to end as well."""
    _stopped.set()
    for worker in tuple(_running):
        with suppress(OSError):
            os.kill(worker.id, signal.SIGKILL)


def _forget() -> None:
    with _lock:
        for worker in tuple(_running):
            worker.end()
        _idle.clear()
        _stopped.clear()


def prepare() -> None:
    """Start a process ahead of its first file, so that nobody waits for it."""
    if wanted() and not _idle:
        with suppress(ImageError):
            worker = _taken("the first picture")
            with _lock:
                _idle.append(worker)


def _plain(limits: Limits) -> dict[str, int]:
    return {name: getattr(limits, name) for name in Limits.__slots__}


def _sizes(head: dict[str, Any]) -> list[int]:
    """Return the sizes of an answer's parts; raises ValueError for such as nothing sends."""
    sizes = [int(size) for size in head.get("parts", ())]
    if min(sizes, default=0) < 0 or sum(sizes) > _LARGEST_ANSWER:
        raise ValueError("no answer is so long")
    return sizes


def _taken(name: str) -> _Worker:
    """Return a process that waits for work, of this program and not of one that it was forked from."""
    global _owner  # noqa: PLW0603 - the pipes of a fork's parent are not its own
    with _lock:
        if _owner != os.getpid():
            _idle.clear()
            _running.clear()
            _owner = os.getpid()
        if _idle:
            return _idle.pop()
    if _stopped.is_set():
        raise ImageError(f"{name} is not opened, as work was stopped: start again.")
    try:
        return _Worker()
    except OSError as error:
        raise ImageError(
            f"{name} is not opened, as no process can be started for it ({error.strerror}): close other programs."
        ) from error


class _Worker:
    """A process that works on one file after the other."""

    def __init__(self) -> None:
        path = [place for place in sys.path if place]
        self._process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-I", "-B", "-c", _START.format(path=path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={name: os.environ[name] for name in _KEPT if name in os.environ} | _ONE_THREAD,
        )
        _running.add(self)
        self._orders = cast(IO[bytes], self._process.stdin)
        self._answers = cast(IO[bytes], self._process.stdout)

    @property
    def id(self) -> int:
        """Its number in the system."""
        return self._process.pid

    def do(self, order: dict[str, Any], data: bytes, limits: Limits) -> tuple[dict[str, Any], list[bytearray]]:
        """Send an order and a file; return the head of the answer and its parts."""
        name, until = order["name"], time.monotonic() + _PATIENCE * limits.seconds
        try:
            self._send(json.dumps({**order, "bytes": len(data)}).encode() + b"\n", data)
            head = json.loads(self._line(until))
            return head, [self._bytes(size, until) for size in _sizes(head)]
        except TimeoutError as error:
            raise ImageError(f"{name} takes more than {limits.seconds} s to open: scale it down first.") from error
        except (OSError, EOFError, ValueError) as error:
            raise ImageError(f"{name} {self._ending(limits)}") from error

    def end(self) -> None:
        """End the process, whatever it does."""
        _running.discard(self)
        with suppress(OSError):
            self._process.kill()
        self._process.wait()
        self._orders.close()
        self._answers.close()

    def _send(self, *pieces: bytes) -> None:
        for piece in pieces:
            left = memoryview(piece)
            while left:
                left = left[os.write(self._orders.fileno(), left[:_PIECE]) :]

    def _line(self, until: float) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            line += self._some(1, until)
            if len(line) > _LONGEST_HEAD:
                raise ValueError("no head is so long")
        return line

    def _bytes(self, count: int, until: float) -> bytearray:
        whole = bytearray(count)
        view = memoryview(whole)
        while view:
            self._wait(until)
            got = self._answers.readinto(view[:_PIECE])  # type: ignore[attr-defined]
            if not got:
                raise EOFError
            view = view[got:]
        return whole

    def _some(self, most: int, until: float) -> bytes:
        self._wait(until)
        piece = self._answers.read(most)
        if not piece:
            raise EOFError
        return piece

    def _wait(self, until: float) -> None:
        if not select.select([self._answers], [], [], max(0.0, until - time.monotonic()))[0]:
            raise TimeoutError

    def _ending(self, limits: Limits) -> str:
        """Say, after a name, how the process ended."""
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(1)
            if code == -signal.SIGXCPU:
                return f"takes more than {limits.seconds} s to open: scale it down first."
        return "makes its decoder fail: it is damaged, or made to do harm."


@atexit.register
def _end_all() -> None:
    if _owner == os.getpid():
        while _idle:
            _idle.pop().end()
