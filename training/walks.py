"""Points that an attack on a student reaches, where its teacher is asked: what the student must get right for cloaks.

A student that learns at the points its own attacks lead to, not only at its teacher's, is taught on policy, as in
Ross et al., "A Reduction of Imitation Learning and Structured Prediction to No-Regret Online Learning",
https://arxiv.org/abs/1011.0686. Walks go on over several visits while the student changes, as in Shafahi et al.,
"Adversarial Training for Free!", https://arxiv.org/abs/1904.12843.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from artaudit.transforms import Blur
from training.pictures import CROP, crops
from training.teachers import Encode, ask, compact

LEVEL = 1 / 255
LEAST, MOST = 1.5 * LEVEL, 4 * LEVEL
"""Root mean squares of the changes, drawn anew for every walk."""

MOMENTUM = 0.8
SOFT = 0.8
"""Pixels of blur of the coarser walks."""


@dataclass(frozen=True)
class Pace:
    """How walks go: their number in a batch, pixels a side, visits before a new start, strides between visits.

    `own` is the share of walks that follow the student's gradient; the others follow the teacher's, which was asked
    for anyway. Batches of walks take turns, so `rounds` batches are under way at once.
    """

    batch: int
    side: int = CROP
    visits: int = 6
    strides: int = 3
    own: float = 0.75
    rounds: int = 4


class Walks:
    """One batch of walks, each on a crop of its own."""

    def __init__(self, pace: Pace, paths: Sequence[Path], encode: Encode, seed: int) -> None:
        """Draw the crops and first steps, all by `seed`, and ask the teacher about the clean crops."""
        self.encode, self.pace, self.visits = encode, pace, 0
        self.chance = torch.Generator().manual_seed(seed)
        top, left = (int(torch.randint(CROP - pace.side + 1, (1,), generator=self.chance)) for _ in range(2))
        whole = crops((seed, 11), paths, pace.batch)
        self.clean = whole[..., top : top + pace.side, left : left + pace.side].float() / 255
        with torch.no_grad():
            self.origin = encode(self.clean)
        self.bound = LEAST + (MOST - LEAST) * self._draw()
        self.own, self.signs, self.soft = (self._draw() < share for share in (pace.own, 0.4, 0.4))
        self.shift = torch.randn(self.clean.shape, generator=self.chance) * 2 * LEVEL
        self.speed = torch.zeros_like(self.clean)

    def _draw(self) -> Tensor:
        return torch.rand(self.pace.batch, 1, 1, 1, generator=self.chance)

    def visit(self, students: Sequence[Encode]) -> dict[str, Tensor]:
        """Go on against all `students` at once, ask the teacher, and return the batch to learn from."""
        mine = self.own.flatten()
        if mine.any():
            origins = [student(self.clean[mine]).detach() for student in students]
            for _ in range(self.pace.strides):
                self._stride(mine, _slope(students, origins, self.moved()[mine]))
        moved = self.moved()
        latents, gradient = ask(self.encode, moved, lambda z: z - self.origin)
        gradient = compact(gradient)
        if not mine.all():
            self._stride(~mine, gradient[~mine])
        self.visits += 1
        names = ("clean", "moved", "latents", "latents_moved", "gradients_moved")
        return dict(zip(names, (self.clean, moved, self.origin, latents, gradient), strict=True))

    def moved(self) -> Tensor:
        """Return the changed crops."""
        return (self.clean + self.shift).clamp(0, 1)

    def _stride(self, which: Tensor, slope: Tensor) -> None:
        """Step along `slope`, of unit mean square, with momentum, and back into the budget."""
        speed = MOMENTUM * self.speed[which] + slope
        self.speed[which] = speed
        heading = torch.where(self.signs[which], speed.sign(), compact(speed))
        length = self.bound * (0.1 + 0.4 * self._draw())
        shift = self.shift[which] + length[which] * heading
        shift = torch.where(self.soft[which], Blur(SOFT)(shift, 0), shift)
        rms = shift.square().mean((1, 2, 3), keepdim=True).sqrt()
        self.shift[which] = shift * (self.bound[which] / rms).clamp_max(1)


def _slope(students: Sequence[Encode], origins: Sequence[Tensor], moved: Tensor) -> Tensor:
    """Return the direction in which the students' latents go on furthest, of unit mean square, for each crop."""
    moved = moved.detach().requires_grad_()
    far = torch.zeros(())
    for student, origin in zip(students, origins, strict=True):
        far = far + (student(moved) - origin).square().mean((1, 2, 3)).add(1e-8).log().sum()
    (gradient,) = torch.autograd.grad(far, moved)
    return compact(gradient)


class Paths:
    """Batches of walks that take turns; a batch that has made all its visits makes place for a new one."""

    def __init__(self, pace: Pace, paths: Sequence[Path], encode: Encode, seed: int) -> None:
        """Remember what walks are made of; they start when it is their turn."""
        self.pace, self.paths, self.encode, self.seed = pace, paths, encode, seed
        self.under_way: dict[int, Walks] = {}

    def batch(self, step: int, students: Sequence[Encode]) -> dict[str, Tensor]:
        """Return the next visit of the batch whose turn it is at `step`."""
        turn = step % self.pace.rounds
        walks = self.under_way.get(turn)
        lag = turn * self.pace.visits // self.pace.rounds if walks is None and step < self.pace.rounds else 0
        if walks is None or walks.visits >= self.pace.visits:
            walks = Walks(self.pace, self.paths, self.encode, self.seed * 1_000_003 + step)
            walks.visits = lag
            self.under_way[turn] = walks
        return walks.visit(students)
