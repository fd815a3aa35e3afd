"""Purification by a diffusion model: some noise is added and its denoiser takes it away, and the cloak with it.

Nie et al., "Diffusion Models for Adversarial Purification" (DiffPure), ICML 2022, https://arxiv.org/abs/2205.07460;
Zhao et al., "Can Protective Perturbation Safeguard Personal Data from Being Exploited by Stable Diffusion?"
(GrIDPure), CVPR 2024, https://arxiv.org/abs/2312.00084. Both work on pixels; with a latent model they work on latents.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.protect.attacks.sweep import AttackSweep, Need, Pixels
from artaudit.protocols import Generator
from artaudit.transforms import Noise

Single = Float[Tensor, "1 3 height width"]

SCHEDULE = 1000
"""Steps of the schedules that the papers count in."""


@dataclass(frozen=True, slots=True)
class DiffPure:
    """Redraws a picture without a prompt, noised to `depth` of 1000 schedule steps; a whole schedule takes `steps`.

    Gaussian noise of standard deviation `noise` goes onto the pixels first: with it, this is how noisy upscaling
    works.
    """

    depth: int
    model: Generator = field(repr=False)
    steps: int = 100
    noise: float = 0.0

    @torch.no_grad()
    def __call__(self, pixels: Pixels, seed: int) -> Pixels:
        """Return what the model draws, picture by picture."""
        start = Noise(self.noise)(pixels, seed) if self.noise else pixels
        strength = self.depth / SCHEDULE
        drawn = [
            self.model.generate(
                "", seed=seed + number, start=picture[None], strength=strength, guidance=1.0, steps=self.steps
            )
            for number, picture in enumerate(start)
        ]
        return torch.cat(drawn).clamp(0, 1).to(pixels)


@dataclass(frozen=True, slots=True)
class GridPure:
    """Shallow purification of overlapping windows of `side` pixels, `rounds` times, each blended with its input.

    Windows lie half a side apart; one more is made of the picture's four corners. The blend holds the part `kept` of
    the input.
    """

    rounds: int
    model: Generator = field(repr=False)
    depth: int = 10
    side: int = 256
    kept: float = 0.1

    @torch.no_grad()
    def __call__(self, pixels: Pixels, seed: int) -> Pixels:
        """Return purified pixels, picture by picture."""
        return torch.cat([self._purified(picture[None], seed) for picture in pixels])

    def _purified(self, picture: Single, seed: int) -> Single:
        clean = DiffPure(self.depth, self.model, steps=SCHEDULE // self.depth)
        for number in range(self.rounds):
            total, count = torch.zeros_like(picture), torch.zeros_like(picture)
            for rows, columns in self._places(*picture.shape[-2:]):
                total[..., rows, columns] += clean(picture[..., rows, columns], seed + number)
                count[..., rows, columns] += 1
            self._corners(picture, clean, seed + number, (total, count))
            picture = (1 - self.kept) * total / count + self.kept * picture
        return picture

    def _places(self, height: int, width: int) -> list[tuple[slice, slice]]:
        return [
            (slice(top, top + self.side), slice(left, left + self.side))
            for top in starts(height, self.side)
            for left in starts(width, self.side)
        ]

    def _corners(self, picture: Single, clean: DiffPure, seed: int, sums: tuple[Single, Single]) -> None:
        height, width = picture.shape[-2:]
        half = self.side // 2
        if min(height, width) < self.side:
            return
        ends = [(slice(0, half), slice(height - half, height)), (slice(0, half), slice(width - half, width))]
        quarters = [[picture[..., rows, columns] for columns in ends[1]] for rows in ends[0]]
        whole = clean(torch.cat([torch.cat(row, dim=-1) for row in quarters], dim=-2), seed)
        total, count = sums
        for above, rows in enumerate(ends[0]):
            for left, columns in enumerate(ends[1]):
                down, right = above * half, left * half
                total[..., rows, columns] += whole[..., down : down + half, right : right + half]
                count[..., rows, columns] += 1


def starts(length: int, side: int) -> list[int]:
    """Return the starts of windows half a side apart that cover `length` without exceeding it."""
    last = max(0, length - side)
    return sorted({*range(0, last, side // 2), last})


DIFF_PURE = AttackSweep(
    "depth of 1000", (100.0, 150.0), lambda depth, model: DiffPure(int(depth), model), Need.GENERATOR, slow=True
)
NOISY_REDRAW = AttackSweep(
    "depth of 1000", (320.0,), lambda depth, model: DiffPure(int(depth), model, noise=0.1), Need.GENERATOR, slow=True
)
GRID_PURE = AttackSweep(
    "rounds", (20.0,), lambda rounds, model: GridPure(int(rounds), model), Need.GENERATOR, slow=True
)
