"""A preview of a cloak: one window of a picture, cloaked in few steps, beside noise that is as visible."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from PIL import Image as Pillow

from artaudit.distances import flip
from artaudit.errors import UsageError
from artaudit.image import Image, decode, write_atomically
from artaudit.image.sources import Source
from artaudit.protect import grounds
from artaudit.protect.cloak import resized, working_size
from artaudit.protect.effect import as_visible, displacements
from artaudit.protect.job import CloakJob, Targets, file_encoder, original
from artaudit.protect.mask import Mask
from artaudit.protect.preview_sheet import is_preview, sheet
from artaudit.protect.receipt import whole
from artaudit.protect.saving import save_within
from artaudit.protect.style_reference import StyleReference
from artaudit.protect.visibility import in_words, visibility
from artaudit.protocols import Encoder, Progress
from artaudit.tensors import to_array, to_batch

Picture = Float[np.ndarray, "height width 3"]

STEPS = 20
"""Steps of a preview's descent at most; the cloak itself takes its own number."""

_SEED = 0
_NOTABLE = 0.2
"""Least share of the visible change that lies on a ground for it to be named."""
_TINY = 1e-9
_EACH = 2
"""Most models that are named one by one."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a picture, at the working size of cloaks, as a picture of its own, with its place."""

    image: Image = field(repr=False)
    rows: slice
    columns: slice
    size: tuple[int, int]
    """Height and width of the whole picture at that size."""


@dataclass(frozen=True, slots=True)
class Previewed:
    """One window of a picture as it is, cloaked, and with each kind of noise that is as visible, in [0, 1].

    `told` holds the figures, `strongest` the kind of noise that moves most models the most.
    """

    clean: Picture = field(repr=False)
    changed: Picture = field(repr=False)
    noises: Mapping[str, Picture] = field(repr=False)
    strongest: str
    told: dict[str, Any]


def preview(source: Source, goal: Targets, job: CloakJob, progress: Progress | None = None) -> dict[str, Any]:
    """Cloak one window, write the sheet that shows it and return its figures; nothing else is made or registered.

    An earlier preview is replaced. Raises UsageError where another kind of file lies at its path.
    """
    if (goal.preview.exists() or goal.preview.is_symlink()) and not is_preview(goal.preview):
        raise UsageError(f"{goal.preview} exists and is no preview: move it away or choose another -o.")
    seen = previewed(original(source.path), job, progress)
    score = seen.told["visibility"]["ssimulacra2"]
    panels = [("original", seen.clean), (f"cloak, SSIMULACRA2 {score:.0f}", seen.changed)]
    noise = (f"{seen.strongest} that shows as much", seen.noises[seen.strongest])
    write_atomically(goal.preview, sheet([*panels, noise], seen.told["said"]))
    return seen.told


def previewed(
    image: Image,
    job: CloakJob,
    progress: Progress | None = None,
    *,
    steps: int = STEPS,
    shown: Callable[[Picture, Picture], object] | None = None,
) -> Previewed:
    """Cloak the window of a picture where a change is most exposed, in few steps; nothing is written.

    `shown` gets the window and its cloak before anything is measured.
    """
    window = window_of(image)
    steps = min(steps, job.cloak.descent.steps)
    quick = replace(
        job.cloak,
        descent=replace(job.cloak.descent, steps=steps),
        mask=None if job.cloak.mask is None else _cut(job.cloak.mask, window),
        final=file_encoder(image, job.order.quality),
    )
    seed = _SEED if job.order.seed is None else job.order.seed
    cloaked = quick.apply(window.image, budget=job.budget, seed=seed, progress=progress)
    saved = save_within(window.image, cloaked)
    clean, changed = whole(window.image), whole(saved)
    if shown is not None:
        shown(clean, changed)
    noises = as_visible(clean, changed, seed=_SEED)
    effect = [_effect(model, clean, changed, noises) for model in job.choice.encoders]
    seen = visibility(window.image, saved)
    style = None if quick.style is None else _as_style(quick.style, clean, changed, noises)
    shows = _shows(clean, changed)
    told = {
        "window": _place(window),
        "steps": steps,
        "seed": seed,
        "visibility": seen,
        "effect": effect,
        "style_reference": style,
        "shows": shows,
        "said": [worth(seen, effect, style, f"{steps} of {job.cloak.descent.steps} steps"), where(shows)],
    }
    return Previewed(clean, changed, noises, _strongest(effect), told)


def window_of(image: Image) -> Window:
    """Return the window where a change is most exposed, as a PNG of 8 bits, with alpha and colour profile."""
    size = working_size(image.height, image.width)
    rows, columns = grounds.exposed_window(whole(image))
    planes = [image.samples] if image.alpha is None else [image.samples, image.alpha]
    cut = np.concatenate([to_array(resized(to_batch(plane), size))[rows, columns] for plane in planes], axis=2)
    levels = np.rint(cut * 255).astype(np.uint8)
    buffer = io.BytesIO()
    picture = Pillow.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels)
    picture.save(buffer, "PNG", icc_profile=image.icc)
    return Window(decode(buffer.getvalue(), name=image.name), rows, columns, size)


def worth(
    seen: Mapping[str, float | None],
    effect: Sequence[Mapping[str, Any]],
    style: Mapping[str, Any] | None,
    steps: str,
) -> str:
    """Say in one sentence how visible the window's cloak is and what it does, beside noise that is as visible.

    `steps` says how many of the cloak's steps were taken.
    """
    score = seen["ssimulacra2"] or 0.0
    if seen["psnr_db"] is None:
        return "Nothing was changed here."
    reference = (
        f"; as a style reference it is like the original by {style['cosine']:.2f} (noise {style['noise']:.2f}, "
        "the same picture 1)"
        if style
        else ""
    )
    return (
        f"In this window, after {steps}: SSIMULACRA2 {score:.0f} ({in_words(score)}); it moves latents "
        f"{gains(effect)} as far as noise that shows as much{reference}."
    )


def gains(effect: Sequence[Mapping[str, Any]]) -> str:
    """Say how many times as far as noise a change moves latents, for each of two models or as the range of more."""
    far = sorted((measured["gain_over_visible_noise"], measured["model"].split("@")[0]) for measured in effect)
    chosen = far if len(far) <= _EACH else [far[0], far[-1]]
    return (", " if len(far) <= _EACH else " to ").join(f"{gain:.1f}x on {model}" for gain, model in chosen)


def where(shows: Mapping[str, Mapping[str, float]]) -> str:
    """Say on which grounds a change shows most, if on any."""
    names = {"flat_ground": "flat ground", "skin": "colours like skin"}
    parts = [
        f"{names[kind]} ({shares['of_what_shows']:.0%} of what shows, {shares['of_the_window']:.0%} of the window)"
        for kind, shares in shows.items()
        if shares["of_what_shows"] >= _NOTABLE
    ]
    return f"Look for it on {' and on '.join(parts)}." if parts else "It shows on no flat ground and on no skin."


def _effect(model: Encoder, clean: Picture, changed: Picture, noises: Mapping[str, Picture]) -> dict[str, Any]:
    far, *others = displacements(model, clean, [changed, *noises.values()])
    return {
        "model": model.name,
        "displacement": round(far, 5),
        "noise_as_visible": {kind: round(other, 5) for kind, other in zip(noises, others, strict=True)},
        "gain_over_visible_noise": round(far / max(*others, _TINY), 3),
    }


def _strongest(effect: Sequence[Mapping[str, Any]]) -> str:
    """Return the kind of noise that is the strongest on the largest number of models."""
    strongest = [max(measured["noise_as_visible"], key=measured["noise_as_visible"].__getitem__) for measured in effect]
    return max(strongest, key=strongest.count)


def _as_style(style: StyleReference, clean: Picture, changed: Picture, noises: Mapping[str, Picture]) -> dict[str, Any]:
    """Return the cosine of the image encoder's embeddings of clean and changed picture, and the noises' lowest."""
    pictures = [clean, changed, *noises.values()]
    with torch.no_grad():
        views = torch.cat([style.tower.squashed(to_batch(picture)) for picture in pictures])
        embeddings = style.tower.features(views).embedding  # type: ignore[attr-defined]
    cosines = F.cosine_similarity(embeddings[:1], embeddings[1:]).tolist()
    return {"model": style.name, "cosine": round(cosines[0], 3), "noise": round(min(cosines[1:]), 3)}


def _shows(clean: Picture, changed: Picture) -> dict[str, dict[str, float]]:
    errors = flip(clean, changed)
    by_kind = {"flat_ground": grounds.flat_ground(clean), "skin": grounds.skin(clean)}
    return {
        kind: {
            "of_what_shows": round(grounds.share(errors, ground), 3),
            "of_the_window": round(float(ground.mean()), 3),
        }
        for kind, ground in by_kind.items()
    }


def _cut(mask: Mask, window: Window) -> Mask:
    return Mask(mask.over(*window.size)[0, 0, window.rows, window.columns].numpy())


def _place(window: Window) -> dict[str, Any]:
    """Return the place of the window, in pixels of a picture of `of_width` by `of_height`."""
    height, width = window.size
    return {
        "left": window.columns.start,
        "top": window.rows.start,
        "width": window.columns.stop - window.columns.start,
        "height": window.rows.stop - window.rows.start,
        "of_width": width,
        "of_height": height,
    }
