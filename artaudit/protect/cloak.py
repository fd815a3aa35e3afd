"""A cloak: an objective handed to the descent loop over a pool of models and an expectation of transforms."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float, UInt
from torch import Tensor

from artaudit.errors import ImageError, UsageError
from artaudit.image import Image
from artaudit.protect.descent import Descent, Loss, Task, settled
from artaudit.protect.limits import LEVELS, Limits
from artaudit.protect.objective import Aim, Learning, Objective
from artaudit.protect.tiles import Tile, tiles
from artaudit.protocols import Budget, Cloaked, Encoder, Generator, Progress
from artaudit.tensors import to_array, to_batch
from artaudit.transforms import Blur, Identity, Noise, Rescale, Transform

Pixels = Float[Tensor, "1 3 height width"]
Colours = Float[Tensor, "1 colours height width"]
Opacity = Float[Tensor, "1 1 height width"]

MIN_SIDE = 64
"""Pictures narrower than this many pixels are refused."""

WORKING_SIDE = 2048
"""Larger pictures are moved at this size along their longer side and the change is enlarged: those who train on
pictures shrink them to 512 to 1024 pixels, and a change of finer grain than theirs would not reach them."""

EXPECTATION: tuple[Transform, ...] = (
    *(Identity(), Blur(0.8)),
    *(Identity(), Rescale(0.6)),
    *(Identity(), Noise(0.05)),
)
"""What one step after the other sees; every other step sees the picture as it is."""

_GROWTH = 0.75
"""Power of the number of channels by which a model counts; chosen between 0 and 1 on paintings kept apart."""


@dataclass(frozen=True)
class DescentCloak:
    """Moves a picture within the budget so that `objective` is met on every model and under every transform."""

    objective: Objective
    models: tuple[Encoder, ...] = field(repr=False)
    descent: Descent = field(default_factory=Descent)
    expectation: tuple[Transform, ...] = EXPECTATION
    limits: Limits = field(default_factory=Limits)
    weights: tuple[float, ...] | None = None
    """How much each model counts; None counts them by the channels of their latents, of which many are harder to
    move than few."""
    final: Transform | None = None
    """What the file's own encoder will do to the samples, where that loses anything."""
    seconds: float | None = None
    """Time for one picture; None takes all steps, and only then is the result the same on every run."""

    def __post_init__(self) -> None:
        """Refuse weights that do not fit the models."""
        if self.weights is not None and len(self.weights) != len(self.models):
            raise UsageError(f"{len(self.models)} models need as many weights, not {len(self.weights)}.")

    def apply(self, image: Image, *, budget: Budget, seed: int, progress: Progress | None = None) -> Cloaked:
        """Return the cloaked samples, of the picture's own size and depth.

        Where the picture is transparent, models see it on white, and wholly transparent samples stay as they are.
        Raises ImageError for a picture smaller than 64 pixels along a side or without room in the budget.
        """
        if min(image.width, image.height) < MIN_SIDE:
            raise ImageError(f"{image.name} is {image.width} x {image.height}: a cloak needs {MIN_SIDE} pixels a side.")
        if budget.levels < 1:
            raise ImageError(f"A budget of {budget.linf:g} is less than one level of 255: allow at least 1/255.")
        clean = to_batch(image.samples)
        alpha = None if image.alpha is None else to_batch(image.alpha)
        size = working_size(image.height, image.width)
        task = self._task(resized(clean, size), None if alpha is None else resized(alpha, size), budget, seed)
        change = self.descent.run(task, seconds=self.seconds, progress=progress)
        if change.shape != clean.shape:
            whole = Task(clean, (), budget, seed, self.limits)
            room = self.limits.room(clean, budget) / LEVELS
            change = settled(resized(change, (image.height, image.width)), whole, room)
        if alpha is not None:
            change = change * (alpha > 0)
        return Cloaked(
            colours=_moved(image, change),
            method=repr(self),
            budget=budget,
            seed=seed,
            models=tuple((model.name, model.digest) for model in self.models),
        )

    def estimate(self, image: Image, *, budget: Budget) -> tuple[float, int]:
        """Return about how many seconds `apply` would take, and its steps, from two steps on one window."""
        height, width = working_size(image.height, image.width)
        window = next(tiles(height, width)).window
        clean = resized(to_batch(image.samples), (height, width))[..., window[0], window[1]]
        task = replace(self, expectation=(Identity(),))._task(clean, None, budget, 0)  # noqa: SLF001 - its own class
        first, steady = (_seconds(replace(self.descent, steps=1), task) for _ in range(2))
        share = clean.shape[-2] * clean.shape[-1] / (height * width)
        return (first + steady * (self.descent.steps - 1)) / share, self.descent.steps

    def _task(self, clean: Colours, alpha: Opacity | None, budget: Budget, seed: int) -> Task:
        return _Setting(self, as_seen(clean, alpha), alpha, seed).task(clean, budget)


class _Setting:
    """One picture under one cloak: its target, its surrogates, and what models make of its tiles."""

    def __init__(self, cloak: DescentCloak, seen: Pixels, alpha: Opacity | None, seed: int) -> None:
        self.cloak, self.seen, self.alpha, self.seed = cloak, seen, alpha, seed
        objective = cloak.objective
        self.target = objective.target(seen, cloak.models, seed)
        self.models = cloak.models
        if isinstance(objective, Learning):
            self.models = tuple(
                objective.surrogate(model, seen, seed) if isinstance(model, Generator) else model
                for model in cloak.models
            )
        self.weights = shares(cloak.weights or [channels(model, seen) ** _GROWTH for model in cloak.models])
        self.draws = [seed * 31 + number for number in range(len(cloak.expectation))]

    def task(self, clean: Colours, budget: Budget) -> Task:
        losses = [(tile, self.loss(tile)) for tile in tiles(*clean.shape[-2:])]
        before = self.learn if isinstance(self.cloak.objective, Learning) else None
        return Task(clean, losses, budget, self.seed, self.cloak.limits, before)

    def loss(self, tile: Tile) -> Loss:
        """Return the loss of a tile; its clean window is encoded once per model and transform, when first needed."""
        rows, columns = tile.window
        opacity = None if self.alpha is None else self.alpha[..., rows, columns]
        aims: dict[int, list[Aim]] = {}

        def loss(moved: Colours, step: int) -> Float[Tensor, ""]:
            number = step % len(self.draws)
            if number not in aims:
                aims[number] = self.aims(tile, number)
            kept = moved if self.cloak.final is None else self.cloak.final(moved, 0)
            pixels = self.cloak.expectation[number](as_seen(kept, opacity), self.draws[number])
            parts = [weight * aim(pixels, step) for weight, aim in zip(self.weights, aims[number], strict=True)]
            return torch.stack(parts).sum()

        return loss

    def aims(self, tile: Tile, number: int) -> list[Aim]:
        rows, columns = tile.window
        transform, draw = self.cloak.expectation[number], self.draws[number]
        clean = transform(self.seen[..., rows, columns], draw)
        target = None if self.target is None else transform(self.target[..., rows, columns], draw)
        return [self.cloak.objective.aim(model, clean, target, self.seed) for model in self.models]

    def learn(self, step: int, moved: Colours) -> None:
        objective = self.cloak.objective
        for model in self.models:
            if isinstance(objective, Learning) and isinstance(model, Generator):
                objective.learn(model, self.seen, as_seen(moved, self.alpha), step, self.seed)


def _seconds(descent: Descent, task: Task) -> float:
    started = time.monotonic()
    descent.run(task)
    return time.monotonic() - started


def channels(model: Encoder, seen: Pixels) -> float:
    """Return how many channels a model's latents have."""
    with torch.no_grad():
        return float(model.encode(seen[..., :MIN_SIDE, :MIN_SIDE]).shape[1])


def shares(weights: Sequence[float]) -> list[float]:
    """Return weights of mean 1 in the same proportions."""
    return [weight * len(weights) / sum(weights) for weight in weights]


def working_size(height: int, width: int) -> tuple[int, int]:
    """Return the (height, width) at which a picture is worked on, `WORKING_SIDE` at most along the longer side."""
    scale = min(1.0, WORKING_SIDE / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def resized(planes: Colours, size: tuple[int, int]) -> Colours:
    """Return planes of another (height, width), antialiased; the same where they have it already."""
    if planes.shape[-2:] == size:
        return planes
    return F.interpolate(planes, size, mode="bicubic", antialias=True, align_corners=False).clamp(-1, 1)


def as_seen(colours: Colours, alpha: Opacity | None) -> Pixels:
    """Return what a model is given: three channels, on white where transparent."""
    pixels = colours.expand(-1, 3, -1, -1)
    return pixels if alpha is None else pixels * alpha + (1 - alpha)


def _moved(image: Image, change: Colours) -> UInt[np.ndarray, "height width colours"]:
    """Add the change to the samples in the file's own integers."""
    unit = image.levels // LEVELS
    before = np.rint(image.samples * image.levels).astype(np.int32)
    after = before + np.rint(to_array(change) * LEVELS).astype(np.int32) * unit
    return after.clip(0, image.levels).astype(image.stored.dtype)
