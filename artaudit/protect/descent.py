"""The one descent loop all cloaks share: gradient steps on the very samples the file will hold.

Projected gradient descent after Madry et al. 2018, https://arxiv.org/abs/1706.06083, with the normalised
momentum of Dong et al. 2018, https://arxiv.org/abs/1710.06081, and straight-through rounding after Bengio et
al. 2013, https://arxiv.org/abs/1308.3432.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.protect.limits import LEVELS, Limits, round_to_levels
from artaudit.protect.tiles import Tile
from artaudit.protocols import Budget, Progress

Colours = Float[Tensor, "1 colours height width"]
Room = Float[Tensor, "1 planes height width"]

_TINY = 1e-20


@runtime_checkable
class Loss(Protocol):
    """What is minimised: a number for the moved samples of a tile's window at one step."""

    def __call__(self, moved: Colours, step: int) -> Float[Tensor, ""]:
        """Return the loss, differentiable."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """One picture to be moved: clean samples in [0, 1], losses of its tiles, and what the change must keep.

    `before` is called with the number of each step and the moved picture before the step is made.
    """

    clean: Colours = field(repr=False)
    losses: Sequence[tuple[Tile, Loss]] = field(repr=False)
    budget: Budget
    seed: int
    limits: Limits = field(default_factory=Limits)
    before: Callable[[int, Colours], None] | None = None

    def moved(self, change: Colours) -> Colours:
        """Return the picture as the file will hold it."""
        return (self.clean + round_to_levels(self.limits.shape(change, self.clean))).clamp(0, 1)


@dataclass(frozen=True, slots=True)
class Descent:
    """Normalised gradient steps from a random start.

    `first` and `last` step are root mean squares as fractions of the budget, falling evenly in between; `momentum`
    in [0, 1) carries the direction of earlier steps on. A sample moves with the gradient to the `power`: 0 moves all
    alike (signed steps), 1 spends the budget where it carries furthest.
    """

    steps: int = 40
    first: float = 1.0
    last: float = 0.1
    momentum: float = 0.5
    power: float = 0.5

    def run(
        self,
        task: Task,
        *,
        seconds: float | None = None,
        progress: Progress | None = None,
    ) -> Colours:
        """Return the change that minimises the losses, in whole levels of 1/255 within the task's limits.

        Each loss sees the moved samples of its tile's window and the number of the step, and only the tile's core
        is changed by it. With `seconds`, the steps shrink with the time used up, and the descent ends before a step
        that would go beyond them, at the earliest after one step.
        """
        started = time.monotonic()
        room = task.limits.room(task.clean, task.budget) / LEVELS
        change = _start(task, room)
        direction = torch.zeros_like(change)
        share = min(1.0, task.budget.rms / max(float(room.square().mean().sqrt()), _TINY)) if task.budget.rms else 1.0
        for step in range(self.steps):
            used = (time.monotonic() - started) / seconds if seconds else 0.0
            if step and used * (step + 1) / step > 1:
                break
            if task.before is not None:
                task.before(step, task.moved(change))
            along = max(step / max(1, self.steps - 1), min(used, 1))
            size = self.first + (self.last - self.first) * along
            for number, (tile, loss) in enumerate(task.losses):
                rows, columns = tile.core
                slope = _slope(task, change, tile, loss, step)
                core = direction[..., rows, columns]
                core.mul_(self.momentum).add_(slope / (slope.abs().mean() + _TINY))
                here = room[..., rows, columns]
                moved = change[..., rows, columns] - size * share * here * self._step(core)
                change[..., rows, columns] = within(moved, task.clean[..., rows, columns], here)
                if progress is not None:
                    progress(step * len(task.losses) + number + 1, self.steps * len(task.losses))
            change = task.limits.project(change, task.clean, task.budget)
        return settled(task.limits.shape(change, task.clean), task, room)

    def _step(self, direction: Colours) -> Colours:
        """Return a step of root mean square 1."""
        bent = direction.sign() * direction.abs() ** self.power
        return bent / (bent.square().mean().sqrt() + _TINY)


def settled(shaped: Colours, task: Task, room: Room) -> Colours:
    """Return a shaped change in whole levels, within the room (in units of the full range) and the task's limits."""
    room = round_to_levels(room)
    return within(task.limits.rounded(within(shaped, task.clean, room), task.budget), task.clean, room)


def within(change: Colours, clean: Colours, room: Room) -> Colours:
    """Clip a change to ± `room`, in units of the full range, and to what keeps the samples in [0, 1]."""
    return (clean + torch.minimum(torch.maximum(change, -room), room)).clamp(0, 1) - clean


def _start(task: Task, room: Room) -> Colours:
    """Draw a change of whole levels, uniform within the room."""
    generator = torch.Generator().manual_seed(task.seed)
    drawn = torch.rand(task.clean.shape, generator=generator).to(task.clean) * 2 - 1
    return task.limits.project(within(round_to_levels(drawn * room), task.clean, room), task.clean, task.budget)


def _slope(
    task: Task, change: Colours, tile: Tile, loss: Loss, step: int
) -> Float[Tensor, "1 colours core_height core_width"]:
    """Return the gradient at the core of a tile, taken through rounding as if it were not there."""
    rows, columns = tile.window
    clean = task.clean[..., rows, columns]
    loose = change[..., rows, columns].clone().requires_grad_()
    shaped = task.limits.shape(loose, clean)
    moved = (clean + shaped + (round_to_levels(shaped) - shaped).detach()).clamp(0, 1)
    (slope,) = torch.autograd.grad(loss(moved, step) + task.limits.penalty(clean, moved), loose)
    inside = tile.core_in_window
    return slope[..., inside[0], inside[1]]
