"""The judges of a trial: encoders that measure how far a change moves latents, beside noise that is as visible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.protect.effect import ALIKE, PLAIN, displacements, of_equal_psnr, with_noise
from artaudit.protect.trial.pairs import Picture
from artaudit.protocols import Encoder
from artaudit.tensors import to_batch

CLEAN, CHANGED = "clean", "changed"
NOISES = (*PLAIN, ALIKE)
"""Kinds of the control noises; each is as visible as the change by SSIMULACRA2 or FLIP, whichever allows more of it."""

TILE = 64
"""Pixels along a side of the tiles over which the interval of a gain is bootstrapped."""

Tiles = Float[np.ndarray, " tiles"]
Latents = Float[Tensor, "1 channels rows columns"]


@dataclass(frozen=True, slots=True)
class Judge:
    """An installed or embedded encoder; a `hold_out` was not used to make the cloak that it judges."""

    record: pool.Record
    hold_out: bool

    def open(self) -> Encoder:
        """Return the opened encoder, once for every process."""
        return _opened(self.record)


@dataclass(frozen=True, slots=True)
class Reading:
    """One encoder's measure of a change: root mean square displacements of latents from those of the clean picture.

    `noise` is the displacement by the strongest control, `control`; `gain` is the ratio of both, `low` and `high` its
    95 % interval over the picture's tiles; `drift` is the displacement of the clean picture by the attack alone.
    """

    judge: str
    hold_out: bool
    displacement: float
    noise: float
    control: str
    gain: float
    low: float
    high: float
    drift: float


def judges(receipt: Mapping[str, Any] | None = None) -> tuple[Judge, ...]:
    """Return all installed models' encoders and the embedded autoencoders', hold-outs first.

    Hold-outs are those that were installed as such and, if all models in a cloak's `receipt` are known, those of other
    families than these models.
    """
    known = (*pool.available(), *pool.backbones())
    shipped = (*pool.embedded(), *pool.backbones())
    met = _families_met(receipt, known)
    panel = [
        Judge(record, record.use == pool.HOLD_OUT or (met is not None and record.family not in met))
        for record in known
        if record.kind == "studio" or record not in shipped
    ]
    return tuple(sorted(panel, key=lambda judge: not judge.hold_out))


def models_of(receipt: Mapping[str, Any]) -> list[str]:
    """Return the names, without revisions, of the models that a cloak was made against."""
    return [str(model["name"]).partition("@")[0] for model in receipt["models"]]


def _families_met(receipt: Mapping[str, Any] | None, known: Sequence[pool.Record]) -> set[str] | None:
    """Return the families of the models that a cloak was made against, None where one of them is not known."""
    families = {record.name: record.family for record in known}
    names = [] if receipt is None else models_of(receipt)
    return {families[name] for name in names} if names and all(name in families for name in names) else None


@cache
def _opened(record: pool.Record) -> Encoder:
    return open_model(record, denoiser=False)


def variants(clean: Picture, changed: Picture, loudness: Mapping[str, float], *, seed: int) -> dict[str, Picture]:
    """Return the pictures of a trial: the clean one, the changed one, and noise of every kind in `loudness`."""
    noises = {kind: with_noise(clean, changed, kind, loud, seed=seed) for kind, loud in loudness.items()}
    return {CLEAN: clean, CHANGED: changed, **noises}


def gains_at_equal_psnr(panel: Sequence[Judge], clean: Picture, changed: Picture, *, seed: int) -> dict[str, float]:
    """Return by judge the gain over the stronger of white and low-pass noise of equal PSNR, as in papers."""
    pictures = [changed, *of_equal_psnr(clean, changed, seed=seed)]
    gains = {}
    for judge in panel:
        far, *noises = displacements(judge.open(), clean, pictures)
        gains[judge.record.name] = far / max(*noises, float(np.finfo(np.float64).tiny))
    return gains


def readings(
    panel: Sequence[Judge], before: Picture, pictures: Mapping[str, Picture], *, seed: int
) -> tuple[Reading, ...]:
    """Return every judge's reading of attacked `pictures`; `before` is the clean picture before the attack."""
    return tuple(_reading(judge, before, pictures, seed) for judge in panel)


def _reading(judge: Judge, before: Picture, pictures: Mapping[str, Picture], seed: int) -> Reading:
    encoder = judge.open()
    latents = {name: latents_of(encoder, picture) for name, picture in pictures.items()}
    moves = {name: _moved(latents[CLEAN], moved, encoder.factor) for name, moved in latents.items() if name != CLEAN}
    control = max(NOISES, key=lambda name: float(moves[name].mean()))
    gain, low, high = ratio(moves[CHANGED], moves[control], seed=seed)
    far, noise = (float(np.sqrt(moves[name].mean())) for name in (CHANGED, control))
    start = _latents_before(judge.record, before.shape, before.tobytes())
    drift = float((latents[CLEAN] - start).square().mean().sqrt())
    return Reading(judge.record.name, judge.hold_out, far, noise, control, gain, low, high, drift)


def latents_of(encoder: Encoder, picture: Picture) -> Latents:
    """Return a picture's latents; with channels last, convolutions on CPUs take a fifth less time."""
    with torch.no_grad():
        return encoder.encode(to_batch(picture).contiguous(memory_format=torch.channels_last))


@lru_cache(maxsize=8)
def _latents_before(record: pool.Record, shape: tuple[int, ...], data: bytes) -> Latents:
    """Return the latents of the clean picture, which all attacks share, once for every process."""
    return latents_of(_opened(record), np.frombuffer(data, dtype=np.float32).reshape(shape).copy())


def _moved(clean: Latents, moved: Latents, factor: int) -> Tiles:
    """Return the mean square of the difference of two pictures' latents, tile by tile."""
    change = (moved - clean).square().mean(dim=1, keepdim=True)
    side = max(1, min(TILE // factor, *change.shape[-2:]))
    return F.avg_pool2d(change, side).flatten().double().cpu().numpy()


def ratio(change: Tiles, noise: Tiles, *, seed: int, draws: int = 1000) -> tuple[float, float, float]:
    """Return the ratio of two root mean squares with its bootstrap 95 % interval over tiles, drawn in pairs."""
    picks = np.random.default_rng(seed).integers(len(change), size=(draws, len(change)))
    tiny = np.finfo(np.float64).tiny
    drawn = np.sqrt(change[picks].mean(axis=1) / np.maximum(noise[picks].mean(axis=1), tiny))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(np.sqrt(change.mean() / max(float(noise.mean()), tiny))), float(low), float(high)
