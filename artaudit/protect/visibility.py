"""How visible the change from an original to a changed picture is, by all measures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name torch's own documentation gives it
from jaxtyping import Float

from artaudit import distances
from artaudit.distances import Ssimulacra2
from artaudit.distances.ssimulacra2 import whole_and_worst
from artaudit.image import Image
from artaudit.tensors import to_batch

Picture = Float[np.ndarray, "height width 3"]

FLIP_TILE = 64
"""Pixels along a side of the tiles over which mean FLIP is taken."""

SCALE = (
    (90.0, "not seen, not even where the two are flipped in place"),
    (80.0, "not told apart from the original side by side"),
    (70.0, "seen beside the original, not noticed without it"),
    (50.0, "seen, and slightly annoying"),
    (30.0, "obvious and annoying"),
    (-math.inf, "very annoying"),
)
"""What people see from each score of SSIMULACRA2 on, best first, after its authors."""

_WORSE: Mapping[str, Callable[..., float]] = MappingProxyType(
    {
        "ssimulacra2": min,
        "ssimulacra2_worst_tile": min,
        "flip": max,
        "flip_worst_tile": max,
        "psnr_db": min,
        "ssim": min,
        "delta_e_mean": max,
        "delta_e_p95": max,
    }
)
"""Which of several values is the most visible one, by measure."""

_DIGITS = {"ssimulacra2": 2, "ssimulacra2_worst_tile": 2, "psnr_db": 3}


def visibility(clean: Image, changed: Image) -> dict[str, float | None]:
    """Measure two pictures of one size; transparent ones on white and on black, and the more visible value counts.

    `ssimulacra2` of the whole and of the worst tile of about 256 pixels, mean `flip` and that of the worst tile of
    about 64, `linf` of the files' samples in [0, 1], `psnr_db` (None where nothing changed), `ssim`, mean and 95th
    percentile of CIEDE2000.
    """
    measured = [_measured(*pair) for pair in grounds(clean, changed)]
    worst = {name: worse(values[name] for values in measured) for name, worse in _WORSE.items()}
    plain = {name: finite(value, _DIGITS.get(name, 5)) for name, value in worst.items()}
    return {"linf": round(distances.linf(clean.samples, changed.samples), 6), **plain}


class Place(NamedTuple):
    """The score of a tile and the place of its middle, as shares of the height and the width."""

    score: float
    down: float
    across: float


def worst_place(clean: Picture, changed: Picture) -> Place:
    """Return the tile of about 256 pixels with the lowest SSIMULACRA2; whole pictures are held in memory."""
    with torch.no_grad():
        scores = Ssimulacra2(to_batch(clean)).tiles(to_batch(changed)).numpy()
    row, column = np.unravel_index(scores.argmin(), scores.shape)
    down, across = ((place + 0.5) / count for place, count in zip((row, column), scores.shape, strict=True))
    return Place(float(scores.min()), float(down), float(across))


def in_words(score: float) -> str:
    """Say what people see at a score of SSIMULACRA2."""
    return next(words for least, words in SCALE if score >= least)


def grounds(clean: Image, changed: Image) -> Iterator[tuple[Picture, Picture]]:
    """Yield both pictures on white, and on black too where one is transparent."""
    yield clean.pixels, changed.pixels
    if clean.alpha is not None or changed.alpha is not None:
        yield _on_black(clean), _on_black(changed)


def _on_black(image: Image) -> Picture:
    return image.pixels if image.alpha is None else (image.pixels - (1 - image.alpha)).clip(0, 1)


def _measured(original: Picture, changed: Picture) -> dict[str, float]:
    whole, worst = whole_and_worst(original, changed)
    errors = distances.flip(original, changed)
    rows, columns = (max(1, round(side / FLIP_TILE)) for side in errors.shape)
    colour = distances.delta_e(original, changed)
    return {
        "ssimulacra2": whole,
        "ssimulacra2_worst_tile": worst,
        "flip": float(errors.mean()),
        "flip_worst_tile": float(F.adaptive_avg_pool2d(torch.from_numpy(errors)[None], (rows, columns)).max()),
        "psnr_db": distances.psnr(original, changed),
        "ssim": distances.ssim(original, changed),
        "delta_e_mean": float(colour.mean()),
        "delta_e_p95": float(np.percentile(colour, 95)),
    }


def finite(value: float, digits: int) -> float | None:
    """Return a rounded value for JSON, None for infinities and not-a-number."""
    return round(value, digits) if math.isfinite(value) else None
