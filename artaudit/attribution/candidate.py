"""Which model drew a picture: the candidates, what was learned about each, and what it says about one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import cast

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
"""Pixels along each side of the middle that is looked at, at most; bounds the work."""

LEAST = 96
"""Pixels along each side below which nothing is said."""

COPIES = frozenset({"studio", "taesd", "vaelight"})
"""Kinds of models whose decoder is a small copy of their family's."""

DENOISING = frozenset({"ddim", "ronan"})
"""Methods that ask the denoiser of a model that has one."""

SLOW = frozenset({"latenttracer", "ddim", "ronan"})
"""Methods that take many passes: the grid is not searched with them."""

METHOD = "octaves"
"""What calibrations weigh where nothing else is asked for."""

_FOLDER = ".calibrations"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model that may have drawn a picture, and what was learned about it, if anything."""

    record: pool.Record
    calibration: CandidateCalibration | None

    @property
    def words(self) -> str:
        """Who is meant when this candidate is named."""
        if (
            self.calibration is not None
            and self.calibration.method in DENOISING
            and "denoiser" in abilities(self.record)
        ):
            return f"{self.record.name}, its denoiser and its decoder"
        copy = self.record.kind in COPIES or self.record in pool.embedded()
        said = in_words(self.record.name, self.record.family, copy=copy)
        return f"{said}, which is also that of {', '.join(self.twins)}" if self.twins else said

    @property
    def twins(self) -> tuple[str, ...]:
        """Models that draw with the very same decoder."""
        return self.calibration.twins if self.calibration is not None else ()

    @property
    def obstacle(self) -> str:
        """Why it gives no answer; empty where it does."""
        if self.calibration is None:
            return f"not calibrated: run `audit attribute enrol {self.record.name} PICTURES`"
        value, worst = min((value, name) for name, value in self.calibration.aucs.items())
        return "" if self.calibration.separable else f"not separable here: AUC {value:.2f} against {worst}"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one candidate says: its score and bar (log10 of a likelihood ratio), and where its grid was found."""

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
        """Redraw what was seen."""
        return redraw(open_candidate(self.candidate.record), self.seen)


def candidates(names: Sequence[str] = ("auto",)) -> list[Candidate]:
    """Return the named models, or of "auto" all that can draw, installed and embedded, with their calibrations.

    Of twins, which draw with the very same decoder, "auto" takes the one that was calibrated. Raises UsageError for a
    name that is not there or that cannot draw.
    """
    able = {name: one for name, one in pool.by_name(pool.available()).items() if "attribution" in abilities(one)}
    chosen = able if tuple(names) == ("auto",) else {name: able.get(name) for name in names}
    missing = [name for name, one in chosen.items() if one is None]
    if missing:
        raise UsageError(f"No model that draws is called {missing[0]}: choose auto, {', '.join(able)}.")
    found = [Candidate(one, calibration_of(one)) for one in chosen.values() if one is not None]
    spoken_for = {twin for one in found for twin in one.twins} if tuple(names) == ("auto",) else set()
    return [one for one in found if one.calibration is not None or one.record.name not in spoken_for]


def rivals(one: Candidate) -> list[Candidate]:
    """Return all other models that can draw, those with the very same decoder too."""
    able = [other for other in pool.available() if "attribution" in abilities(other)]
    return [Candidate(other, calibration_of(other)) for other in able if other.name != one.record.name]


def calibration_of(record: pool.Record) -> CandidateCalibration | None:
    """Return what was learned about exactly these weights, on this machine or before shipping; None for nothing."""
    shipped = Path(str(resources.files("artaudit.attribution"))) / "calibrations" / f"{record.name}.json"
    for path in (calibration_path(record), shipped):
        if path.is_file() and _fits(found := read_calibration(path), record):
            return found
    return None


def _fits(learned: CandidateCalibration, record: pool.Record) -> bool:
    """Say whether a calibration is for these weights, and for the numbers that its method gives today."""
    known = learned.method in catalog.ATTRIBUTIONS
    return known and learned.digest == record.digest and learned.names == statistic(learned.method).names


def calibration_path(record: pool.Record) -> Path:
    """Return where this machine keeps what it learned about a model."""
    return pool.models_folder() / _FOLDER / f"{record.name}.json"


@lru_cache(maxsize=8)
def open_candidate(record: pool.Record, *, denoiser: bool = False) -> Autoencoder:
    """Open a model, with its denoiser where that is asked for, its files checked against their pinned digests."""
    return cast(Autoencoder, open_model(record, denoiser=denoiser))


def statistic(method: str) -> Statistic:
    """Return the statistic that the catalog calls `method`; raises UsageError for a name it does not hold."""
    return cast(Statistic, catalog.load(catalog.ATTRIBUTIONS, method)())


def opinions(image: Image, asked: Sequence[Candidate], *, resized: bool = False, search: bool = True) -> list[Opinion]:
    """Return what each candidate without an obstacle says about the middle of a picture, highest score first.

    With `resized` the picture is also looked at as it was before a resize by each of `SCALES`. The offset and the
    scale are chosen on the windows with most detail, and the score is that of the whole middle; without `search`,
    and with methods in `SLOW`, neither is searched. Nothing is said of a picture below `LEAST` pixels.
    """
    if min(image.height, image.width) < LEAST:
        return []
    scales, pixels = SCALES if resized else (1.0,), to_batch(image.pixels)
    said = [opinion(pixels, one, scales, search=search) for one in asked if not one.obstacle]
    return sorted(said, key=lambda one: -one.score)


def answer(said: Sequence[Opinion]) -> tuple[str, ...]:
    """Return in words who the picture belongs to, best first, each family once; empty where no model claims it."""
    return tuple(dict.fromkeys(one.candidate.words for one in said if one.belongs))


def opinion(
    pixels: Float[Tensor, "1 3 height width"], candidate: Candidate, scales: Sequence[float], *, search: bool = True
) -> Opinion:
    """Return what one calibrated candidate says about the middle of a picture, at the likeliest scale and offset."""
    learned = cast(CandidateCalibration, candidate.calibration)
    model = open_candidate(candidate.record, denoiser=learned.method in DENOISING)
    measure = statistic(learned.method).measure

    def score(pictures: Float[Tensor, "batch 3 height width"], *, bounded: bool = False) -> Float[Tensor, " batch"]:
        numbers = in_parts(lambda part: measure(model, part), pictures)
        return torch.from_numpy(learned.score(numbers.double().numpy(), bounded=bounded))

    search = search and learned.method not in SLOW
    looks = {scale: _middle(rescaled(pixels, scale), model.factor) for scale in (scales if search else (1.0,))}
    looks = {scale: look for scale, look in looks.items() if min(look.shape[-2:]) >= LEAST}
    here = Grid(0, 0, torch.zeros(1, 1))
    grids = {scale: find_grid(score, look, model.factor) if search else here for scale, look in looks.items()}
    scale = max(grids, key=lambda one: float(grids[one].scores.max()))
    grid = grids[scale]
    seen = whole(looks[scale][..., grid.top :, grid.left :], model.factor)
    return Opinion(candidate, float(score(seen, bounded=True)[0]), scale, grid, seen)


def _middle(pixels: Float[Tensor, "1 3 height width"], factor: int) -> Float[Tensor, "1 3 rows columns"]:
    """Cut the middle out, beginning on a multiple of the factor so that an uncropped picture's offset is (0, 0)."""
    top, left = (max(0, side - SIDE) // 2 // factor * factor for side in pixels.shape[-2:])
    return pixels[..., top : top + SIDE, left : left + SIDE]
