"""What a person can ask for, as straight lines: protect, register, check, report."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from artaudit import catalog
from artaudit.auditor.examiners import examiners
from artaudit.auditor.matching import fingerprint
from artaudit.auditor.models import Choice, choose
from artaudit.auditor.preview import preview
from artaudit.auditor.registry import Registry, Work
from artaudit.auditor.verdict import verdict
from artaudit.errors import ImageError, UsageError
from artaudit.evidence import Evidence
from artaudit.image import Image, ensure_writable, read, write_atomically
from artaudit.protect.cloak import DescentCloak
from artaudit.protect.receipt import environment, receipt
from artaudit.protect.saving import save_within
from artaudit.protocols import Budget, Examiner, Progress


@dataclass(frozen=True, slots=True)
class Order:
    """How pictures are to be cloaked; `seed` None draws one, which the receipt keeps."""

    method: str = "push"
    strength: str = "default"
    models: tuple[str, ...] = ("auto",)
    seed: int | None = None
    seconds: float | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Targets:
    """Where the cloaked picture and its receipt go."""

    picture: Path
    receipt: Path


def targets(path: Path, folder: Path | None) -> Targets:
    """Name the results for the original at `path`: inside `folder` under its own name, else beside it."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder: name the pictures in it.")
    picture = folder / path.name if folder else path.with_name(f"{path.stem}-cloaked{path.suffix}")
    return Targets(picture, picture.with_name(f"{path.stem}.receipt.json"))


def prepare(order: Order) -> tuple[DescentCloak, Choice]:
    """Open the models of an order once for all its pictures."""
    choice = choose(order.models)
    objective = catalog.load(catalog.CLOAKS, order.method)()
    return DescentCloak(objective, choice.encoders, seconds=order.seconds), choice


def protect(
    path: Path,
    goal: Targets,
    order: Order,
    tools: tuple[DescentCloak, Choice],
    registry: Registry,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Cloak the picture at `path`, write the result and its receipt, register both; return the receipt.

    Raises UsageError when the picture is a cloaked version already, or a result would overwrite anything.
    """
    image = _protectable(path, goal, registry, again=order.again)
    cloak, choice = tools
    budget = Budget(catalog.STRENGTHS[order.strength])
    seed = secrets.randbelow(2**31) if order.seed is None else order.seed
    cloaked = cloak.apply(image, budget=budget, seed=seed, progress=progress)
    saved = save_within(image, cloaked)
    paper = receipt(image, saved, cloaked, choice.encoders, choice.note)
    write_atomically(goal.picture, saved.data)
    write_atomically(goal.receipt, (json.dumps(paper, indent=2) + "\n").encode())
    work, _ = _add(registry, image, title=path.stem)
    registry.add_version(work.id, replace(saved, name=str(goal.picture.resolve())), paper)
    return paper


def register(path: Path, registry: Registry, title: str | None = None) -> tuple[Work, bool]:
    """Add the picture at `path` to the portfolio; False when these bytes were there already."""
    return _add(registry, read(path), title=title or path.stem)


def check(path: Path, registry: Registry, look: Sequence[Examiner] | None = None) -> tuple[int, Evidence]:
    """Examine the picture at `path` and keep the evidence; return the number of its case and the evidence."""
    image = read(path)
    look = examiners(registry) if look is None else look
    findings = tuple(finding for examiner in look for finding in examiner.examine(image))
    compared_with = len(registry.works())
    evidence = Evidence(
        path=str(path),
        sha256=image.sha256,
        pixels_sha256=image.pixels_sha256,
        width=image.width,
        height=image.height,
        format=image.format,
        checked_at=datetime.now(UTC).isoformat(timespec="seconds"),
        compared_with=compared_with,
        verdict=verdict(findings, compared_with),
        findings=findings,
        notes=image.notes,
        environment=environment(),
    )
    return registry.add_case(evidence.as_dict(), image.data), evidence


def _protectable(path: Path, goal: Targets, registry: Registry, *, again: bool) -> Image:
    """Read a picture and refuse, before any work, what could not end well."""
    image = read(path)
    if image.read_only:
        raise ImageError(f"{path} cannot be cloaked: {image.read_only}; convert it to PNG first.")
    for target in (goal.picture, goal.receipt):
        if target.exists() or target.is_symlink():
            raise UsageError(f"{target} exists and nothing is overwritten: move it away or choose another -o.")
    ensure_writable(goal.picture.parent)
    for work, version in registry.find(pixels_sha256=image.pixels_sha256):
        if version is not None and not again:
            raise UsageError(f"{path} is a cloaked version of work {work.id} already: use --again to cloak it again.")
    return image


def _add(registry: Registry, image: Image, title: str) -> tuple[Work, bool]:
    """Register a picture; its fingerprints are taken only when its bytes are new."""
    known = [work for work, version in registry.find(sha256=image.sha256) if version is None]
    if known:
        return known[0], False
    placed = replace(image, name=str(Path(image.name).resolve()))
    return registry.add_work(placed, title=title, fingerprints=fingerprint(image), preview=preview(image))
