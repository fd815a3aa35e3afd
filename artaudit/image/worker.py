"""The process in which strangers' files are worked on: takes orders from its parent until that is gone."""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
from collections.abc import Callable
from typing import IO, Any

from artaudit.errors import ArtauditError
from artaudit.image.bounds import Limits


def serve() -> None:
    """Answer one order after the other; whatever is printed meanwhile is thrown away."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when it ends
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes no file
    while head := orders.readline():
        order = json.loads(head)
        data = orders.read(order["bytes"])
        if len(data) < order["bytes"]:
            break
        _answer(answers, *_done(order, data))
        del data
    os._exit(0)


def _done(order: dict[str, Any], data: bytes) -> tuple[dict[str, Any], list[Any]]:
    """Do what an order says, within its limits; return the head of the answer and its parts."""
    limits = Limits(**order["limits"])
    module, _, function = order["task"].partition(":")
    task: Callable[..., tuple[dict[str, Any], list[Any]]] = getattr(importlib.import_module(module), function)
    _confine(limits)
    try:
        plain, parts = task(data, order["name"], limits, **order["told"])
    except ArtauditError as error:
        return {"refused": str(error)}, []
    except MemoryError:
        return {"refused": f"{order['name']} takes more memory than may be used: scale it down first."}, []
    return {"answer": plain}, [memoryview(part).cast("B") for part in parts]


def _confine(limits: Limits) -> None:
    """Allow so many seconds of computing from now on, and so much memory."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + limits.seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _answer(answers: IO[bytes], head: dict[str, Any], parts: list[memoryview]) -> None:
    answers.write(json.dumps({**head, "parts": [part.nbytes for part in parts]}).encode() + b"\n")
    for part in parts:
        answers.write(part)
    answers.flush()
