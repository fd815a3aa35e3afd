"""Calibrates a candidate: what its own pictures look like to it, and what those of others do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.calibration import BELONGING, Calibration, calibrate
from artaudit.attribution.statistic import in_parts, redraw
from artaudit.auditor.attributing import METHOD, Candidate, calibration_path, open_candidate, statistic
from artaudit.datasets.drawings import draw, soften
from artaudit.errors import UsageError
from artaudit.image import Image, write_atomically
from artaudit.protocols import Progress
from artaudit.transforms import Blur, Jpeg

SIDE = 128
"""Pixels along each side of the crops that calibrations are made from."""

QUALITY = 90
"""JPEG quality of the second version of every crop."""

SIGMAS = (0.7, 1.0, 1.5, 2.0, 3.0)
"""Blurs, in pixels, taken in turn."""

_ALIKE = 1.5 / 255

Batch = Float[Tensor, "batch 3 height width"]


def learn(
    candidate: Candidate,
    others: Sequence[Candidate],
    pictures: Sequence[Image],
    *,
    method: str = METHOD,
    progress: Progress | None = None,
) -> Calibration:
    """Calibrate a candidate on crops of real pictures, at least ten, and keep nothing.

    Belonging are the crops as it redraws them; the others are the crops themselves, blurred crops, drawings made by
    code, and the crops as the `others` redraw them; each untouched and as a JPEG. Others that redraw all crops alike
    are twins. Raises UsageError for too few.
    """
    crops = middle_crops(pictures)
    model = open_candidate(candidate.record, denoiser=method == "ddim")
    own = to_8_bits(redraw(model, crops))
    redrawn = {one.record.name: to_8_bits(redraw(open_candidate(one.record), crops)) for one in others}
    twins = tuple(name for name, batch in redrawn.items() if float((batch - own).abs().max()) <= _ALIKE)
    drawn = {f"drawn by {name}": batch for name, batch in redrawn.items() if name not in twins}
    sets = {BELONGING: own, **strangers(crops), **drawn}
    measure, numbers = statistic(method).measure, {}
    for done, (name, batch) in enumerate(sets.items()):
        both = torch.cat([batch, to_8_bits(Jpeg(QUALITY)(batch, 0))])
        numbers[name] = in_parts(lambda part: measure(model, part), both).double().numpy()
        if progress is not None:
            progress(done + 1, len(sets))
    groups = {name: np.tile(np.arange(len(batch)), 2) for name, batch in sets.items()}
    told = f"middle crops of {SIDE} pixels of {len(crops)} pictures, each also as JPEG {QUALITY}"
    about: dict[str, Any] = {
        "model": candidate.record.name,
        "digest": candidate.record.digest,
        "method": method,
        "pictures": told,
    }
    about |= {"twins": twins}
    return calibrate(numbers, groups, names=statistic(method).names, **about)


def keep(candidate: Candidate, calibration: Calibration) -> Path:
    """Write a calibration where this machine keeps those of its own; return the place."""
    path = calibration_path(candidate.record)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, calibration.as_json().encode())
    return path


def strangers(crops: Batch) -> dict[str, Batch]:
    """Return the sets of pictures that no model drew."""
    blurred = torch.cat([Blur(SIGMAS[place % len(SIGMAS)])(crop[None], 0) for place, crop in enumerate(crops)])
    drawn = torch.stack([_drawing(place) for place in range(len(crops))])
    return {"real pictures": crops, "blurred pictures": to_8_bits(blurred), "drawings by code": drawn}


def middle_crops(pictures: Sequence[Image]) -> Batch:
    """Return the middle of every picture that is large enough; raises UsageError where none is."""
    large = [image for image in pictures if min(image.height, image.width) >= SIDE]
    if not large:
        raise UsageError(f"None of the pictures has {SIDE} pixels along each side: give larger ones.")
    return torch.stack([_middle(image.rgb8) for image in large])


def to_8_bits(pixels: Batch) -> Batch:
    """Round to what a file of 8 bits holds."""
    return (pixels.clamp(0, 1) * 255).round() / 255


def _drawing(seed: int) -> Float[Tensor, "3 height width"]:
    rng = np.random.default_rng(seed)
    return _middle(np.asarray(soften(draw(rng), rng).convert("RGB")))


def _middle(rgb8: np.ndarray) -> Float[Tensor, "3 height width"]:
    top, left = ((side - SIDE) // 2 for side in rgb8.shape[:2])
    window = np.ascontiguousarray(rgb8[top : top + SIDE, left : left + SIDE].transpose(2, 0, 1))
    return torch.from_numpy(window).float() / 255
