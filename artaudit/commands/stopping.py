"""How `audit` ends when it is told to: by the terminal (SIGINT), or by the system (SIGTERM, SIGHUP)."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

SECONDS = 1.5
"""How long work has to end in good order; then the process ends as it is. Files are renamed whole, or not at all."""

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Stopped(KeyboardInterrupt):
    """Work was told to stop; `code` is the exit code for it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn signals that end programs into `Stopped`, in the main thread; child processes end at once.

    What does not end within `SECONDS`, such as a library that listens to nobody, is cut off.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _frame: FrameType | None) -> None:
    for other in _SIGNALS:
        signal.signal(other, signal.SIG_IGN)  # once is enough
    end_children()
    late = threading.Timer(SECONDS, _cut_off, (128 + number,))
    late.daemon = True
    late.start()
    raise Stopped(number)


def end_children() -> None:
    """End the processes that work for this one."""
    processes = sys.modules.get("multiprocessing")
    for child in processes.active_children() if processes else ():
        with suppress(OSError, ValueError):
            child.kill()


def _cut_off(code: Any) -> None:  # noqa: ANN401 - a number
    end_children()
    os._exit(code)
