"""Survival: every attack on the cloaked picture, the clean one and the control noises, in parallel processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context

import cv2
import numpy as np
import torch
from torch import Tensor

from artaudit import catalog, distances
from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.protect.attacks.sweep import AttackSweep, Need
from artaudit.protect.attacks.trained import Remover
from artaudit.protect.trial.grading import Outcome
from artaudit.protect.trial.judges import CHANGED, CLEAN, Judge, readings
from artaudit.protect.trial.pairs import Picture
from artaudit.protect.visibility import finite
from artaudit.protocols import Progress
from artaudit.tensors import to_array, to_batch
from artaudit.transforms import Identity, Transform

UNTOUCHED = "none"


@dataclass(frozen=True, slots=True)
class Tools:
    """What the attacker has: models by their records, and the weights of a remover trained on this very cloak."""

    autoencoder: pool.Record | None = None
    generator: pool.Record | None = None
    remover: Mapping[str, np.ndarray] | None = field(default=None, repr=False)

    def lacking(self, axis: AttackSweep) -> str:
        """Return what an attack needs and the attacker lacks, as words; "" where nothing is missing."""
        return {
            Need.NOTHING: "",
            Need.AUTOENCODER: "" if self.autoencoder else "no autoencoder is installed",
            Need.GENERATOR: "" if self.generator else "no model with a denoiser is installed",
            Need.CLOAK: "" if self.remover else "no attacker was trained (--trained)",
        }[axis.needs]

    def attack(self, name: str, strength: float | None) -> Transform:
        """Return an attack of the catalog, its model opened once for every process."""
        if strength is None:
            return Identity()
        axis: AttackSweep = catalog.load(catalog.ATTACKS, name)
        record = {Need.AUTOENCODER: self.autoencoder, Need.GENERATOR: self.generator}.get(axis.needs)
        if axis.needs is Need.CLOAK and self.remover is not None:
            return axis.attack(strength, remover_of(self.remover))
        return axis.attack(strength, None if record is None else _model(record))


@dataclass(frozen=True, slots=True)
class Ring:
    """What all attacks of one picture share."""

    pictures: Mapping[str, Picture] = field(repr=False)
    panel: tuple[Judge, ...]
    tools: Tools
    seed: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The attacks that run, with strengths, and outcomes of skipped ones, with reasons."""

    run: tuple[tuple[str, float], ...]
    skipped: tuple[Outcome, ...]


def plan(chosen: Sequence[str], tools: Tools) -> Plan:
    """Plan the attacks called `chosen`; "quick" stands for all that take seconds, "all" for every one."""
    run: list[tuple[str, float]] = []
    skipped = []
    for name in catalog.ATTACKS:
        axis: AttackSweep = catalog.load(catalog.ATTACKS, name)
        why = tools.lacking(axis)
        if not (name in chosen or "all" in chosen or ("quick" in chosen and not axis.slow)):
            why = "it takes long (--attacks all)" if axis.slow and "quick" in chosen else "it was not asked for"
        if why:
            skipped.append(Outcome(name, None, axis.everyday, why=why))
        else:
            run += [(name, strength) for strength in axis.strengths]
    return Plan(tuple(run), tuple(skipped))


def survive(ring: Ring, todo: Plan, *, processes: int, progress: Progress | None = None) -> list[Outcome]:
    """Return the outcome of the untouched picture, then those of the attacks that ran, in the plan's order."""
    jobs: list[tuple[str, float | None]] = [(UNTOUCHED, None), *todo.run]
    outcomes: dict[int, Outcome] = {}
    for number, outcome in _carried_out(ring, jobs, processes):
        outcomes[number] = outcome
        if progress is not None:
            progress(len(outcomes), len(jobs))
    return [outcomes[number] for number in range(len(jobs))]


def _carried_out(ring: Ring, jobs: Sequence[tuple[str, float | None]], processes: int) -> Iterator[tuple[int, Outcome]]:
    if processes <= 1:
        yield from ((number, measured(ring, *job)) for number, job in enumerate(jobs))
        return
    workers = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=single_threaded)
    with workers:
        waiting = {workers.submit(measured, ring, *job): number for number, job in enumerate(jobs)}
        for done in as_completed(waiting):
            yield waiting[done], done.result()


def single_threaded() -> None:
    """Work on one thread, as each of several processes should."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def measured(ring: Ring, name: str, strength: float | None) -> Outcome:
    """Carry out one attack on all pictures of a trial, each with the same seed, and return the judges' readings."""
    attack = ring.tools.attack(name, strength)
    after = {key: to_array(attack(to_batch(picture), ring.seed)) for key, picture in ring.pictures.items()}
    before = ring.pictures
    return Outcome(
        name,
        strength,
        strength is not None and catalog.load(catalog.ATTACKS, name).everyday,
        readings(ring.panel, before[CLEAN], after, seed=ring.seed),
        finite(distances.psnr(before[CLEAN], after[CLEAN]), 3),
        round(distances.ssim(before[CLEAN], after[CLEAN]), 4),
        round(_rms(after[CHANGED], after[CLEAN]) / _rms(before[CHANGED], before[CLEAN]), 4),
    )


def remover_of(weights: Mapping[str, np.ndarray]) -> Remover:
    """Return the trained network that these weights belong to."""
    network = Remover()
    network.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})
    return network.eval().requires_grad_(requires_grad=False)


def weights_of(network: Remover) -> dict[str, np.ndarray]:
    """Return a network's weights as arrays, which travel between processes."""
    state: Mapping[str, Tensor] = network.state_dict()
    return {name: values.numpy() for name, values in state.items()}


def _rms(first: Picture, second: Picture) -> float:
    return float(np.sqrt(np.mean((first.astype(np.float64) - second) ** 2)))


@cache
def _model(record: pool.Record) -> object:
    return open_model(record)
