"""What a task is given: its job, its folder, and a way to say how far it is."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image as Pillow

from artaudit.auditor.registry import Registry
from artaudit.image import Image, decode, write_atomically
from artaudit.web.depot import Depot
from artaudit.web.jobs import Job
from artaudit.web.jobs.job import CANCEL, PAUSE

OFTEN = 0.2
"""Seconds between two looks at what is wished of a job, at least."""


class StoppedError(Exception):
    """The work on a job ends before it is done; `wish` says why: cancel, pause, or empty for a worker that ends."""

    def __init__(self, wish: str) -> None:
        """Keep the wish."""
        super().__init__(wish)
        self.wish = wish


@dataclass(slots=True)
class Context:
    """One job under way; `ending` tells whether the worker is to end."""

    job: Job
    depot: Depot
    path: Path
    ending: Callable[[], bool]
    by: str | None = None
    stage: str = ""
    _told: float = field(default=0.0, init=False)

    @property
    def folder(self) -> Path:
        """The folder of what the job makes."""
        return self.depot.job(self.job.id)

    def registry(self) -> AbstractContextManager[Registry]:
        """Open the registry."""
        return Registry(self.path, by=self.by)

    def tell(self, done: int, total: int, stage: str | None = None) -> None:
        """Say how far the job is; raises StoppedError where it is to end."""
        now = time.monotonic()
        if stage in (None, self.stage) and done < total and now - self._told < OFTEN:
            return
        self.stage, self._told = self.stage if stage is None else stage, now
        wish = self.depot.queue.tell(self.job.id, done, total, self.stage)
        if wish in (CANCEL, PAUSE) or self.ending():
            raise StoppedError(wish)

    def show(self, **result: Any) -> None:  # noqa: ANN401 - plain JSON values
        """Keep what came of the job so far."""
        self.depot.queue.show(self.job.id, result)

    def keep(self, name: str, rgb8: UInt8[np.ndarray, "height width 3"]) -> str:
        """Write a picture into the job's folder, as the name's suffix says; return the name."""
        buffer = io.BytesIO()
        kind, options = ("PNG", {}) if name.endswith(".png") else ("JPEG", {"quality": 88})
        Pillow.fromarray(rgb8).save(buffer, kind, **options)
        write_atomically(self.folder / name, buffer.getvalue())
        return name


def opened(context: Context, kept: str) -> Image:
    """Decode a file that came in: the one place where the page decodes what it was given.

    The name of the picture is what it was called outside.
    """
    return decode(context.depot.file(kept).read_bytes(), name=context.depot.name(kept))
