"""A cloak: an objective handed to the descent loop over a pool of encoders and an expectation of transforms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, UInt
from torch import Tensor

from artaudit.errors import ImageError
from artaudit.image import Image
from artaudit.protect.descent import LEVELS, Descent, Loss
from artaudit.protect.tiles import Tile, tiles
from artaudit.protocols import Budget, Cloaked, Encoder, Progress
from artaudit.tensors import to_array, to_batch
from artaudit.transforms import Blur, Identity, Noise, Rescale, Transform

Pixels = Float[Tensor, "1 3 height width"]
Colours = Float[Tensor, "1 colours height width"]

MIN_SIDE = 64
"""Pictures narrower than this many pixels are refused."""

EXPECTATION: tuple[Transform, ...] = (Identity(), Blur(0.8), Noise(0.04), Identity(), Rescale(0.6), Blur(1.3))


@runtime_checkable
class Objective(Protocol):
    """What the latents of a moved picture should do; one file each."""

    def aim(self, encoder: Encoder, clean: Pixels) -> Callable[[Pixels], Float[Tensor, ""]]:
        """Return the loss, to be minimised, of moved pixels against this encoder."""
        ...


@dataclass(frozen=True)
class DescentCloak:
    """Moves a picture within the budget so that `objective` is met on every encoder and under every transform."""

    objective: Objective
    encoders: tuple[Encoder, ...] = field(repr=False)
    descent: Descent = field(default_factory=Descent)
    expectation: tuple[Transform, ...] = EXPECTATION
    seconds: float | None = None
    """Time for one picture; None takes all steps, and only then is the result the same on every run."""

    def apply(self, image: Image, *, budget: Budget, seed: int, progress: Progress | None = None) -> Cloaked:
        """Return the cloaked samples, of the picture's own size and depth.

        Where the picture is transparent, encoders see it on white, and wholly transparent samples stay as they
        are. Raises ImageError for a picture smaller than 64 pixels along a side or without room in the budget.
        """
        if min(image.width, image.height) < MIN_SIDE:
            raise ImageError(f"{image.name} is {image.width} x {image.height}: a cloak needs {MIN_SIDE} pixels a side.")
        if budget.levels < 1:
            raise ImageError(f"A budget of {budget.linf:g} is less than one level of 255: allow at least 1/255.")
        clean = to_batch(image.samples)
        alpha = None if image.alpha is None else to_batch(image.alpha)
        losses = [(tile, self._loss(tile, clean, alpha, seed)) for tile in tiles(image.height, image.width)]
        change = self.descent.run(
            clean, losses, budget=budget.levels, seed=seed, seconds=self.seconds, progress=progress
        )
        if alpha is not None:
            change = change * (alpha > 0)
        return Cloaked(
            colours=_moved(image, change),
            method=repr(self),
            budget=budget,
            seed=seed,
            models=tuple((encoder.name, encoder.digest) for encoder in self.encoders),
        )

    def _loss(self, tile: Tile, clean: Colours, alpha: Float[Tensor, "1 1 height width"] | None, seed: int) -> Loss:
        """Encode the clean tile once per encoder and transform, and return the loss against all of them."""
        rows, columns = tile.window
        opacity = None if alpha is None else alpha[..., rows, columns]
        seeds = [seed * 31 + number for number in range(len(self.expectation))]
        seen = as_seen(clean[..., rows, columns], opacity)
        aims = [
            [self.objective.aim(encoder, transform(seen, draw)) for encoder in self.encoders]
            for transform, draw in zip(self.expectation, seeds, strict=True)
        ]

        def loss(moved: Colours, step: int) -> Float[Tensor, ""]:
            number = step % len(aims)
            pixels = self.expectation[number](as_seen(moved, opacity), seeds[number])
            return torch.stack([aim(pixels) for aim in aims[number]]).sum()

        return loss


def as_seen(colours: Colours, alpha: Float[Tensor, "1 1 height width"] | None) -> Pixels:
    """Return what an encoder is given: three channels, on white where transparent."""
    pixels = colours.expand(-1, 3, -1, -1)
    return pixels if alpha is None else pixels * alpha + (1 - alpha)


def _moved(image: Image, change: Colours) -> UInt[np.ndarray, "height width colours"]:
    """Add the change to the samples in the file's own integers."""
    unit = image.levels // LEVELS
    before = np.rint(image.samples * image.levels).astype(np.int32)
    after = before + np.rint(to_array(change) * LEVELS).astype(np.int32) * unit
    return after.clip(0, image.levels).astype(image.stored.dtype)
