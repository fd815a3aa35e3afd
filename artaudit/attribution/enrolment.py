"""Calibrates a candidate: measures its own pictures and those of others, and learns to tell them apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.calibration import BELONGING, OFF_GRID, CandidateCalibration, calibrate
from artaudit.attribution.candidate import (
    DENOISING,
    METHOD,
    Candidate,
    calibration_path,
    candidates,
    open_candidate,
    rivals,
    statistic,
)
from artaudit.attribution.grid import rescaled
from artaudit.attribution.statistic import in_parts, redraw
from artaudit.datasets.drawings import draw, soften
from artaudit.errors import UsageError
from artaudit.image import Image, write_atomically
from artaudit.protocols import Autoencoder, Generator, Progress
from artaudit.transforms import Blur, Jpeg, to_ycbcr

SIDE = 128
"""Pixels along each side of the crops that calibrations are made from."""

QUALITIES = (90, 75)
"""JPEG qualities of further versions of every crop."""

SIGMAS = (0.7, 1.0, 1.5, 2.0, 3.0)
"""Standard deviations of blurs in pixels; crops take them in turn."""

SCALES = (0.5, 0.7, 1.4, 2.0)
"""Factors that crops are resized by, in turn."""

STRENGTH, STEPS = 0.6, 20
"""How strongly (share of the schedule) and in how many steps a denoiser redraws crops, for methods that ask it."""

_ALIKE = 1.5 / 255
"""Redrawings that differ by no more than this are of the same decoder."""

Batch = Float[Tensor, "batch 3 height width"]


def learn(
    candidate: Candidate,
    others: Sequence[Candidate],
    pictures: Sequence[Image],
    *,
    method: str = METHOD,
    progress: Progress | None = None,
) -> CandidateCalibration:
    """Calibrate a candidate on middle crops of at least ten real pictures; nothing is written to disk.

    Its own pictures are the crops as it redraws them. The other sets are the crops themselves, the crops blurred,
    resized and in grey, drawings by code, and the crops as each of the `others` redraws them. Every picture is used
    untouched and as JPEGs. Others whose redrawings equal its own are twins. For methods that ask the denoiser, its own
    pictures are what the denoiser makes of the crops, and redrawing by its autoencoder alone is another set. Raises
    UsageError for too few pictures.
    """
    crops = middle_crops(pictures)
    model = open_candidate(candidate.record, denoiser=method in DENOISING)
    sets, twins = _known(model, others, crops, denoising=method in DENOISING)
    measure, numbers = statistic(method).measure, {}
    for done, (name, batch) in enumerate(sets.items()):
        versions = torch.cat([batch, *(to_8_bits(Jpeg(quality)(batch, 0)) for quality in QUALITIES)])
        numbers[name] = in_parts(lambda part: measure(model, part), versions).double().numpy()
        if progress is not None:
            progress(done + 1, len(sets))
    qualities = " and ".join(map(str, QUALITIES))
    about: dict[str, Any] = {
        "model": candidate.record.name,
        "digest": candidate.record.digest,
        "method": method,
        "pictures": f"middle crops of {SIDE} pixels of {len(crops)} pictures, each also as JPEG {qualities}",
        "twins": twins,
    }
    groups = {name: np.tile(np.arange(len(batch)), 1 + len(QUALITIES)) for name, batch in sets.items()}
    return calibrate(numbers, groups, names=statistic(method).names, **about)


def _known(
    model: Autoencoder, others: Sequence[Candidate], crops: Batch, *, denoising: bool
) -> tuple[dict[str, Batch], tuple[str, ...]]:
    """Return the sets of pictures by their maker, and the names of twins."""
    own = to_8_bits(redraw(model, crops))
    redrawn = {other.record.name: to_8_bits(redraw(open_candidate(other.record), crops)) for other in others}
    twins = tuple(name for name, batch in redrawn.items() if float((batch - own).abs().max()) <= _ALIKE)
    drawn: dict[str, Batch] = {}
    for name, batch in redrawn.items():
        if not any(float((batch - known).abs().max()) <= _ALIKE for known in (own, *drawn.values())):
            drawn[f"drawn by {name}"] = batch
    if not denoising or not isinstance(model, Generator):
        return {BELONGING: own, OFF_GRID: _off_grid(own, model.factor), **strangers(crops), **drawn}, twins
    denoised = [
        model.generate("", seed=place, start=crop[None], strength=STRENGTH, guidance=1, steps=STEPS)
        for place, crop in enumerate(crops)
    ]
    drawn["redrawn by its autoencoder alone"] = own
    return {BELONGING: to_8_bits(torch.cat(denoised)), **strangers(crops), **drawn}, ()


def calibrate_model(
    name: str, pictures: Sequence[Image], *, method: str = METHOD, progress: Progress | None = None
) -> CandidateCalibration:
    """Calibrate the model of this name on real pictures against all other models here; write and return the result.

    Raises UsageError for an unknown model, one that cannot draw, and for fewer than ten pictures.
    """
    (candidate,) = candidates((name,))
    learned = learn(candidate, rivals(candidate), pictures, method=method, progress=progress)
    keep(candidate, learned)
    return learned


def keep(candidate: Candidate, calibration: CandidateCalibration) -> Path:
    """Write a calibration into this machine's folder of calibrations; return the path."""
    path = calibration_path(candidate.record)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, calibration.as_json().encode())
    return path


def strangers(crops: Batch) -> dict[str, Batch]:
    """Return the sets of pictures that no model drew, by name."""
    blurred = torch.cat([Blur(SIGMAS[place % len(SIGMAS)])(crop[None], 0) for place, crop in enumerate(crops)])
    resized = torch.cat([_resized(crop[None], SCALES[place % len(SCALES)]) for place, crop in enumerate(crops)])
    drawn = torch.stack([_drawing(place) for place in range(len(crops))])
    return {
        "real pictures": crops,
        "blurred pictures": to_8_bits(blurred),
        "resized pictures": to_8_bits(resized),
        "grey pictures": to_8_bits(to_ycbcr(crops)[:, :1].expand_as(crops)),
        "drawings by code": drawn,
    }


def middle_crops(pictures: Sequence[Image]) -> Batch:
    """Return the middle crop of every picture that is large enough; raises UsageError if none is."""
    large = [image for image in pictures if min(image.height, image.width) >= SIDE]
    if not large:
        raise UsageError(f"None of the pictures has {SIDE} pixels along each side: give larger ones.")
    return torch.stack([_middle(image.rgb8) for image in large])


def to_8_bits(pixels: Batch) -> Batch:
    """Clip to [0, 1] and round to the levels of 8 bits."""
    return (pixels.clamp(0, 1) * 255).round() / 255


def _off_grid(own: Batch, factor: int) -> Float[torch.Tensor, "batch 3 rows columns"]:
    """Crop every picture off the grid of its latents; the offsets are the same at every call."""
    places = np.random.default_rng(0).integers(1, factor * factor, len(own))
    side = SIDE - factor
    offsets = [(divmod(int(place), factor), picture) for place, picture in zip(places, own, strict=True)]
    return torch.stack([picture[:, top : top + side, left : left + side] for (top, left), picture in offsets])


def _resized(crop: Float[Tensor, "1 3 height width"], scale: float) -> Float[Tensor, "1 3 height width"]:
    """Return a resized crop of the same size: a smaller one is padded by mirroring, a larger one cropped."""
    resized = rescaled(crop, 1 / scale)
    short = max(0, SIDE - resized.shape[-1])
    if short:
        resized = F.pad(resized, (short // 2, short - short // 2) * 2, mode="reflect")
    inset = (resized.shape[-1] - SIDE) // 2
    return resized[..., inset : inset + SIDE, inset : inset + SIDE]


def _drawing(seed: int) -> Float[Tensor, "3 height width"]:
    rng = np.random.default_rng(seed)
    return _middle(np.asarray(soften(draw(rng), rng).convert("RGB")))


def _middle(rgb8: np.ndarray) -> Float[Tensor, "3 height width"]:
    top, left = ((side - SIDE) // 2 for side in rgb8.shape[:2])
    window = np.ascontiguousarray(rgb8[top : top + SIDE, left : left + SIDE].transpose(2, 0, 1))
    return torch.from_numpy(window).float() / 255
