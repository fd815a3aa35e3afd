"""Where a cloak may spend its budget and in what shape: the constraints that the descent keeps at every step.

The blurred change is the idea of Kim et al., "BlurGuard", NeurIPS 2025, https://arxiv.org/abs/2511.00143; the hinge
that of Shan et al., "Glaze", USENIX Security 2023, https://arxiv.org/abs/2302.04222.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.errors import UsageError
from artaudit.protect import colour, jnd
from artaudit.protect.mask import Mask
from artaudit.protect.perceptual import Distance, MultiScale
from artaudit.protocols import Budget
from artaudit.transforms import Blur

Colours = Float[Tensor, "1 colours height width"]
Room = Float[Tensor, "1 planes height width"]

LEVELS = 255
_SLACK = 1e-3
_HALVINGS = 14


@dataclass(frozen=True, slots=True)
class Limits:
    """The plain L-infinity ball, every sample may move by the whole budget, and what narrows it."""

    jnd: float = 0.0
    """How far, in [0, 1], the room follows what the picture hides: little in flat areas, all of it in texture."""
    delta_e: float | None = None
    """The largest CIEDE2000 a pixel of a flat area may move; texture is allowed more, as far as it masks."""
    hinge: float | None = None
    """The perceptual `distance` from which on a change costs `alpha` times what it goes beyond."""
    alpha: float = 30.0
    distance: Distance = field(default_factory=MultiScale)
    low_pass: float = 0.0
    """Sigma, in pixels, by which the change itself is blurred in texture; in flat areas it is twice as wide."""
    luma: bool = False
    """Whether the three colours share one change, save where one of them is full or empty."""
    mask: Mask | None = None
    """Where the artist allows a change; pixels under black keep their samples exactly."""

    def __post_init__(self) -> None:
        """Refuse settings without a meaning."""
        if not 0 <= self.jnd <= 1:
            raise UsageError(f"{self.jnd:g} is no strength of a JND mask: choose from 0, none, to 1, all of it.")
        for name in ("delta_e", "hinge", "alpha", "low_pass"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise UsageError(f"The limit {name} cannot be {value:g}: choose a number from 0 on.")

    def room(self, clean: Colours, budget: Budget) -> Room:
        """Return how many whole levels of 255 each sample may move; `planes` is 1."""
        room = torch.full_like(clean[:, :1], float(budget.levels))
        if self.jnd:
            room = (room * (1 - self.jnd + self.jnd * jnd.share(clean))).clamp(min=1)
        if self.mask is not None:
            room = room * self.mask.over(*clean.shape[-2:]).to(clean)
        room = torch.floor(room + _SLACK)
        if self.delta_e is not None:
            room = colour.within(clean, room, self.delta_e * jnd.elevation(clean), shared=self.luma)
        return room

    def shape(self, change: Colours, clean: Colours) -> Colours:
        """Return the change as it is added to the clean samples; differentiable and linear in the change."""
        if self.luma:
            change = change.mean(dim=1, keepdim=True).expand_as(change)
        if not self.low_pass:
            return change
        texture = 1 - 1 / jnd.elevation(clean)
        fine, coarse = Blur(self.low_pass)(change, 0), Blur(2 * self.low_pass)(change, 0)
        return coarse + texture * (fine - coarse)

    def project(self, change: Colours, clean: Colours, budget: Budget) -> Colours:
        """Return the change of the whole picture, scaled back until its shape keeps the root mean square."""
        if budget.rms is None:
            return change
        return change * min(1.0, budget.rms / max(_rms(self.shape(change, clean)), 1e-12))

    def rounded(self, shaped: Colours, budget: Budget) -> Colours:
        """Return a shaped change in whole levels of 1/255, as much of it as keeps the root mean square."""
        whole = round_to_levels(shaped)
        if budget.rms is None or _rms(whole) <= budget.rms:
            return whole
        kept, refused = 0.0, 1.0
        for _ in range(_HALVINGS):
            middle = (kept + refused) / 2
            fits = _rms(round_to_levels(shaped * middle)) <= budget.rms
            kept, refused = (middle, refused) if fits else (kept, middle)
        return round_to_levels(shaped * kept)

    def penalty(self, clean: Colours, moved: Colours) -> Float[Tensor, ""]:
        """Return what is added to the loss of a window; 0 where nothing is overdone."""
        if self.hinge is None:
            return clean.new_zeros(())
        return self.alpha * torch.relu(self.distance(clean, moved) - self.hinge)


def round_to_levels(change: Colours) -> Colours:
    """Round to whole levels of 1/255."""
    return torch.round(change * LEVELS) / LEVELS


def _rms(change: Colours) -> float:
    return float(change.detach().double().square().mean().sqrt())
