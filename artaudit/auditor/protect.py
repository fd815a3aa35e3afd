"""Protect: a picture is cloaked, the saved file is held to the budget, and the results are written and registered."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from artaudit.auditor.register import register
from artaudit.auditor.registry import Registry, Work
from artaudit.errors import UsageError
from artaudit.image import Image, decode, ensure_writable, forbid_training, read, write_atomically
from artaudit.image.sources import Source
from artaudit.image.writing import ensure_fillable, ensure_new
from artaudit.memory import return_freed_memory
from artaudit.protect.checkpoint import Checkpoint, digest, seed_kept
from artaudit.protect.comparison import comparison
from artaudit.protect.job import CloakJob, CloakOrder, Targets, estimate, file_encoder, original
from artaudit.protect.receipt import receipt
from artaudit.protect.saving import save_within
from artaudit.protect.timing import beside_the_steps
from artaudit.protect.watching import Onlooker, Watch
from artaudit.protocols import Progress

_LEAST_SECONDS = 1e-3
"""The time for steps where the rest takes it all: one step is always made."""


def cloak(
    source: Source,
    goal: Targets,
    job: CloakJob,
    registry: Registry,
    progress: Progress | None = None,
    *,
    title: str | None = None,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Cloak a picture, write the results, register the picture and its cloaked version; return the receipt.

    While it runs, the state of the descent is kept beside the result; an order to `resume` continues from it. `title`
    is that of a new work [default: the stem of its file]; `watch` sees the picture while it is made.
    Raises UsageError when the picture is already a cloaked version, or a result would overwrite a file.
    """
    started, order = time.monotonic(), job.order
    image = _protectable(source.path, goal, registry, order)
    ensure_writable(goal.picture.parent)
    tool = replace(job.cloak, final=file_encoder(image, order.quality))
    if order.seconds is not None:
        left = order.seconds - beside_the_steps(image) - (time.monotonic() - started)
        tool = replace(tool, seconds=max(_LEAST_SECONDS, left))
    seed = _seed(order, goal)
    keeper = Checkpoint(goal.partial, digest(image, tool, job.budget, seed), seed, order.resume)
    shown = keeper if watch is None else Onlooker(keeper, image, watch)
    cloaked = tool.apply(image, budget=job.budget, seed=seed, progress=progress, keeper=shown)
    return_freed_memory()
    quality = None if image.lossless else order.quality
    saved = save_within(forbid_training(image) if order.no_train else image, cloaked, quality)
    manifest = None
    if order.credential is not None:
        signed, manifest = order.credential(saved, source.path.stem)
        saved = decode(signed, name=saved.name)
    return_freed_memory()
    written = receipt(image, saved, cloaked, job.choice.encoders, job.choice.note)
    write_atomically(goal.picture, saved.data)
    write_atomically(goal.receipt, (json.dumps(written, indent=2) + "\n").encode())
    if order.comparison:
        write_atomically(goal.comparison, comparison(image, saved))
    work = _enter(image, saved, goal, written, registry, title)
    if manifest is not None:
        registry.add_manifest(work.id, manifest)
    keeper.done()
    return written


def enter_finished(source: Source, goal: Targets, registry: Registry, title: str | None = None) -> dict[str, Any]:
    """Register a picture and its cloaked version whose files are there; return the receipt. Nothing is done twice."""
    written: dict[str, Any] = json.loads(goal.receipt.read_text("utf-8"))
    _enter(original(source.path), read(goal.picture), goal, written, registry, title)
    return written


def _enter(
    image: Image, saved: Image, goal: Targets, written: dict[str, Any], registry: Registry, title: str | None
) -> Work:
    """Register a picture and its cloaked version; a work that is known keeps its title."""
    work, _ = register(image, registry, None if registry.find(sha256=image.sha256) else title)
    registry.add_version(work.id, replace(saved, name=str(goal.picture.resolve())), written)
    return work


def _seed(order: CloakOrder, goal: Targets) -> int:
    """Return the seed of the order, else that of the descent to resume, else a random one."""
    kept = seed_kept(goal.partial) if order.resume else None
    wanted = kept if order.seed is None else order.seed
    return secrets.randbelow(2**31) if wanted is None else wanted


def foretell(source: Source, goal: Targets, job: CloakJob, registry: Registry) -> dict[str, Any]:
    """Return what cloaking a picture would take; nothing is written. Raises what `cloak` raises before its work."""
    return estimate(_protectable(source.path, goal, registry, job.order), job)


def _protectable(path: Path, goal: Targets, registry: Registry, order: CloakOrder) -> Image:
    """Read a picture; refuse one that may not be cloaked or whose results could not be kept, before any work."""
    image = original(path)
    if order.no_train:
        forbid_training(image)
    for target in (goal.picture, goal.receipt, *([goal.comparison] if order.comparison else [])):
        ensure_new(target, "move it away or choose another -o")
    ensure_fillable(goal.picture.parent)
    with registry.together():  # one that is locked or may only be read is found now
        pass
    for work, version in registry.find(pixels_sha256=image.pixels_sha256):
        if version is not None and version.cloaked and not order.again:
            raise UsageError(f"{path} is a cloaked version of work {work.id} already: use --again to cloak it again.")
    return image
