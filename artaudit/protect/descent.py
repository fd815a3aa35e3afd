"""The gradient descent that all cloaks share: steps on the file's samples, down a loss and under constraints.

Adam (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980) under constraints; without betas the signed steps of
projected gradient descent (Madry et al. 2018, https://arxiv.org/abs/1706.06083). Rounding passes slopes straight
through (Bengio et al. 2013, https://arxiv.org/abs/1308.3432).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.protect.constraints import LEVELS, Constraint, Held, levelled
from artaudit.protect.tiles import Tile
from artaudit.protocols import Progress

Colours = Float[Tensor, "1 colours height width"]
Share = Float[Tensor, "1 1 height width"]

_TINY = 1e-20


@runtime_checkable
class Loss(Protocol):
    """The function that is minimised: from the moved samples of a window, at one step, to a number."""

    def __call__(self, moved: Colours, step: int) -> Float[Tensor, ""]:
        """Return the loss, differentiable."""
        ...


@runtime_checkable
class Term(Constraint, Protocol):
    """An expensive additional loss, not a bound: its slope is taken every few steps, reused between, and weighted."""

    weight: float


@dataclass(frozen=True, slots=True)
class Part:
    """A window of the picture with its loss, the constraints on its look, and terms beside the loss."""

    tile: Tile
    loss: Loss | None = field(repr=False)
    constraints: tuple[Constraint, ...] = field(default=(), repr=False)
    terms: tuple[Term, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Task:
    """One picture to be moved: clean samples in [0, 1], its parts, and how far each sample may go.

    `room` is the largest change of a sample in units of the full range; `share`, in [0, 1], multiplies the change;
    `seen` turns samples into the three channels that constraints see. `before` is called before each step, with its
    number and the moved picture.
    """

    clean: Colours = field(repr=False)
    parts: Sequence[Part] = field(repr=False)
    room: float
    seed: int
    share: Share | None = field(default=None, repr=False)
    seen: Callable[[Colours, Tile], Float[Tensor, "1 3 rows columns"]] = field(
        default=lambda moved, _tile: moved.expand(-1, 3, -1, -1), repr=False
    )
    before: Callable[[int, Colours], None] | None = None

    def within(self, change: Colours) -> Colours:
        """Clip a change to the room, and to what keeps the samples in [0, 1]."""
        return (self.clean + change.clamp(-self.room, self.room)).clamp(0, 1) - self.clean

    def moved(self, change: Colours) -> Colours:
        """Return the picture as a file of 8 bits holds it."""
        shared = change if self.share is None else change * self.share
        return (self.clean + torch.round(shared * LEVELS) / LEVELS).clamp(0, 1)


@dataclass(slots=True)
class State:
    """The state of a descent: everything that is needed to resume it."""

    change: Colours
    mean: Colours
    power: Colours
    held: list[list[Held]]
    step: int = 0


@runtime_checkable
class Keeper(Protocol):
    """Keeps the state of a descent, so that it can be resumed."""

    def recalled(self, fresh: State) -> State:
        """Return the state to start from: the one that was kept of the same descent, else `fresh`."""
        ...

    def keep(self, state: State) -> None:
        """Keep the state after a step."""
        ...


@dataclass(frozen=True, slots=True)
class Descent:
    """Steps from a random start, whose size falls linearly from `first` to `last` levels of 255.

    `start` is the root mean square of the noise at the start, in levels. With `betas` steps are Adam's; without them
    every sample moves by the whole step, down the sign of the slope.
    """

    steps: int = 60
    first: float = 2.0
    last: float = 0.2
    start: float = 2.0
    betas: tuple[float, float] | None = (0.8, 0.98)

    def run(
        self,
        task: Task,
        *,
        seconds: float | None = None,
        progress: Progress | None = None,
        keeper: Keeper | None = None,
    ) -> Colours:
        """Return the change that minimises the losses under the constraints, not yet rounded.

        Every loss and constraint sees the moved samples of its window, and moves only the window's core. With
        `seconds`, the steps shrink with the time used up, and the descent ends before a step that would exceed them,
        but never before the first. From a state that a `keeper` recalls, the descent continues as if never stopped.
        """
        started, state = time.monotonic(), self.initial(task)
        if keeper is not None:
            state = keeper.recalled(state)
        first = state.step
        while state.step < self.steps:
            done, used = state.step - first, (time.monotonic() - started) / seconds if seconds else 0.0
            if done and used * (done + 1) / done > 1:
                break
            if task.before is not None:
                task.before(state.step, task.moved(state.change))
            self._advance(task, state, max(state.step / max(1, self.steps - 1), min(used, 1.0)))
            if keeper is not None:
                keeper.keep(state)
            if progress is not None:
                progress(state.step, self.steps)
        return state.change if task.share is None else state.change * task.share

    def initial(self, task: Task) -> State:
        """Return the state at the start: uniform noise."""
        generator = torch.Generator().manual_seed(task.seed)
        noise = torch.rand(task.clean.shape, generator=generator).to(task.clean) * 2 - 1
        change = task.within(noise * 3**0.5 * self.start / LEVELS)
        held = [
            [*map(Held, part.constraints), *(Held(term, term.weight) for term in part.terms)] for part in task.parts
        ]
        return State(change, torch.zeros_like(change), torch.zeros_like(change), held)

    def _advance(self, task: Task, state: State, along: float) -> None:
        slope = torch.zeros_like(state.change)
        for part, held in zip(task.parts, state.held, strict=True):
            rows, columns = part.tile.core
            slope[..., rows, columns] += _slope(task, state, part, held)
        state.step += 1
        size = (self.first + (self.last - self.first) * along) / LEVELS
        state.change = task.within(state.change - size * self._direction(slope, state))

    def _direction(self, slope: Colours, state: State) -> Colours:
        if self.betas is None:
            return slope.sign()
        beta1, beta2 = self.betas
        state.mean.mul_(beta1).add_(slope, alpha=1 - beta1)
        state.power.mul_(beta2).addcmul_(slope, slope, value=1 - beta2)
        mean = state.mean / (1 - beta1**state.step)
        return mean / ((state.power / (1 - beta2**state.step)).sqrt() + 1e-8)


def _slope(task: Task, state: State, part: Part, held: Sequence[Held]) -> Colours:
    """Return the slope at a part's core: the sum of those of loss and constraints, each of root mean square 1.

    Constraints count by their multipliers.
    """
    rows, columns = part.tile.window
    clean, inside = task.clean[..., rows, columns], part.tile.core_in_window
    share = None if task.share is None else task.share[..., rows, columns]

    def at_core(value: Tensor, change: Tensor) -> Tensor:
        (slope,) = torch.autograd.grad(value, change)
        core = slope[..., inside[0], inside[1]]
        return core / (core.square().mean().sqrt() + _TINY)

    def moved_window() -> tuple[Tensor, Tensor]:
        change = state.change[..., rows, columns].clone().requires_grad_()
        moved = (clean + (change if share is None else change * share)).clamp(0, 1)
        return change, moved + (levelled(moved) - moved).detach()

    total = torch.zeros_like(clean[..., inside[0], inside[1]])
    if part.loss is not None:
        change, moved = moved_window()
        total = at_core(part.loss(moved, state.step), change)
    for bound in held:
        if state.step % bound.constraint.every == 0:
            change, moved = moved_window()
            excess = bound.constraint.excess(task.seen(moved, part.tile), state.step)
            bound.slope = at_core(excess, change)
            bound.follow(float(excess.detach()))
        if bound.slope is not None:
            total = total + bound.multiplier * bound.slope
    return total
