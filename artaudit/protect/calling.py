"""Cloaks for programs: from a picture to the picture that is to be saved."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from artaudit import catalog
from artaudit.image import Image
from artaudit.protect.job import CloakOrder, original, prepare, writable
from artaudit.protect.objective import Objective
from artaudit.protect.saving import save_within
from artaudit.protocols import Progress


def cloak(
    picture: Image | Path | str,
    *,
    strength: str | float = "default",
    method: str = "push",
    models: Sequence[str] = ("auto",),
    steps: int | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Image:
    """Return a picture, or the one at a path, cloaked; its `data` are the bytes of the file, and nothing is written.

    `strength` is a name of `catalog.STRENGTHS` or the SSIMULACRA2 score that the file keeps beside the original;
    `method` a name of `catalog.CLOAKS`; `models` are names of installed models. `seed` None draws one.
    Raises ImageError for a picture that cannot carry a cloak, UsageError for a name that is not there.
    """
    image = writable(picture) if isinstance(picture, Image) else original(Path(picture))
    job = prepare(CloakOrder(method=method, strength=strength, models=tuple(models), steps=steps))
    drawn = secrets.randbelow(2**31) if seed is None else seed
    return save_within(image, job.cloak.apply(image, budget=job.budget, seed=drawn, progress=progress))


def load_objective(name: str, **settings: Any) -> Objective:  # noqa: ANN401 - settings of its constructor
    """Return the objective of this name of `catalog.CLOAKS`; raises UsageError for a name that is not there."""
    objective: Objective = catalog.load(catalog.CLOAKS, name)(**settings)
    return objective
