"""Where a cloak may spend its budget and in what shape: the constraints that the descent keeps at every step."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.protocols import Budget

Colours = Float[Tensor, "1 colours height width"]
Room = Float[Tensor, "1 planes height width"]

LEVELS = 255


@dataclass(frozen=True, slots=True)
class Limits:
    """The plain L-infinity ball: every sample may move by the whole budget."""

    def room(self, clean: Colours, budget: Budget) -> Room:
        """Return how many levels of 255 each sample may move; `planes` is 1 or the number of colours."""
        return torch.full_like(clean[:, :1], float(budget.levels))

    def shape(self, change: Colours) -> Colours:
        """Return the change as it is added to the picture; differentiable."""
        return change

    def project(self, change: Colours, budget: Budget) -> Colours:
        """Return the nearest change of the whole picture that keeps what no single sample can keep."""
        del budget
        return change

    def penalty(self, clean: Colours, moved: Colours) -> Float[Tensor, ""]:
        """Return what is added to the loss of a window; 0 where nothing is overdone."""
        del moved
        return clean.new_zeros(())
