"""Scales a change, part by part, so that the rounded picture keeps every constraint."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.protect.constraints import LEVELS, largest_share, levelled
from artaudit.protect.descent import Colours, Part, Task

_LARGEST = 1.5
_SHRINK = 0.97
_ROUNDS = 40


def settled(change: Colours, task: Task) -> Colours:
    """Return a change scaled so that it keeps all constraints of all parts, in whole levels of 1/255.

    Each part has the largest factor that its constraints allow, and factors change smoothly between parts. If a part
    then breaks a bound because its neighbours' factors are larger, the whole change is scaled back.
    """
    if not any(part.constraints for part in task.parts):
        return _rounded(change, task)
    factors = [_largest(change, task, part) for part in task.parts if part.constraints]
    scaled = change * _field(factors, task)
    for _ in range(_ROUNDS):
        if all(_worst(_rounded(scaled, task), task, part) <= 0 for part in task.parts):
            break
        scaled = scaled * _SHRINK
    return _rounded(scaled, task)


def _largest(change: Colours, task: Task, part: Part) -> float:
    return largest_share(lambda factor: _worst(_rounded(change * factor, task), task, part), _LARGEST)


def _worst(rounded: Colours, task: Task, part: Part) -> float:
    """Return the largest excess of a part's constraints."""
    rows, columns = part.tile.window
    moved = task.seen((task.clean + rounded)[..., rows, columns], part.tile)
    with torch.no_grad():
        return max((float(constraint.excess(moved)) for constraint in part.constraints), default=-1.0)


def _rounded(change: Colours, task: Task) -> Colours:
    return levelled(task.clean + task.within(torch.round(change * LEVELS) / LEVELS)) - task.clean


def _field(factors: list[float], task: Task) -> Float[Tensor, "1 1 height width"] | float:
    """Return the parts' factors as a map that is smooth across their borders; for a single part, its factor."""
    if len(factors) == 1:
        return factors[0]
    tiles = [part.tile for part in task.parts if part.constraints]
    columns = len({tile.core[1].start for tile in tiles})
    grid = torch.tensor(factors).view(1, 1, -1, columns)
    return F.interpolate(grid, task.clean.shape[-2:], mode="bilinear", align_corners=False).to(task.clean)
