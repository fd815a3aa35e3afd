"""How pictures are to be cloaked: an order, the models it opens once for all of them, and where results go."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from pathlib import Path
from typing import Any

from artaudit import catalog
from artaudit.errors import ImageError, UsageError
from artaudit.generators import clip
from artaudit.generators.choice import Choice, choose
from artaudit.generators.diffusion import LatentDiffusion
from artaudit.image import Image, read
from artaudit.image.sources import COMPARISON, PREVIEW, Source, sha256_of
from artaudit.protect.checkpoint import path_beside
from artaudit.protect.cloak import DescentCloak
from artaudit.protect.mask import Mask
from artaudit.protect.motifs import Picture
from artaudit.protect.objective import Objective
from artaudit.protect.objectives.push import Push
from artaudit.protect.presets import PRESETS
from artaudit.protect.style_reference import StyleReference
from artaudit.protect.timing import beside_the_steps
from artaudit.protocols import Budget
from artaudit.transforms import Encoded, Jpeg, Transform

LOWEST, HIGHEST = 30.0, 95.0
"""SSIMULACRA2 scores that may be asked for, from obvious and annoying to invisible even in a flicker comparison."""


@dataclass(frozen=True, slots=True)
class CloakOrder:
    """How pictures are to be cloaked; `seed` None draws one, which the receipt keeps.

    `strength` is a name of `catalog.STRENGTHS` or a SSIMULACRA2 score. A `preset` names method, budget and steps of a
    published cloak at once; `steps` overrides it. `mask` is a picture, white where the whole change may go.
    `credential` takes a picture and a title and signs a credential against training; it returns the signed file and
    the credential alone.
    """

    method: str = "push"
    preset: str | None = None
    strength: str | float = "default"
    models: tuple[str, ...] = ("auto",)
    mask: Path | None = None
    target: Path | None = None
    concept: str | None = None
    steps: int | None = None
    seed: int | None = None
    seconds: float | None = None
    quality: int | None = None
    again: bool = False
    spare_memory: bool = False
    no_train: bool = False
    credential: Callable[[Image, str], tuple[bytes, bytes]] | None = None
    comparison: bool = False
    resume: bool = False


@dataclass(frozen=True, slots=True)
class Targets:
    """Paths of the cloaked picture, its receipt, the sheet that shows it afterwards and the preview."""

    picture: Path
    receipt: Path
    comparison: Path
    preview: Path

    @property
    def all(self) -> tuple[Path, ...]:
        """Every file that may be written."""
        return self.picture, self.receipt, self.comparison, self.preview

    @property
    def partial(self) -> Path:
        """The path of the descent's state while the picture is made."""
        return path_beside(self.picture)


@dataclass(frozen=True, slots=True)
class CloakJob:
    """What all pictures of an order share: the opened models and the cloak against them."""

    order: CloakOrder
    cloak: DescentCloak
    budget: Budget
    choice: Choice


def targets(source: Source, folder: Path | None) -> Targets:
    """Return the paths of an original's results: in `folder`, with its relative path, or beside it without one."""
    path = source.path
    picture = folder / source.inside if folder else path.with_name(f"{path.stem}-cloaked{path.suffix}")
    names = (f"{path.stem}.receipt.json", f"{path.stem}{COMPARISON}.png", f"{path.stem}{PREVIEW}.png")
    return Targets(picture, *(picture.with_name(name) for name in names))


def prepare(order: CloakOrder) -> CloakJob:
    """Open the models of an order once for all its pictures."""
    preset = None if order.preset is None else PRESETS[order.preset]
    objective = aimed(catalog.load(catalog.CLOAKS, order.method)() if preset is None else preset.objective, order)
    budget = Budget(ssimulacra2=score_of(order.strength)) if preset is None else preset.budget
    names, weights = weighted(order.models)
    style = style_reference(names, objective)
    names = tuple(name for name in names if name != clip.BACKBONE)
    choice = choose(names, needs_generator=objective.needs_generator)
    if order.spare_memory:
        for model in choice.encoders:
            if isinstance(model, LatentDiffusion):
                model.spare_memory()
    plain = DescentCloak(objective, choice.encoders) if preset is None else preset.cloak(choice.encoders)
    mask = None if order.mask is None else Mask.painted(read(order.mask))
    cloak = replace(plain, objective=objective, mask=mask, style=style, weights=weights, seconds=order.seconds)
    if order.steps is not None:
        cloak = replace(cloak, descent=replace(cloak.descent, steps=order.steps))
    return CloakJob(order, cloak, budget, choice)


def weighted(models: Sequence[str]) -> tuple[tuple[str, ...], tuple[float, ...] | None]:
    """Split NAME=WEIGHT into names and weights, 1 where none is given; None for weights where none is given at all.

    Raises UsageError for a weight that is no positive number.
    """
    pairs = [model.partition("=") for model in models]
    names = tuple(name for name, _, _ in pairs)
    if not any(equals for _, equals, _ in pairs):
        return names, None
    try:
        weights = tuple(float(weight) if equals else 1.0 for _, equals, weight in pairs)
    except ValueError:
        weights = (0.0,)
    if min(weights) <= 0 or "auto" in names:
        raise UsageError(f"{' '.join(models)} is no list of models with weights: write NAME=2 with a number above 0.")
    return names, weights


def aimed(objective: Any, order: CloakOrder) -> Objective:  # noqa: ANN401 - any dataclass of the catalog
    """Return an objective with the target or concept of an order; raises UsageError where it takes none."""
    given: dict[str, Any] = {}
    for option, names, value in (
        ("--target", ("motif", "anchor"), order.target),
        ("--concept", ("concept",), order.concept),
    ):
        if value is None:
            continue
        fit = [name for name in names if name in signature(type(objective)).parameters]
        if not fit:
            raise UsageError(
                f"{order.preset or order.method} takes no {option}: leave it out, or choose another method."
            )
        given[fit[0]] = Picture(read(value)) if isinstance(value, Path) else value
    adjusted: Objective = replace(objective, **given) if given else objective
    return adjusted


def score_of(strength: str | float) -> float:
    """Return the SSIMULACRA2 score that a strength promises; raises UsageError for what is neither name nor score."""
    try:
        score = float(catalog.STRENGTHS.get(str(strength), strength))
    except ValueError:
        score = math.nan
    if not LOWEST <= score <= HIGHEST:
        raise UsageError(
            f"{strength} is no strength: choose {', '.join(catalog.STRENGTHS)} "
            f"or a SSIMULACRA2 score from {LOWEST:g} to {HIGHEST:g}."
        )
    return score


def style_reference(names: Sequence[str], objective: Objective) -> StyleReference | None:
    """Return the loss against style references if the models hold "auto" or its image encoder's name, else None.

    Raises UsageError where the encoder is named beside another method than push, or alone.
    """
    if clip.BACKBONE in names and not (isinstance(objective, Push) and set(names) - {clip.BACKBONE}):
        raise UsageError(f"{clip.BACKBONE} joins the method push and other models: name one of them beside it.")
    if not isinstance(objective, Push) or not {"auto", clip.BACKBONE} & set(names):
        return None
    tower = clip.backbone()
    return None if tower is None else StyleReference(tower)


def finished(source: Source, goal: Targets) -> bool:
    """Tell whether the results of a picture are there already and were made from the file as it is now."""
    if not (goal.picture.is_file() and goal.receipt.is_file()):
        return False
    try:
        receipt = json.loads(goal.receipt.read_text("utf-8"))
        before, after = receipt["input"]["sha256"], receipt["output"]["sha256"]
        return bool(before == sha256_of(source.path) and after == sha256_of(goal.picture))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def original(path: Path) -> Image:
    """Read a picture that is to be cloaked; raises ImageError for a kind of file that cannot be written back."""
    return writable(read(path))


def writable(image: Image) -> Image:
    """Return a picture that can be written back; raises ImageError for a kind of file that cannot."""
    if image.read_only:
        raise ImageError(f"{image.name} cannot be cloaked: {image.read_only}; convert it to PNG first.")
    return image


def estimate(image: Image, job: CloakJob) -> dict[str, Any]:
    """Return what cloaking a picture would take, from some steps on a part of it; nothing is written."""
    seconds, steps = job.cloak.estimate(image, budget=job.budget)
    seconds += beside_the_steps(image)
    limit = job.order.seconds
    return {
        "width": image.width,
        "height": image.height,
        "format": image.format,
        "steps": steps,
        "seconds": round(seconds if limit is None else min(limit, seconds), 1),
        "models": [model.name for model in job.choice.encoders],
    }


def file_encoder(image: Image, quality: int | None) -> Transform | None:
    """Return the loss of a lossy file's encoder at a quality as a transform, None for lossless files."""
    if quality is None or image.lossless:
        return None
    return Jpeg(quality, "4:4:4") if image.format == "JPEG" else Encoded("WEBP", quality)
