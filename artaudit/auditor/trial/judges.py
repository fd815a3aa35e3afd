"""Tier 2: the encoders that say how far a change moves latents, beside noise of the same power."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float
from torch import Tensor

from artaudit.auditor.models import open_model
from artaudit.auditor.trial.pairs import Picture
from artaudit.generators import pool
from artaudit.protect.effect import noisy, scrambled
from artaudit.protocols import Encoder
from artaudit.tensors import to_batch

CLEAN, CHANGED = "clean", "changed"
NOISES = ("white noise", "low-pass noise", "noise like the change")
"""The controls: equal PSNR, plain, blurred by a pixel, and with the place, grain and colours of the change itself."""

TILE = 64
"""Pixels along the tiles that an interval is drawn from."""

Tiles = Float[np.ndarray, " tiles"]
Latents = Float[Tensor, "1 channels rows columns"]


@dataclass(frozen=True, slots=True)
class Judge:
    """An installed or embedded encoder; a `hold_out` is never used to make cloaks."""

    record: pool.Record
    hold_out: bool

    def open(self) -> Encoder:
        """Return the opened encoder, once for every process."""
        return _opened(self.record)


@dataclass(frozen=True, slots=True)
class Reading:
    """How one encoder sees a change: root mean square displacements of its latents from those of the clean picture.

    `noise` is that of the strongest control, named by `control`; `gain` is their ratio with its 95 % interval over
    the picture's tiles; `drift` says how far an attack alone moves the clean picture from where it was.
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


def judges() -> tuple[Judge, ...]:
    """Return all installed and embedded encoders, hold-outs first; a model's denoiser is no judge."""
    records = (*pool.installed(pool.models_folder()), *(one for one in pool.embedded() if one.kind == "studio"))
    found = [Judge(record, record.use == pool.HOLD_OUT) for record in records]
    return tuple(sorted(found, key=lambda judge: not judge.hold_out))


@cache
def _opened(record: pool.Record) -> Encoder:
    return open_model(record, denoiser=False)


def variants(clean: Picture, changed: Picture, *, seed: int) -> dict[str, Picture]:
    """Return the pictures of a trial: the clean one, the changed one, and the controls of equal PSNR."""
    power = float(np.mean((changed.astype(np.float64) - clean) ** 2))
    white, low_pass = (noisy(clean, power, sigma=sigma, seed=seed) for sigma in (0.0, 1.0))
    controls = (white, low_pass, scrambled(clean, changed, seed=seed))
    return {CLEAN: clean, CHANGED: changed, **dict(zip(NOISES, controls, strict=True))}


def readings(
    panel: Sequence[Judge], before: Picture, pictures: Mapping[str, Picture], *, seed: int
) -> tuple[Reading, ...]:
    """Return what every judge says of attacked `pictures`; `before` is the clean picture before the attack."""
    return tuple(_reading(judge, before, pictures, seed) for judge in panel)


def _reading(judge: Judge, before: Picture, pictures: Mapping[str, Picture], seed: int) -> Reading:
    encoder = judge.open()
    latents = {name: _latents(encoder, picture) for name, picture in pictures.items()}
    moves = {name: _moved(latents[CLEAN], one, encoder.factor) for name, one in latents.items() if name != CLEAN}
    control = max(NOISES, key=lambda name: float(moves[name].mean()))
    gain, low, high = ratio(moves[CHANGED], moves[control], seed=seed)
    far, noise = (float(np.sqrt(moves[name].mean())) for name in (CHANGED, control))
    start = _latents_before(judge.record, before.shape, before.tobytes())
    drift = float((latents[CLEAN] - start).square().mean().sqrt())
    return Reading(judge.record.name, judge.hold_out, far, noise, control, gain, low, high, drift)


def _latents(encoder: Encoder, picture: Picture) -> Latents:
    """Return a picture's latents; with the channels innermost, convolutions on processors take a fifth less time."""
    with torch.no_grad():
        return encoder.encode(to_batch(picture).contiguous(memory_format=torch.channels_last))


@lru_cache(maxsize=8)
def _latents_before(record: pool.Record, shape: tuple[int, ...], data: bytes) -> Latents:
    """Return the latents of the clean picture, which all attacks share, once for every process."""
    return _latents(_opened(record), np.frombuffer(data, dtype=np.float32).reshape(shape).copy())


def _moved(one: Latents, other: Latents, factor: int) -> Tiles:
    """Return the mean square of the difference of two pictures' latents, tile by tile."""
    change = (other - one).square().mean(dim=1, keepdim=True)
    side = max(1, min(TILE // factor, *change.shape[-2:]))
    return F.avg_pool2d(change, side).flatten().double().cpu().numpy()


def ratio(change: Tiles, noise: Tiles, *, seed: int, draws: int = 1000) -> tuple[float, float, float]:
    """Return the ratio of two root mean squares with its bootstrap 95 % interval over tiles, drawn in pairs."""
    picks = np.random.default_rng(seed).integers(len(change), size=(draws, len(change)))
    tiny = np.finfo(np.float64).tiny
    drawn = np.sqrt(change[picks].mean(axis=1) / np.maximum(noise[picks].mean(axis=1), tiny))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(np.sqrt(change.mean() / max(float(noise.mean()), tiny))), float(low), float(high)
