"""An estimate of how long a trial takes: encoders are timed on its picture, the rest follows from a table."""

from __future__ import annotations

import time
from collections.abc import Sequence

from artaudit.generators import pool
from artaudit.protect.trial.judges import NOISES, Judge, latents_of
from artaudit.protect.trial.pairs import Picture
from artaudit.protect.trial.survival import Plan

COSTS = {
    "screenshot": 0.3,
    "social-media": 0.2,
    "non-local-means": 3.0,
    "bilateral": 1.0,
    "total-variation": 0.5,
    "adverse-cleaner": 5.0,
    "adverse-cleaner-clean-guide": 5.0,
    "noise-denoise": 2.2,
    "noise-smooth": 0.3,
    "resize-denoise": 2.7,
    "autoencoder-loop": 3.0,
    "impress": 15000.0,
    "diffpure": 18.0,
    "noisy-redraw": 44.0,
    "gridpure": 120.0,
    "trained-remover": 1.0,
}
"""Time of an attack on a picture, in runs of an embedded encoder over it; attacks that are missing here take none."""

ONCE = 160.0
"""Time of the rest of a trial in the same unit: scaling the noises, visibility, and redrawing."""
_TOWER, _TOWER_PIXELS = 90.0, 256 * 256
"""Time of the style reference, whatever the picture's size: runs of an encoder, and the pixels of each run."""
_START = 5.0
"""Seconds that a worker process takes to start."""


def estimate(clean: Picture, panel: Sequence[Judge], todo: Plan, *, processes: int) -> float:
    """Return an estimate of a trial's seconds, from a timed run of every encoder that judges the picture."""
    seconds = {judge: _seconds(judge, clean) for judge in panel}
    unit = min(taken for judge, taken in seconds.items() if judge.record in pool.embedded())
    reading = sum(seconds.values())
    attacks = sum(COSTS.get(name, 0.0) * unit for name, _ in todo.run)
    shared = (2 + len(NOISES)) * (attacks + reading * (1 + len(todo.run))) / max(1, processes)
    tower = _TOWER * _TOWER_PIXELS / (clean.shape[0] * clean.shape[1])
    return shared + unit * (ONCE + tower) + (_START if processes > 1 else 0.0)


def _seconds(judge: Judge, clean: Picture) -> float:
    encoder = judge.open()
    latents_of(encoder, clean)
    started = time.perf_counter()
    latents_of(encoder, clean)
    return time.perf_counter() - started
