"""The training runs of a mimicry trial: one for every training set and seed, each in a process of its own."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import product
from multiprocessing import get_context
from typing import Any, TypeVar

import numpy as np
import torch
from PIL import Image as Pillow

from artaudit.datasets import drawings
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.errors import UsageError
from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.protect.trial.judges import CHANGED, CLEAN
from artaudit.protect.trial.mimicry import (
    Bank,
    Examined,
    Part,
    Pixels,
    Practice,
    bank,
    examined,
    generate,
    learned_from,
    tiles,
    trained,
)
from artaudit.protect.trial.survival import Tools, single_threaded
from artaudit.protocols import Generator, Progress
from artaudit.tensors import to_array, to_batch

Result = TypeVar("Result")

BASE = "nothing"
"""The arm of the untrained model."""
OTHERS = "photographs and drawings by code"
"""The arm trained on pictures that are not by the artist: what it recovers is not the artist's style."""
STRANGERS = 1000
"""Added to the seeds of the model's drawings that are by no artist, so that none is drawn twice."""


@dataclass(frozen=True, slots=True)
class Arm:
    """A training set of mimics: a kind of picture of the trial, with `strength` after an attack."""

    kind: str
    attack: str = ""
    strength: float | None = None

    @property
    def name(self) -> str:
        """The name of the arm in tables."""
        kind = "cloaked" if self.kind == CHANGED else self.kind
        return kind if self.strength is None else f"{kind}, after {self.attack} {self.strength:g}"


@dataclass(frozen=True, slots=True)
class MimicrySetup:
    """What all mimics of a trial share.

    `pictures` holds for each original the trial's pictures by kind; `tools` holds the attacker's tools for each
    original. `held_out` are crops of `side` pixels, each with the number of its picture. With `apart`, the right part
    of every picture is never learned from.
    """

    record: pool.Record
    practice: Practice
    pictures: tuple[Mapping[str, Part], ...] = field(repr=False)
    tools: tuple[Tools, ...]
    held_out: tuple[tuple[int, Part], ...] = field(repr=False)
    side: int
    apart: bool
    seed: int


@dataclass(frozen=True, slots=True)
class Taught:
    """Results: for each arm an examination per seed, that of the untrained model, and pictures of no artist."""

    arms: Mapping[str, tuple[Examined, ...]]
    base: Examined
    strangers: Pixels = field(repr=False)
    own: Pixels = field(repr=False)
    """Clean crops of the artist, redrawn by the model's autoencoder like everything that the model draws."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """What an arm's mimics learn from: latents of every picture, and a crop of the first that they redraw."""

    banks: tuple[Bank, ...] = field(repr=False)
    crop: Part = field(repr=False)


def taught(
    shared: MimicrySetup, arms: Sequence[Arm], seeds: int, *, processes: int, progress: Progress | None
) -> Taught:
    """Attack, encode, train and examine everything; training run `n` has the same seed for every arm."""
    total, done = len(arms) * (1 + seeds) + 2, 0
    with ExitStack() as stack:
        workers = None
        if processes > 1 and not torch.cuda.is_available():
            executor = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=single_threaded)
            workers = stack.enter_context(executor)

        def run(work: Callable[..., Result], jobs: Sequence[tuple[Any, ...]]) -> list[Result]:
            nonlocal done
            results: dict[int, Result] = {}
            for number, result in _carried_out(workers, work, jobs):
                results[number], done = result, done + 1
                if progress is not None:
                    progress(done, total)
            return [results[number] for number in range(len(jobs))]

        lessons = run(lesson, [(shared, arm) for arm in arms])
        slim = _without_pictures(shared)
        runs = [(slim, training_set, seed) for training_set, seed in product(lessons, range(seeds))]
        exams = run(practised, runs)
        (base,) = run(untaught, [(slim, lessons[0].crop)])
        ((strangers, own),) = run(references, [(shared,)])
    by_arm = {arm.name: tuple(exams[number * seeds : (number + 1) * seeds]) for number, arm in enumerate(arms)}
    return Taught(by_arm, base, strangers, own)


def lesson(shared: MimicrySetup, arm: Arm) -> TrainingSet:
    """Return the training set of an arm."""
    model = generator(shared.record)
    if arm.kind == OTHERS:
        parts = _strangers(shared, len(shared.pictures) + 1, shared.pictures[0][CLEAN].shape[0])
    else:
        whole = [
            _attacked(kinds, arm, tools, shared.seed)
            for kinds, tools in zip(shared.pictures, shared.tools, strict=True)
        ]
        parts = [learned_from(picture) if shared.apart else picture for picture in whole]
    return TrainingSet(tuple(bank(model, part) for part in parts), tiles(parts[0], shared.side)[0])


def _attacked(pictures: Mapping[str, Part], arm: Arm, tools: Tools, seed: int) -> Part:
    if arm.strength is None:
        return pictures[arm.kind]
    return to_array(tools.attack(arm.attack, arm.strength)(to_batch(pictures[arm.kind]), seed))


def practised(shared: MimicrySetup, learned: TrainingSet, number: int) -> Examined:
    """Train the mimic of run `number` and return its examination."""
    teacher = generator(shared.record)
    mimic = trained(teacher, learned.banks, shared.practice, shared.side, shared.seed + number)
    return _examined(mimic, shared, learned.crop if number == 0 else None)


def untaught(shared: MimicrySetup, crop: Part) -> Examined:
    """Return the examination of the untrained model."""
    return _examined(generator(shared.record), shared, crop)


def references(shared: MimicrySetup) -> tuple[Pixels, Pixels]:
    """Return pictures by no artist (photographs, drawings by code and by the untrained model), and clean crops."""
    model, side, practice = generator(shared.record), shared.side, shared.practice
    clean = [crop for pictures in shared.pictures for crop in tiles(pictures[CLEAN], side)]
    clean = [clean[place] for place in np.linspace(0, len(clean) - 1, min(len(clean), 2 * practice.crops)).astype(int)]
    kept = [crop for _, crop in shared.held_out]
    others = _strangers(shared, practice.drawn, side)
    own, strangers = (torch.cat([_redrawn(model, part) for part in parts]) for parts in ([*clean, *kept], others))
    drawn = [generate(model, practice, STRANGERS + number, side) for number in range(practice.drawn)]
    return torch.cat([strangers, *drawn]), own


def _examined(mimic: Generator, shared: MimicrySetup, crop: Part | None) -> Examined:
    latents = torch.cat([bank(mimic, crop) for _, crop in shared.held_out])
    redraw = () if crop is None else (_resized(_photograph(min(PHOTOGRAPHS)), shared.side), crop)
    return examined(mimic, latents, shared.practice, side=shared.side, redraw=redraw)


def _strangers(shared: MimicrySetup, count: int, side: int) -> list[Part]:
    """Return the photographs and drawings by code, `count` pictures in all, of `side` pixels."""
    pictures = [_photograph(name) for name in PHOTOGRAPHS]
    drawn = range(count - len(pictures))
    pictures += [drawings.draw(np.random.default_rng([shared.seed, number])) for number in drawn]
    return [_resized(picture, side) for picture in pictures]


def _redrawn(model: Generator, picture: Part) -> Pixels:
    with torch.no_grad():
        return model.decode(model.encode(to_batch(picture))).float().cpu()


def _photograph(name: str) -> Pillow.Image:
    with Pillow.open(io.BytesIO(photograph(name))) as opened:
        whole = opened.convert("RGB")
    side = min(whole.size)
    left, top = (whole.width - side) // 2, (whole.height - side) // 2
    return whole.crop((left, top, left + side, top + side))


def _resized(picture: Pillow.Image, side: int) -> Part:
    return np.asarray(picture.convert("RGB").resize((side, side)), dtype=np.float32) / 255


def _without_pictures(shared: MimicrySetup) -> MimicrySetup:
    """Leave out what training does not read, so that less is sent between processes."""
    return replace(shared, pictures=(), tools=())


def _carried_out(
    workers: ProcessPoolExecutor | None, work: Callable[..., Result], jobs: Sequence[tuple[Any, ...]]
) -> Iterator[tuple[int, Result]]:
    if workers is None:
        yield from ((number, work(*job)) for number, job in enumerate(jobs))
        return
    waiting = {workers.submit(work, *job): number for number, job in enumerate(jobs)}
    for future in as_completed(waiting):
        yield waiting[future], future.result()


@cache
def generator(record: pool.Record) -> Generator:
    """Return the opened model, once for every process; raises UsageError for one without a denoiser."""
    model = open_model(record)
    if not isinstance(model, Generator):
        raise UsageError(f"{record.name} has no denoiser, so nothing can learn from it: choose another --mimic.")
    return model
