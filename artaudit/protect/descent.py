"""The one descent loop all cloaks share: signed gradient steps on the very samples the file will hold.

Projected gradient descent after Madry et al. 2018, https://arxiv.org/abs/1706.06083, with the normalised
momentum of Dong et al. 2018, https://arxiv.org/abs/1710.06081, and straight-through rounding after Bengio et
al. 2013, https://arxiv.org/abs/1308.3432.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.protect.tiles import Tile
from artaudit.protocols import Progress

Colours = Float[Tensor, "1 colours height width"]

LEVELS = 255


@runtime_checkable
class Loss(Protocol):
    """What is minimised: a number for the moved samples of a tile's window at one step."""

    def __call__(self, moved: Colours, step: int) -> Float[Tensor, ""]:
        """Return the loss, differentiable."""
        ...


@dataclass(frozen=True, slots=True)
class Descent:
    """Signed steps from a random start.

    `first` and `last` step are fractions of the budget, falling evenly in between; `momentum` in [0, 1) carries
    the direction of earlier steps on.
    """

    steps: int = 40
    first: float = 0.25
    last: float = 0.05
    momentum: float = 0.5

    def run(
        self,
        clean: Colours,
        losses: Sequence[tuple[Tile, Loss]],
        *,
        budget: int,
        seed: int,
        seconds: float | None = None,
        progress: Progress | None = None,
    ) -> Colours:
        """Return the change that minimises the losses, in whole levels of 1/255 within ±`budget` levels.

        `clean` lies in [0, 1]; each loss sees the moved samples of its tile's window and the number of the step,
        and only the tile's core is changed by it. With `seconds`, the steps shrink with the time used up, and
        the descent ends when it is, at the earliest after one step.
        """
        started = time.monotonic()
        generator = torch.Generator().manual_seed(seed)
        change = torch.randint(-budget, budget + 1, clean.shape, generator=generator).to(clean) / LEVELS
        change = within(change, clean, budget)
        direction = torch.zeros_like(change)
        for step in range(self.steps):
            used = (time.monotonic() - started) / seconds if seconds else 0.0
            if step and used >= 1:
                break
            along = max(step / max(1, self.steps - 1), min(used, 1))
            size = (self.first + (self.last - self.first) * along) * budget / LEVELS
            for number, (tile, loss) in enumerate(losses):
                rows, columns = tile.core
                slope = _slope(clean, change, tile, partial(loss, step=step))
                core = direction[..., rows, columns]
                core.mul_(self.momentum).add_(slope / (slope.abs().mean() + 1e-20))
                moved = change[..., rows, columns] - size * core.sign()
                change[..., rows, columns] = within(moved, clean[..., rows, columns], budget)
                if progress is not None:
                    progress(step * len(losses) + number + 1, self.steps * len(losses))
        return round_to_levels(change)


def round_to_levels(change: Colours) -> Colours:
    """Round to whole levels of 1/255."""
    return torch.round(change * LEVELS) / LEVELS


def within(change: Colours, clean: Colours, budget: int) -> Colours:
    """Clip a change to ±`budget` levels and to what keeps the samples in [0, 1]."""
    limit = budget / LEVELS
    return (clean + change.clamp(-limit, limit)).clamp(0, 1) - clean


def _slope(
    clean: Colours, change: Colours, tile: Tile, loss: Callable[[Colours], Float[Tensor, ""]]
) -> Float[Tensor, "1 colours core_height core_width"]:
    """Return the gradient at the core of a tile, taken through rounding as if it were not there."""
    rows, columns = tile.window
    loose = change[..., rows, columns].clone().requires_grad_()
    rounded = loose + (round_to_levels(loose) - loose).detach()
    (slope,) = torch.autograd.grad(loss((clean[..., rows, columns] + rounded).clamp(0, 1)), loose)
    inside = tile.core_in_window
    return slope[..., inside[0], inside[1]]
