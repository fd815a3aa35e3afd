"""The candidates that may have drawn a picture, their calibrations, and what each says about a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from artaudit import catalog
from artaudit.attribution.calibration import CandidateCalibration, read_calibration
from artaudit.attribution.families import in_words
from artaudit.attribution.grid import SCALES, Grid, find_grid, rescaled
from artaudit.attribution.statistic import Statistic, in_parts, redraw, whole
from artaudit.errors import UsageError
from artaudit.generators import pool
from artaudit.generators.opening import abilities, open_model
from artaudit.image import Image
from artaudit.protocols import Autoencoder
from artaudit.tensors import to_batch

SIDE = 384
"""Largest side, in pixels, of the middle of a picture that is examined; bounds the work."""

_ALIGNED = 64
"""A multiple of every model's factor."""

LEAST = 96
"""Smallest side, in pixels, of pictures that are examined."""

COPIES = frozenset({"studio", "taesd", "vaelight"})
"""Kinds of models whose decoder is a small copy of their family's."""

DENOISING = frozenset({"ddim", "ronan"})
"""Methods that ask the denoiser of a model that has one."""

SLOW = frozenset({"latenttracer", "ddim", "ronan"})
"""Methods that take many passes: the grid is not searched with them."""

METHOD = "octaves"
"""The statistic that calibrations use by default."""

_FOLDER = ".calibrations"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that may have drawn a picture, and its calibration, if there is one."""

    record: pool.Record
    calibration: CandidateCalibration | None

    @property
    def words(self) -> str:
        """The candidate in words: the model, or all models that share its decoder."""
        if (
            self.calibration is not None
            and self.calibration.method in DENOISING
            and "denoiser" in abilities(self.record)
        ):
            return f"{self.record.name}, its denoiser and its decoder"
        copy = self.record.kind in COPIES or self.record in pool.embedded()
        words = in_words(self.record.name, self.record.family, copy=copy)
        return f"{words}, which is also that of {', '.join(self.twins)}" if self.twins else words

    @property
    def twins(self) -> tuple[str, ...]:
        """Models with the same decoder."""
        return self.calibration.twins if self.calibration is not None else ()

    @property
    def obstacle(self) -> str:
        """Why it gives no answer; empty if it does."""
        if self.calibration is None:
            return f"not calibrated: run `audit attribute enrol {self.record.name} PICTURES`"
        value, worst = min((value, name) for name, value in self.calibration.aucs.items())
        return "" if self.calibration.separable else f"not separable here: AUC {value:.2f} against {worst}"


@dataclass(frozen=True, slots=True)
class Opinion:
    """A candidate's score for a picture (log10 of a likelihood ratio), and the scale and grid that it was found at.

    `seen` is the part of the picture that was scored.
    """

    candidate: Candidate
    score: float
    scale: float
    grid: Grid = field(repr=False)
    seen: Float[Tensor, "1 3 height width"] = field(repr=False)

    @property
    def belongs(self) -> bool:
        """Whether the score reaches the candidate's bar."""
        return self.score >= cast(CandidateCalibration, self.candidate.calibration).bar

    def redrawn(self) -> Float[Tensor, "1 3 height width"]:
        """Return the scored part as the candidate redraws it."""
        return redraw(open_candidate(self.candidate.record), self.seen)


def candidates(names: Sequence[str] = ("auto",)) -> list[Candidate]:
    """Return the named models, or for "auto" all that can draw, installed and embedded, with their calibrations.

    Of twins, which share a decoder, "auto" takes the one that was calibrated. Raises UsageError for an unknown model
    and for one that cannot draw.
    """
    known = pool.by_name(pool.available())
    able = {name: record for name, record in known.items() if "attribution" in abilities(record)}
    chosen = able if tuple(names) == ("auto",) else {name: able.get(name) for name in names}
    missing = [name for name, record in chosen.items() if record is None]
    if missing:
        raise UsageError(f"No model that draws is called {missing[0]}: choose auto, {', '.join(able)}.")
    named = [Candidate(record, calibration_of(record)) for record in chosen.values() if record is not None]
    twins = {twin for candidate in named for twin in candidate.twins} if tuple(names) == ("auto",) else set()
    return [candidate for candidate in named if candidate.calibration is not None or candidate.record.name not in twins]


def rivals(candidate: Candidate) -> list[Candidate]:
    """Return all other models that can draw, twins included."""
    able = [record for record in pool.available() if "attribution" in abilities(record)]
    return [Candidate(record, calibration_of(record)) for record in able if record.name != candidate.record.name]


def calibration_of(record: pool.Record) -> CandidateCalibration | None:
    """Return the calibration for exactly these weights, made on this machine or shipped; None without one."""
    shipped = Path(str(resources.files("artaudit.attribution"))) / "calibrations" / f"{record.name}.json"
    for path in (calibration_path(record), shipped):
        if path.is_file() and _fits(calibration := read_calibration(path), record):
            return calibration
    return None


def _fits(learned: CandidateCalibration, record: pool.Record) -> bool:
    """Tell whether a calibration is for these weights and for the numbers that its method has now."""
    known = learned.method in catalog.ATTRIBUTIONS
    return known and learned.digest == record.digest and learned.names == statistic(learned.method).names


def calibration_path(record: pool.Record) -> Path:
    """Return the path of this machine's calibration of a model."""
    return pool.models_folder() / _FOLDER / f"{record.name}.json"


@lru_cache(maxsize=8)
def open_candidate(record: pool.Record, *, denoiser: bool = False) -> Autoencoder:
    """Open a model, with its denoiser if asked for; its files are checked against their pinned digests."""
    return cast(Autoencoder, open_model(record, denoiser=denoiser))


def statistic(method: str) -> Statistic:
    """Return the statistic that the catalog calls `method`; raises UsageError for an unknown name."""
    return cast(Statistic, catalog.load(catalog.ATTRIBUTIONS, method)())


def opinions(image: Image, asked: Sequence[Candidate], *, resized: bool = False, search: bool = True) -> list[Opinion]:
    """Return the opinion of each candidate without an obstacle about the middle of a picture, highest score first.

    With `resized`, the picture is also scored with a resize by each of `SCALES` undone. Offset and scale are chosen on
    windows with much detail, then the whole middle is scored; without `search`, and with methods in `SLOW`, neither is
    searched. A picture with a side below `LEAST` pixels gets no opinions.
    """
    if min(image.height, image.width) < LEAST:
        return []
    scales, pixels = SCALES if resized else (1.0,), to_batch(image.pixels if resized else _around_middle(image))
    held = [opinion(pixels, candidate, scales, search=search) for candidate in asked if not candidate.obstacle]
    return sorted(held, key=lambda opinion: -opinion.score)


def answer(held: Sequence[Opinion]) -> tuple[str, ...]:
    """Return in words which models the picture belongs to, best first, without repetitions; empty if to none."""
    return tuple(dict.fromkeys(opinion.candidate.words for opinion in held if opinion.belongs))


def opinion(
    pixels: Float[Tensor, "1 3 height width"], candidate: Candidate, scales: Sequence[float], *, search: bool = True
) -> Opinion:
    """Return a calibrated candidate's opinion about the middle of a picture, at the best of scales and offsets."""
    learned = cast(CandidateCalibration, candidate.calibration)
    model = open_candidate(candidate.record, denoiser=learned.method in DENOISING)
    measure = statistic(learned.method).measure

    def score(pictures: Float[Tensor, "batch 3 height width"], *, bounded: bool = False) -> Float[Tensor, " batch"]:
        numbers = in_parts(lambda part: measure(model, part), pictures)
        return torch.from_numpy(learned.score(numbers.double().numpy(), bounded=bounded))

    search = search and learned.method not in SLOW
    middles = {scale: _middle(rescaled(pixels, scale), model.factor) for scale in (scales if search else (1.0,))}
    middles = {scale: middle for scale, middle in middles.items() if min(middle.shape[-2:]) >= LEAST}
    unmoved = Grid(0, 0, torch.zeros(1, 1))
    grids = {scale: find_grid(score, middle, model.factor) if search else unmoved for scale, middle in middles.items()}
    best = max(grids, key=lambda scale: float(grids[scale].scores.max()))
    grid = grids[best]
    seen = whole(middles[best][..., grid.top :, grid.left :], model.factor)
    return Opinion(candidate, float(score(seen, bounded=True)[0]), best, grid, seen)


def _around_middle(image: Image) -> Float[np.ndarray, "rows columns 3"]:
    """Return what `_middle` cuts from, without most of what lies around it, as much on either side."""
    top, left = (max(0, side - SIDE) // 2 // _ALIGNED * _ALIGNED for side in (image.height, image.width))
    return image.seen(slice(top, image.height - top))[:, left : image.width - left]


def _middle(pixels: Float[Tensor, "1 3 height width"], factor: int) -> Float[Tensor, "1 3 rows columns"]:
    """Return the middle, cut at multiples of the factor so that the offset of an uncropped picture is (0, 0)."""
    top, left = (max(0, side - SIDE) // 2 // factor * factor for side in pixels.shape[-2:])
    return pixels[..., top : top + SIDE, left : left + SIDE]
