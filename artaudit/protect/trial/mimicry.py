"""A mimic: low-rank adapters of a latent diffusion model, trained on pictures and examined on held-out ones.

Hu et al., "LoRA", ICLR 2022, https://arxiv.org/abs/2106.09685; Rombach et al., CVPR 2022,
https://arxiv.org/abs/2112.10752 (the loss that is measured).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from artaudit.errors import UsageError
from artaudit.protect.denoising import source
from artaudit.protect.lora import Student
from artaudit.protocols import Condition, Encoder, Generator
from artaudit.tensors import to_batch

Bank = Float[Tensor, "1 _ _ _"]
"""Latents of one picture that mimics learn from."""
Crops = Float[Tensor, "crops channels rows columns"]
Pixels = Float[Tensor, "_ 3 _ _"]
Part = Float[np.ndarray, "_ _ 3"]
"""A picture of any size, or a part of one."""

COARSE = 4
"""Latents along each side that a denoiser's coarsest layer joins; crops are multiples of it."""
KEPT = 0.25
"""Share of every picture, at its right, that is held out from mimics where no other pictures are given."""
STRENGTHS = (0.4, 0.7)
"""Strengths of redrawing, as parts of the schedule: light and heavy."""


@dataclass(frozen=True, slots=True)
class Practice:
    """How mimics are trained and examined, the same for all arms.

    Training is AdamW at `rate` for `steps` of `batch` crops of `side` pixels under `prompt`. The loss is measured on up
    to `crops` held-out crops with `noises` noises each, spread over the schedule; then `drawn` pictures are drawn in
    `draw_steps` with `guidance`.
    """

    prompt: str = "a painting"
    rank: int = 4
    rate: float = 1e-3
    steps: int = 40
    batch: int = 4
    side: int = 128
    crops: int = 32
    noises: int = 4
    drawn: int = 8
    draw_steps: int = 10
    guidance: float = 1.0


LARGE = Practice(rate=1e-4, steps=1000, batch=1, side=512, drawn=16, draw_steps=30, guidance=7.5)
"""For models of the size that imitators use; it needs a GPU."""


@dataclass(frozen=True, slots=True)
class Examined:
    """The examination of a mimic: the loss of every held-out crop, and pictures drawn and redrawn with fixed noise."""

    losses: Float[np.ndarray, " crops"]
    drawn: Pixels = field(repr=False)
    redrawn: Pixels = field(repr=False)


def side_of(pictures: Sequence[Part], held_out: Sequence[Part], factor: int, wanted: int) -> int:
    """Return the side of crops that fit into all pictures; raises UsageError where they are too small to learn from."""
    unit = COARSE * factor
    smallest = min(min(picture.shape[:2]) for picture in (*pictures, *held_out))
    side = min(wanted, smallest) // unit * unit
    if not side:
        raise UsageError(
            f"A mimic learns from pictures of at least {round(unit / KEPT)} pixels a side: {smallest} fit."
        )
    return side


def learned_from(picture: Part) -> Part:
    """Return the left part of a picture, which mimics learn from where the right is held out."""
    return picture[:, : picture.shape[1] - kept(picture.shape[1])]


def kept_apart(picture: Part) -> Part:
    """Return the right part of a picture, which is held out from mimics."""
    return picture[:, picture.shape[1] - kept(picture.shape[1]) :]


def kept(width: int) -> int:
    """Return how many columns of a picture are held out."""
    return round(KEPT * width)


def bank(model: Encoder, picture: Part) -> Bank:
    """Return the latents of a whole picture, encoded once, as trainers that cache latents do."""
    with torch.no_grad():
        return model.encode(to_batch(picture)).float().cpu()


def tiles(picture: Part, side: int) -> list[Part]:
    """Return a picture's adjacent crops, as many as fit."""
    tops, lefts = (range(0, length - side + 1, side) for length in picture.shape[:2])
    return [picture[top : top + side, left : left + side] for top in tops for left in lefts]


def spread(count: int, most: int) -> list[int]:
    """Return up to `most` of the numbers below `count`, evenly spread."""
    return sorted({int(place) for place in np.linspace(0, count - 1, min(most, count))})


def trained(teacher: Generator, banks: Sequence[Bank], practice: Practice, side: int, seed: int) -> Student:
    """Return a mimic trained on latents; the same seed draws the same crops, noises and steps for all arms."""
    student = Student(teacher, rank=practice.rank, seed=seed)
    condition, random = teacher.condition(practice.prompt), source(seed)
    optimizer = torch.optim.AdamW(student.weights, lr=practice.rate, weight_decay=0.01)
    for _ in range(practice.steps):
        latents = torch.cat([_crop(banks, side // teacher.factor, random) for _ in range(practice.batch)])
        noise = torch.randn(latents.shape, generator=random)
        steps = _spread_steps(practice.batch, teacher.schedule_steps, random)
        loss = _loss(student, latents, noise, steps, condition).mean()
        optimizer.zero_grad()
        torch.autograd.backward(loss, inputs=student.weights)
        optimizer.step()
    return student


def examined(
    mimic: Generator, held_out: Crops, practice: Practice, *, side: int, redraw: Sequence[Part] = ()
) -> Examined:
    """Return a mimic's losses on held-out crops, and what it draws; `redraw` are the pictures that it redraws."""
    with torch.no_grad():
        losses = _held_out_losses(mimic, held_out, practice)
    drawn = [generate(mimic, practice, number, side) for number in range(practice.drawn)]
    redrawn = [
        generate(mimic, practice, number, side, to_batch(picture), strength)
        for number, picture in enumerate(redraw)
        for strength in STRENGTHS
    ]
    empty = torch.zeros(0, 3, side, side)
    return Examined(losses, torch.cat([empty, *drawn]), torch.cat([empty, *redrawn]))


def generate(
    mimic: Generator, practice: Practice, seed: int, side: int, start: Pixels | None = None, strength: float = 1.0
) -> Pixels:
    """Return one picture drawn from the prompt, or redrawn from `start`."""
    picture = mimic.generate(
        practice.prompt,
        seed=seed,
        size=(side, side),
        start=start,
        strength=strength,
        guidance=practice.guidance,
        steps=practice.draw_steps,
    )
    return picture[..., :side, :side].float().cpu()


def _held_out_losses(mimic: Generator, held_out: Crops, practice: Practice) -> Float[np.ndarray, " crops"]:
    """Return the denoising loss of every crop over steps that are spread evenly over the schedule."""
    condition, random, total = mimic.condition(practice.prompt), source(0), torch.zeros(len(held_out))
    for number in range(practice.noises):
        noise = torch.randn(held_out.shape, generator=random)
        part = (torch.arange(len(held_out)) * 0.618034 + number) / practice.noises
        steps = (part % 1 * mimic.schedule_steps).long()
        for start in range(0, len(held_out), practice.batch):
            rows = slice(start, start + practice.batch)
            total[rows] += _loss(mimic, held_out[rows], noise[rows], steps[rows], condition)
    return (total / practice.noises).double().numpy()


def _loss(
    mimic: Generator, latents: Crops, noise: Crops, steps: Int[Tensor, " crops"], condition: Condition
) -> Float[Tensor, " crops"]:
    predicted = mimic.predict(mimic.add_noise(latents, noise, steps), steps, condition)
    return (predicted - mimic.training_target(latents, noise, steps)).square().mean(dim=(1, 2, 3))


def _spread_steps(count: int, schedule: int, random: torch.Generator) -> Int[Tensor, " count"]:
    """Draw one step from each of `count` equal parts of the schedule, which lowers the gradient's variance."""
    return ((torch.arange(count) + torch.rand(count, generator=random)) / count * schedule).long()


def _crop(banks: Sequence[Bank], side: int, random: torch.Generator) -> Bank:
    latents = banks[int(torch.randint(len(banks), (), generator=random))]
    top, left = (int(torch.randint(length - side + 1, (), generator=random)) for length in latents.shape[-2:])
    return latents[..., top : top + side, left : left + side]
