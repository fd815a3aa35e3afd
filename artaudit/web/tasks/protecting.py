"""The tasks about cloaks: three strengths to choose from, and the cloak itself with what shows it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from artaudit import catalog
from artaudit.auditor.protect import cloak, enter_finished
from artaudit.auditor.registry.thumbnail import open_thumbnail, thumbnail
from artaudit.generators import pool
from artaudit.image import Image, read
from artaudit.image.sources import Source
from artaudit.memory import keep_freed_memory, return_freed_memory
from artaudit.protect.effect import noise_beside
from artaudit.protect.job import CloakJob, CloakOrder, Targets, estimate, finished, prepare, targets, writable
from artaudit.protect.preview import gains, previewed
from artaudit.protect.receipt import middle, whole
from artaudit.protect.visibility import in_words
from artaudit.web.tasks.context import Context, opened

Picture = Float[np.ndarray, "height width 3"]

NOW = "now.jpg"
"""The picture as it stands while it is cloaked."""
DIFFERENCE = 10
"""Factor by which the difference is amplified around middle grey."""

STEPS = 10
"""Steps of a preview here: how much shows is settled after few; a command's preview takes more."""

_EACH = 100


def _prepared(order: CloakOrder) -> CloakJob:
    """Open the models of an order, those that are installed now; they stay open for the next picture."""
    return _opened(order, tuple(pool.installed(pool.models_folder())))


@lru_cache(maxsize=4)
def _opened(order: CloakOrder, _installed: tuple[pool.Record, ...]) -> CloakJob:
    return prepare(order)


def preview(context: Context) -> dict[str, Any]:
    """Cloak the window where a change shows most at each strength, beside noise that shows as much."""
    image = writable(opened(context, context.job.spec["file"]))
    method = context.job.spec["method"]
    context.tell(0, _EACH * len(catalog.STRENGTHS), "opening the models")
    told: dict[str, Any] = {"width": image.width, "height": image.height, "format": image.format, "strengths": {}}
    for number, (name, score) in enumerate(catalog.STRENGTHS.items()):
        about = told["strengths"][name] = {"score": score, "words": in_words(score)}
        seen = previewed(
            image,
            _prepared(CloakOrder(method=method, strength=name)),
            _counted(context, number, name),
            steps=STEPS,
            shown=partial(_pair, context, told, name),
        )
        about["noise"] = context.keep(f"{name}-noise.png", _levels(seen.noises[seen.strongest]))
        about["said"] = seen.told["said"]
        context.show(**told)
    context.tell(_EACH * len(catalog.STRENGTHS) - 1, _EACH * len(catalog.STRENGTHS), "estimating the time")
    return told | {"estimate": estimate(image, _prepared(CloakOrder(method=method)))}


def _pair(context: Context, told: dict[str, Any], name: str, clean: Picture, changed: Picture) -> None:
    """Keep the window and its cloak, and let them be seen."""
    context.keep("original.png", _levels(clean))
    told["strengths"][name]["picture"] = context.keep(f"{name}.png", _levels(changed))
    context.show(**told)


def _counted(context: Context, number: int, name: str) -> Callable[[int, int], None]:
    total = _EACH * len(catalog.STRENGTHS)
    return lambda done, of: context.tell(_EACH * number + _EACH * done // of - 1, total, f"cloaking a part, {name}")


def protect(context: Context) -> dict[str, Any]:
    """Cloak a picture that came in, register it, and draw what shows the cloak; goes on where it was stopped."""
    keep_freed_memory()  # as the command does
    try:
        return _protected(context)
    finally:
        return_freed_memory()  # this process may wait for long


def _protected(context: Context) -> dict[str, Any]:
    spec, path = context.job.spec, context.depot.file(context.job.spec["file"])
    source = Source(path, Path(f"picture{path.suffix}"))
    goal, title = targets(source, context.folder), Path(context.depot.name(spec["file"])).stem
    context.tell(0, 1, "opening the models")
    with context.registry() as registry:
        if finished(source, goal):
            paper = enter_finished(source, goal, registry, title)
        else:
            _clear(goal)
            paper = cloak(
                source,
                goal,
                _prepared(_order(spec)),
                registry,
                lambda done, of: context.tell(done, of, "cloaking"),
                title=title,
                watch=lambda rgb8: _watched(context, rgb8),
            )
    context.stage = "drawing what changed"
    return _shown(context, goal, opened(context, spec["file"]), paper)


def _order(spec: dict[str, Any]) -> CloakOrder:
    return CloakOrder(
        method=spec["method"],
        strength=spec["strength"],
        seconds=spec["seconds"],
        no_train=spec["no_train"],
        again=spec["again"],
        resume=True,
    )


def _clear(goal: Targets) -> None:
    """Take away results that are not whole, of a worker that ended; the state of a descent stays."""
    for path in (goal.picture, goal.receipt):
        path.unlink(missing_ok=True)


def _watched(context: Context, rgb8: UInt8[np.ndarray, "height width 3"]) -> None:
    context.keep(NOW, rgb8)


def _shown(context: Context, goal: Targets, image: Image, paper: dict[str, Any]) -> dict[str, Any]:
    """Draw original, cloaked picture, difference and noise as PNG files; return what is said of them."""
    saved = read(goal.picture)
    context.keep("small.jpg", open_thumbnail(thumbnail(saved)))
    context.keep("before.png", image.rgb8)
    context.keep("after.png", saved.rgb8)
    change = saved.rgb8.astype(np.int16) - image.rgb8
    context.keep("difference.png", (128 + DIFFERENCE * change).clip(0, 255).astype(np.uint8))
    pair = whole(image), whole(saved)
    noise = noise_beside(*pair, (middle(image), middle(saved)), seed=0)
    context.keep("noise.png", _levels(noise))
    seen = paper["visibility"]
    return {
        "picture": goal.picture.name,
        "receipt": goal.receipt.name,
        "width": saved.width,
        "height": saved.height,
        "bytes": len(saved.data),
        "score": seen["ssimulacra2"],
        "changed": seen["psnr_db"] is not None,
        "words": in_words(seen["ssimulacra2"] or 0.0),
        "gains": gains(paper["effect"]),
        "limits": paper["limits"],
        "note": paper["models_note"],
        "growth": paper["file_growth"],
    }


def _levels(pixels: Picture) -> UInt8[np.ndarray, "height width 3"]:
    return np.rint(pixels * 255).astype(np.uint8)
