"""How pictures are cloaked on a person's order: models opened once, files proved, results written and registered."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from inspect import signature
from pathlib import Path
from typing import Any

from artaudit import catalog
from artaudit.auditor.comparison import comparison
from artaudit.auditor.enrolment import enrol
from artaudit.auditor.models import Choice, choose
from artaudit.auditor.registry import Registry
from artaudit.auditor.sources import Source
from artaudit.errors import ImageError, UsageError
from artaudit.generators.diffusion import LatentDiffusion
from artaudit.image import Image, decode, ensure_writable, forbid_training, read, write_atomically
from artaudit.protect.cloak import DescentCloak
from artaudit.protect.limits import Limits
from artaudit.protect.mask import Mask
from artaudit.protect.motifs import Picture
from artaudit.protect.objective import Objective
from artaudit.protect.presets import PRESETS
from artaudit.protect.receipt import receipt
from artaudit.protect.saving import save_within
from artaudit.protocols import Budget, Progress
from artaudit.transforms import Encoded, Jpeg, Transform


@dataclass(frozen=True, slots=True)
class Order:
    """How pictures are to be cloaked; `seed` None draws one, which the receipt keeps.

    A `preset` names method, budget and steps of a published cloak at once; `steps` overrides it. `credential` signs a
    picture under a title against training: it returns the signed file and the credential alone.
    """

    method: str = "push"
    preset: str | None = None
    strength: str = "default"
    models: tuple[str, ...] = ("auto",)
    limits: Limits = field(default_factory=Limits)
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
    preview: bool = False


@dataclass(frozen=True, slots=True)
class Targets:
    """Where the cloaked picture, its receipt and the sheet that shows it go."""

    picture: Path
    receipt: Path
    preview: Path


@dataclass(frozen=True, slots=True)
class Workshop:
    """What serves all pictures of an order: the opened models and the cloak made of them."""

    order: Order
    cloak: DescentCloak
    budget: Budget
    choice: Choice


def targets(source: Source, folder: Path | None) -> Targets:
    """Name the results of an original: inside `folder` at the place it has in its own, else beside it."""
    path = source.path
    picture = folder / source.inside if folder else path.with_name(f"{path.stem}-cloaked{path.suffix}")
    beside = picture.with_name(path.stem)
    return Targets(picture, beside.with_name(f"{path.stem}.receipt.json"), beside.with_name(f"{path.stem}-preview.png"))


def prepare(order: Order) -> Workshop:
    """Open the models of an order once for all its pictures."""
    preset = None if order.preset is None else PRESETS[order.preset]
    objective = aimed(catalog.load(catalog.CLOAKS, order.method)() if preset is None else preset.objective, order)
    budget = Budget(*catalog.STRENGTHS[order.strength]) if preset is None else preset.budget
    names, weights = weighted(order.models)
    choice = choose(names, needs_generator=objective.needs_generator)
    if order.spare_memory:
        for model in choice.encoders:
            if isinstance(model, LatentDiffusion):
                model.spare_memory()
    plain = DescentCloak(objective, choice.encoders) if preset is None else preset.cloak(choice.encoders)
    made = replace(plain, objective=objective, limits=order.limits, weights=weights, seconds=order.seconds)
    if order.steps is not None:
        made = replace(made, descent=replace(made.descent, steps=order.steps))
    return Workshop(order, made, budget, choice)


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


def aimed(objective: Any, order: Order) -> Objective:  # noqa: ANN401 - any dataclass of the catalog
    """Return a method with the target or concept of an order; raises UsageError for a method that takes none."""
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
    made: Objective = replace(objective, **given)
    return made


def limits_of(mask: Path | None = None, **settings: Any) -> Limits:  # noqa: ANN401 - settings of Limits
    """Make the limits of an order; `mask` is a picture, white where the whole budget may go."""
    return Limits(mask=None if mask is None else Mask.painted(read(mask)), **settings)


def finished(source: Source, goal: Targets) -> bool:
    """Tell whether the results of a picture are there already and were made from the file as it is now."""
    if not (goal.picture.is_file() and goal.receipt.is_file()):
        return False
    try:
        paper = json.loads(goal.receipt.read_text("utf-8"))
        made_from, made = paper["input"]["sha256"], paper["output"]["sha256"]
        return bool(made_from == _digest(source.path) and made == _digest(goal.picture))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def cloak(
    source: Source, goal: Targets, shop: Workshop, registry: Registry, progress: Progress | None = None
) -> dict[str, Any]:
    """Cloak one picture, write the results, register both; return the receipt.

    Raises UsageError when the picture is a cloaked version already, or a result would overwrite anything.
    """
    order = shop.order
    image = _protectable(source.path, goal, registry, order)
    seed = secrets.randbelow(2**31) if order.seed is None else order.seed
    tool = replace(shop.cloak, final=_encoder(image, order.quality))
    cloaked = tool.apply(image, budget=shop.budget, seed=seed, progress=progress)
    quality = None if image.lossless else order.quality
    saved = save_within(forbid_training(image) if order.no_train else image, cloaked, quality)
    manifest = None
    if order.credential is not None:
        signed, manifest = order.credential(saved, source.path.stem)
        saved = decode(signed, name=saved.name)
    paper = receipt(image, saved, cloaked, shop.choice.encoders, shop.choice.note)
    write_atomically(goal.picture, saved.data)
    write_atomically(goal.receipt, (json.dumps(paper, indent=2) + "\n").encode())
    if order.preview:
        write_atomically(goal.preview, comparison(image, saved))
    work, _ = enrol(registry, image, source.path.stem)
    registry.add_version(work.id, replace(saved, name=str(goal.picture.resolve())), paper)
    if manifest is not None:
        registry.add_manifest(work.id, manifest)
    return paper


def estimate(source: Source, shop: Workshop) -> dict[str, Any]:
    """Say what cloaking a picture would take, from one step on a part of it; writes nothing."""
    image = read(source.path)
    seconds, steps = shop.cloak.estimate(image, budget=shop.budget)
    limit = shop.order.seconds
    return {
        "width": image.width,
        "height": image.height,
        "format": image.format,
        "steps": steps,
        "seconds": round(seconds if limit is None else min(limit, seconds), 1),
        "models": [model.name for model in shop.choice.encoders],
    }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _encoder(image: Image, quality: int | None) -> Transform | None:
    """Return what a lossy file's encoder does to its samples at a quality that was asked for."""
    if quality is None or image.lossless:
        return None
    return Jpeg(quality, "4:4:4") if image.format == "JPEG" else Encoded("WEBP", quality)


def _protectable(path: Path, goal: Targets, registry: Registry, order: Order) -> Image:
    """Read a picture and refuse, before any work, what could not end well."""
    image = read(path)
    if image.read_only:
        raise ImageError(f"{path} cannot be cloaked: {image.read_only}; convert it to PNG first.")
    if order.no_train:
        forbid_training(image)
    for target in (goal.picture, goal.receipt, *([goal.preview] if order.preview else [])):
        if target.exists() or target.is_symlink():
            raise UsageError(f"{target} exists and nothing is overwritten: move it away or choose another -o.")
    ensure_writable(goal.picture.parent)
    for work, version in registry.find(pixels_sha256=image.pixels_sha256):
        if version is not None and not order.again:
            raise UsageError(f"{path} is a cloaked version of work {work.id} already: use --again to cloak it again.")
    return image
