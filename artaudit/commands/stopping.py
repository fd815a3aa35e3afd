"""How `audit` ends when it is told to: by the terminal (SIGINT), or by the system (SIGTERM, SIGHUP)."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from artaudit.image import isolation

SECONDS = 1.2
"""How long work has to end in good order; then the process ends as it is. Files are renamed whole, or not at all."""

SAID = "Stopped: files that were finished stay, nothing is half written."

_NO_SIGNAL = b"\0"
_ended = threading.Event()
_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Stopped(KeyboardInterrupt):
    """Work was told to stop; `code` is the exit code for it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn signals that end programs into `Stopped`, in the main thread; child processes end at once.

    Python listens between two of its own steps alone. A thread that hears of a signal at once ends the process where a
    library works on for more than `SECONDS`.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard, told = os.pipe()
    os.set_blocking(told, False)
    woken = signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, _stop)
    _ended.clear()
    listener = threading.Thread(target=_cut_off, args=(heard,), daemon=True)
    listener.start()
    try:
        yield
    finally:
        _ended.set()
        signal.set_wakeup_fd(woken)
        with suppress(OSError):
            os.write(told, _NO_SIGNAL)
        listener.join(SECONDS)
        os.close(told)
        for number, handler in before.items():
            signal.signal(number, handler)


def leave(code: int) -> None:
    """Say that work was stopped, and end the process at once: to take a large library apart takes Python seconds."""
    _ended.set()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.write(f"{SAID}\n" if stream is sys.stderr else "")
            stream.flush()
    os._exit(code)


def _stop(number: int, _frame: FrameType | None) -> None:
    for other in _SIGNALS:
        signal.signal(other, _again)
    _end_children()
    raise Stopped(number)


def _again(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: once is enough."""


def _end_children() -> None:
    """End the processes that work for this one."""
    processes = sys.modules.get("multiprocessing")
    for child in processes.active_children() if processes else ():
        with suppress(OSError, ValueError):
            child.kill()
    isolation.kill()


def _cut_off(heard: int) -> None:
    """Wait for a signal, then for the end, and end the process where that does not come."""
    number = 0
    while number not in _SIGNALS:
        byte = os.read(heard, 1)
        if byte in (b"", _NO_SIGNAL):
            os.close(heard)
            return
        number = byte[0]
    _end_children()
    if not _ended.wait(SECONDS):
        with suppress(OSError):
            os.write(2, f"\n{SAID}\n".encode())
        os._exit(128 + number)
    os.close(heard)  # not before: a second signal is written to it as well
