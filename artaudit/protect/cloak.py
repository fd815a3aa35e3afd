"""A cloak: an objective handed to the descent over a pool of models, an expectation of transforms, and constraints."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float, UInt
from torch import Tensor

from artaudit.errors import ImageError, UsageError
from artaudit.image import Image
from artaudit.protect.constraints import LEVELS, Constraint, FlickerCeiling, ScoreFloor, noise_of
from artaudit.protect.descent import Descent, Keeper, Loss, Part, Task
from artaudit.protect.mask import Mask
from artaudit.protect.objective import Aim, Learning, Objective
from artaudit.protect.settings import method_of, settings_of
from artaudit.protect.settling import settled
from artaudit.protect.style_reference import StyleReference, StyleTerm
from artaudit.protect.tiles import Tile, tiles, whole
from artaudit.protocols import Budget, Cloaked, Encoder, Generator, Progress
from artaudit.tensors import to_array, to_batch
from artaudit.transforms import Blur, Identity, Jpeg, Rescale, Transform

Pixels = Float[Tensor, "1 3 height width"]
Colours = Float[Tensor, "1 colours height width"]
Opacity = Float[Tensor, "1 1 height width"]

MIN_SIDE = 64
"""Pictures narrower than this many pixels are refused."""

WORKING_SIDE = 2048
"""Larger pictures are cloaked at this size of their longer side and the change is enlarged: trainers shrink pictures to
512 to 1024 pixels, and a change of finer grain would not survive that."""

EXPECTATION: tuple[Transform, ...] = (
    *(Identity(), Jpeg(80)),
    *(Identity(), Blur(0.8)),
    *(Identity(), Rescale(0.6)),
)
"""Transforms of a model's successive turns; every other turn sees the picture as it is."""


@dataclass(frozen=True)
class DescentCloak:
    """Moves a picture within the budget so that `objective` is met on the models and under the transforms.

    Each step serves one model, and models take turns in proportion to their weights. With `together` each step serves
    all of them, as in published cloaks.
    """

    objective: Objective
    models: tuple[Encoder, ...] = field(repr=False)
    descent: Descent = field(default_factory=Descent)
    expectation: tuple[Transform, ...] = EXPECTATION
    style: StyleReference | None = None
    """An additional loss against use as a style reference; None leaves it out."""
    mask: Mask | None = None
    """Where the artist allows a change; samples under black stay as they are."""
    weights: tuple[float, ...] | None = None
    """The weight of each model; None weighs all latent spaces alike, and the models of each of them alike."""
    final: Transform | None = None
    """The loss of the file's own encoder, for lossy files."""
    seconds: float | None = None
    """Time limit for one picture; None takes all steps, and only then is the result the same on every run."""
    together: bool = False
    further: tuple[Callable[[Pixels], Constraint], ...] = field(default=(), repr=False)
    """Makers of additional constraints, beside those of the budget; each is called with every clean window."""

    def __post_init__(self) -> None:
        """Refuse weights that do not fit the models."""
        if self.weights is not None and len(self.weights) != len(self.models):
            raise UsageError(f"{len(self.models)} models need as many weights, not {len(self.weights)}.")

    @property
    def resumable(self) -> bool:
        """Whether a stopped descent can be resumed; not if it trains surrogates, whose weights are not kept."""
        return not isinstance(self.objective, Learning)

    def apply(
        self,
        image: Image,
        *,
        budget: Budget,
        seed: int,
        progress: Progress | None = None,
        keeper: Keeper | None = None,
    ) -> Cloaked:
        """Return the cloaked samples, of the picture's own size and depth.

        Where the picture is transparent, models see it on white, and wholly transparent samples stay as they are.
        If the cloak is `resumable`, a `keeper` gets the state after every step and recalls the one to start from.
        Raises ImageError for a picture smaller than 64 pixels along a side or without room in the budget.
        """
        if min(image.width, image.height) < MIN_SIDE:
            raise ImageError(f"{image.name} is {image.width} x {image.height}: a cloak needs {MIN_SIDE} pixels a side.")
        if budget.levels is not None and budget.levels < 1:
            raise ImageError(f"A budget of {budget.linf:g} is less than one level of 255: allow at least 1/255.")
        clean = to_batch(image.samples)
        alpha = None if image.alpha is None else to_batch(image.alpha)
        size = working_size(image.height, image.width)
        task = self._task(resized(clean, size), None if alpha is None else resized(alpha, size), budget, seed)
        kept = keeper if self.resumable else None
        change = settled(self.descent.run(task, seconds=self.seconds, progress=progress, keeper=kept), task)
        if change.shape != clean.shape:
            change = settled(resized(change, (image.height, image.width)), replace(task, clean=clean, parts=()))
            change = change if self.mask is None else change * (self.mask.over(image.height, image.width) > 0)
        if alpha is not None:
            change = change * (alpha > 0)
        return Cloaked(
            colours=_moved(image, change),
            method={**method_of(self.objective), **settings_of(self)},
            budget=budget,
            seed=seed,
            models=tuple((model.name, model.digest) for model in self.models) + self._tower,
        )

    @property
    def _tower(self) -> tuple[tuple[str, str], ...]:
        return () if self.style is None else ((self.style.name, self.style.digest),)

    def estimate(self, image: Image, *, budget: Budget) -> tuple[float, int]:
        """Return an estimate of the seconds that `apply` takes, from some steps on one window, and its steps."""
        height, width = working_size(image.height, image.width)
        window = next(tiles(height, width)).window
        clean = resized(to_batch(image.samples), (height, width))[..., window[0], window[1]]
        rounds = 2 * max(1, len(self.models))
        brief = replace(self, expectation=(Identity(),), style=None, descent=replace(self.descent, steps=rounds))
        task = brief._task(clean, None, budget, 0)  # noqa: SLF001 - its own class
        started = time.monotonic()
        brief.descent.run(task)
        seconds = (time.monotonic() - started) / rounds * height * width / (clean.shape[-2] * clean.shape[-1])
        if self.style is not None:
            seconds += self.style.seconds(as_seen(clean, None)) / self.style.every
        return seconds * self.descent.steps, self.descent.steps

    def _task(self, clean: Colours, alpha: Opacity | None, budget: Budget, seed: int) -> Task:
        return _Setting(self, as_seen(clean, alpha), alpha, seed).task(clean, budget)


class _Setting:
    """One picture under one cloak: its target, its surrogates, and the losses and constraints of its tiles."""

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
        self.weights = shares(cloak.weights or by_family(cloak.models))
        self.turns = turns(self.weights, cloak.descent.steps)
        self.draws = [seed * 31 + number for number in range(len(cloak.expectation))]

    def task(self, clean: Colours, budget: Budget) -> Task:
        parts = [Part(tile, self.loss(tile), self.constraints(tile, budget)) for tile in tiles(*clean.shape[-2:])]
        if self.cloak.style is not None:
            term = StyleTerm(self.cloak.style, self.seen)
            parts.append(Part(whole(*clean.shape[-2:]), loss=None, terms=(term,)))
        mask = self.cloak.mask
        return Task(
            clean,
            parts,
            1.0 if budget.levels is None else budget.levels / LEVELS,
            self.seed,
            None if mask is None else mask.over(*clean.shape[-2:]).to(clean),
            lambda moved, tile: as_seen(moved, self.opacity(tile)),
            self.learn if isinstance(self.cloak.objective, Learning) else None,
        )

    def opacity(self, tile: Tile) -> Opacity | None:
        return None if self.alpha is None else self.alpha[..., tile.window[0], tile.window[1]]

    def constraints(self, tile: Tile, budget: Budget) -> tuple[Constraint, ...]:
        clean, score = self.seen[..., tile.window[0], tile.window[1]], budget.ssimulacra2
        further = tuple(make(clean) for make in self.cloak.further)
        if score is None:
            return further
        return ScoreFloor(clean, score), FlickerCeiling(clean, noise_of(clean, score)), *further

    def loss(self, tile: Tile) -> Loss:
        """Return the loss of a tile; its clean window is encoded once per model and transform, at the first use."""
        aims: dict[tuple[int, int], Aim] = {}

        def aim(model: int, number: int) -> Aim:
            if (model, number) not in aims:
                aims[model, number] = self.aim(tile, model, number)
            return aims[model, number]

        def loss(moved: Colours, step: int) -> Float[Tensor, ""]:
            serving, number = self.serving(step)
            kept = moved if self.cloak.final is None else self.cloak.final(moved, 0)
            pixels = self.cloak.expectation[number](as_seen(kept, self.opacity(tile)), self.draws[number])
            return torch.stack([self.weights[model] * aim(model, number)(pixels, step) for model in serving]).sum()

        return loss

    def serving(self, step: int) -> tuple[Sequence[int], int]:
        """Return the numbers of the models that a step serves, and that of its transform."""
        if self.cloak.together:
            return range(len(self.models)), step % len(self.draws)
        chosen, visit = self.turns[step]
        return (chosen,), visit % len(self.draws)

    def aim(self, tile: Tile, model: int, number: int) -> Aim:
        rows, columns = tile.window
        transform, draw = self.cloak.expectation[number], self.draws[number]
        clean = transform(self.seen[..., rows, columns], draw)
        target = None if self.target is None else transform(self.target[..., rows, columns], draw)
        return self.cloak.objective.aim(self.models[model], clean, target, self.seed)

    def learn(self, step: int, moved: Colours) -> None:
        objective = self.cloak.objective
        for model in self.models:
            if isinstance(objective, Learning) and isinstance(model, Generator):
                objective.learn(model, self.seen, as_seen(moved, self.alpha), step, self.seed)


def turns(weights: Sequence[float], steps: int) -> list[tuple[int, int]]:
    """Return for every step the model whose turn it is and how many turns that model had before.

    Turns are in proportion to the weights, and spread evenly.
    """
    credit, visits, schedule = [0.0] * len(weights), [0] * len(weights), []
    for _ in range(steps):
        credit = [have + weight for have, weight in zip(credit, weights, strict=True)]
        chosen = max(range(len(weights)), key=credit.__getitem__)
        credit[chosen] -= sum(weights)
        schedule.append((chosen, visits[chosen]))
        visits[chosen] += 1
    return schedule


def by_family(models: Sequence[Encoder]) -> list[float]:
    """Return weights that are equal in sum for all latent spaces, and equal for the models of each of them."""
    families = [model.family for model in models]
    return [1 / families.count(family) for family in families]


def shares(weights: Sequence[float]) -> list[float]:
    """Return the weights scaled to a mean of 1."""
    return [weight * len(weights) / sum(weights) for weight in weights]


def working_size(height: int, width: int) -> tuple[int, int]:
    """Return the (height, width) at which a picture is worked on, `WORKING_SIDE` at most along the longer side."""
    scale = min(1.0, WORKING_SIDE / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def resized(planes: Colours, size: tuple[int, int]) -> Colours:
    """Return planes resized to (height, width), with antialiasing; unchanged if they have that size."""
    if planes.shape[-2:] == size:
        return planes
    return F.interpolate(planes, size, mode="bicubic", antialias=True, align_corners=False).clamp(-1, 1)


def as_seen(colours: Colours, alpha: Opacity | None) -> Pixels:
    """Return the input of a model: three channels, on white where transparent."""
    pixels = colours.expand(-1, 3, -1, -1)
    return pixels if alpha is None else pixels * alpha + (1 - alpha)


def _moved(image: Image, change: Colours) -> UInt[np.ndarray, "height width colours"]:
    """Add the change to the samples in the file's own integers."""
    unit = image.levels // LEVELS
    before = np.rint(image.samples * image.levels).astype(np.int32)
    after = before + np.rint(to_array(change) * LEVELS).astype(np.int32) * unit
    return after.clip(0, image.levels).astype(image.stored.dtype)
