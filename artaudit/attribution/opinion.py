"""What a candidate says about a picture: its score, and where the picture was scored."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.calibration import CandidateCalibration, Stratum
from artaudit.attribution.candidate import DENOISING, SLOW, Candidate, open_candidate, statistic
from artaudit.attribution.plain import plain
from artaudit.attribution.quantisation import ALIGNED, Quantisation, quantisation
from artaudit.attribution.regression import Numbers
from artaudit.attribution.search import CORNER, LARGEST, USUAL, Place, corner_before, find_grid, find_scale, scales
from artaudit.attribution.statistic import OfFiles, detailed, in_parts, redraw
from artaudit.image import Image
from artaudit.protocols import Autoencoder
from artaudit.tensors import to_batch

SIDE, LOOKED_AT = 256, 1024
"""Largest side, in pixels, of the part with the most detail that is scored, and of the middle that it is looked for in.

The first is that of the largest known pictures; it bounds the work, and more of a picture says hardly more: of 50
pictures of 512 pixels by `studio-flux2`, saved as JPEG 75, 46 were named by the middle 192 pixels, 46 by 256; as JPEG
90 50 by 192, 256, 320 and 512 alike.
"""

LEAST, LEAST_RESIZED = 96, 256
"""Smallest side, in pixels, of pictures that are examined, and of those that a resize is undone of."""

PROMISING = -3.0
"""How far above its bar the best window has to be scored, for the picture to be scored there.

Of 54 crops of the embedded models' own pictures after JPEG 90 the lowest had .2.
"""

_CORNER = round(CORNER * LARGEST)
_ALIGNED = 64
"""A multiple of every model's factor."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A candidate's unbounded score for a picture, the stratum that it is judged by, and where it was scored.

    `seen` is the part of the picture that was scored; nine tenths of a `plain` one hold nothing, or no colour.
    """

    candidate: Candidate
    score: float
    stratum: Stratum
    place: Place
    seen: Float[Tensor, "1 3 height width"] = field(repr=False)
    plain: bool = False

    @property
    def belongs(self) -> bool:
        """Whether the score reaches the candidate's bar."""
        return self.score >= self.bar

    @property
    def bar(self) -> float:
        """The bar that the score has to reach."""
        return self.stratum.bar_for(plain=self.plain)

    @property
    def margin(self) -> float:
        """How far the score lies above the bar."""
        return self.score - self.bar

    @property
    def ratio(self) -> float:
        """The decimal logarithm of the likelihood ratio, bounded by the number of known pictures."""
        return self.stratum.ratio(self.score)

    def redrawn(self) -> Float[Tensor, "1 3 height width"]:
        """Return the scored part as the candidate redraws it."""
        return redraw(open_candidate(self.candidate.record), self.seen)


@dataclass(frozen=True, slots=True)
class Views:
    """Parts of one picture: its large middle, its upper left corner, and the factors it may have been resized by.

    `factors` are those of a whole picture, `factors_of_crops` those that are tried with every offset of the grid.
    `file` tells how coarsely a JPEG file is kept whose blocks the middle begins with, None where it is none.
    """

    middle: Float[Tensor, "1 3 height width"]
    corner: Float[Tensor, "1 3 rows columns"]
    factors: tuple[float, ...]
    factors_of_crops: tuple[float, ...] = ()
    file: Quantisation | None = None


def views(image: Image, *, resized: bool = False) -> Views:
    """Cut the parts of a picture that are looked at; with `resized`, a crop may have been resized too."""
    middle, corner = to_batch(_around_middle(image)), to_batch(image.seen(slice(_CORNER))[:, :_CORNER])
    factors = tuple(scales(image.height, image.width))
    return Views(middle, corner, factors, USUAL if resized else (), quantisation(image))


def views_of(pixels: Float[Tensor, "1 3 height width"], *, resized: bool = False) -> Views:
    """Return the parts of a picture that is small enough to be looked at whole."""
    return Views(pixels, pixels, tuple(scales(*pixels.shape[-2:])), USUAL if resized else ())


def opinions(image: Image, asked: Sequence[Candidate], *, resized: bool = False, search: bool = True) -> list[Opinion]:
    """Return the opinion of each candidate without an obstacle about a picture, farthest above its bar first.

    A picture is scored as it lies, a JPEG file in the steps of its quantisation. Where no candidate names it, a resize
    is searched for, and a crop of what scores as high as half of the real pictures, on windows with much detail, and
    the picture is scored again there. With `resized`, crops that were resized by a usual factor are searched for too,
    which takes several times as long; without `search`, and with methods in `SLOW`, nothing is. A picture with a side
    below `LEAST` pixels gets no opinions.
    """
    if min(image.height, image.width) < LEAST:
        return []
    parts = views(image, resized=resized)
    held = [opinion(parts, candidate, search=False) for candidate in asked if not candidate.obstacle]
    if search and not any(first.belongs for first in held):
        held = [searched(parts, first) for first in held]
    return sorted(held, key=lambda opinion: -opinion.margin)


def answer(held: Sequence[Opinion]) -> tuple[str, ...]:
    """Return in words which models the picture belongs to, best first, without repetitions; empty if to none."""
    return tuple(dict.fromkeys(opinion.candidate.words for opinion in held if opinion.belongs))


def opinion(parts: Views, candidate: Candidate, *, search: bool = True) -> Opinion:
    """Return a calibrated candidate's opinion about the parts of a picture, whatever others say."""
    first = _examined(candidate).as_it_lies(parts)
    return searched(parts, first) if search and not first.belongs else first


def searched(parts: Views, first: Opinion) -> Opinion:
    """Return a candidate's opinion after a search for a crop or a resize, given that of the picture as it lies."""
    examined = _examined(first.candidate)
    if examined.learned.method in SLOW:
        return first
    found = [examined.crop(parts)] if first.score >= first.stratum.near else []
    found += examined.resize(parts) + examined.resized_crop(parts)
    best, above = max(found, key=lambda pair: pair[1], default=(Place(), -math.inf))
    if above < PROMISING or (best.scale, best.top, best.left) == (1.0, 0, 0):
        return replace(first, place=best)
    pixels = corner_before(parts.corner, best.scale) if best.scale != 1 else parts.middle
    part = _detailed(pixels[..., best.top :, best.left :], examined.model.factor)
    return max(examined.opinion(part, best), first, key=lambda held: held.margin)


@dataclass(frozen=True, slots=True)
class _Examined:
    """A candidate that is being asked, with its model open."""

    candidate: Candidate
    learned: CandidateCalibration
    model: Autoencoder

    def as_it_lies(self, parts: Views) -> Opinion:
        """Score the part with the most detail, of a JPEG file by what is known of files, if anything is."""
        asked = statistic(self.learned.method)
        stratum = self.learned.stratum(min(SIDE, *parts.middle.shape[-2:]), jpeg=parts.file.band if parts.file else ())
        if parts.file is None or not stratum.jpeg or not isinstance(asked, OfFiles):
            return self.opinion(_detailed(parts.middle, self.model.factor), Place())
        seen = _detailed(parts.middle, max(self.model.factor, ALIGNED))
        _, numbers = asked.measure_files(self.model, seen, parts.file.steps)
        return self._opinion(seen, Place(), stratum, numbers.double().numpy())

    def opinion(self, seen: Float[Tensor, "1 3 height width"], place: Place) -> Opinion:
        """Score a part of the picture that begins and ends on the grid."""
        stratum = self.learned.stratum(min(seen.shape[-2:]), resized=place.scale != 1)
        return self._opinion(seen, place, stratum, self._numbers(seen))

    def _opinion(
        self, seen: Float[Tensor, "1 3 height width"], place: Place, stratum: Stratum, numbers: Numbers
    ) -> Opinion:
        score = float(stratum.score(numbers)[0]) - math.log10(place.among)
        return Opinion(self.candidate, score, stratum, place, seen, plain=bool(plain(seen)[0]))

    def crop(self, parts: Views) -> tuple[Place, float]:
        """Return the best offset of the grid, and how far a window there scores above its bar."""
        stratum = self.learned.stratum(min(SIDE, *parts.middle.shape[-2:]))
        place, best = find_grid(lambda windows: self._score(windows, stratum), parts.middle, self.model.factor)
        return _corrected(place, best - stratum.bar, self.model.factor**2)

    @property
    def _of_resized(self) -> Stratum | None:
        """What is known of resized pictures; None where the candidate's own cannot be told well from others."""
        stratum = self.learned.stratum(LEAST_RESIZED, resized=True)
        return stratum if stratum.resized and stratum.searchable else None

    def resize(self, parts: Views) -> list[tuple[Place, float]]:
        """Return the best resize to undo, and how far a window there scores above its bar; nothing without any."""
        stratum = self._of_resized
        if stratum is None:
            return []
        found = find_scale(
            lambda windows: self._score(windows, stratum), parts.corner, self.model.factor, parts.factors, LEAST_RESIZED
        )
        return [] if found is None else [_corrected(found[0], found[1] - stratum.bar, len(found[0].tried))]

    def resized_crop(self, parts: Views) -> list[tuple[Place, float]]:
        """Return for each factor of crops the best offset with the resize undone, and how far above its bar."""
        stratum, found = self._of_resized, list[tuple[Place, float]]()
        if stratum is None:
            return found
        for scale in parts.factors_of_crops:
            back = corner_before(parts.corner, scale)
            if min(back.shape[-2:]) >= LEAST_RESIZED:
                place, best = find_grid(lambda windows: self._score(windows, stratum), back, self.model.factor)
                among = len(parts.factors_of_crops) * self.model.factor**2
                found.append(_corrected(replace(place, scale=scale), best - stratum.bar, among))
        return found

    def _score(self, pixels: Float[Tensor, "batch 3 height width"], stratum: Stratum) -> Float[Tensor, " batch"]:
        return torch.from_numpy(stratum.score(self._numbers(pixels)))

    def _numbers(self, pixels: Float[Tensor, "batch 3 height width"]) -> Numbers:
        measure = statistic(self.learned.method).measure
        return in_parts(lambda part: measure(self.model, part), pixels).double().numpy()


def _examined(candidate: Candidate) -> _Examined:
    learned = cast(CandidateCalibration, candidate.calibration)
    return _Examined(candidate, learned, open_candidate(candidate.record, denoiser=learned.method in DENOISING))


def _corrected(place: Place, above: float, among: int) -> tuple[Place, float]:
    """Return a place and a score corrected for the number of places: of many one scores high by chance (Bonferroni)."""
    return replace(place, among=among), above - math.log10(among)


def _around_middle(image: Image) -> Float[np.ndarray, "rows columns 3"]:
    """Return the middle that is looked at, cut at multiples of every model's factor, as much on either side."""
    top, left = (max(0, side - LOOKED_AT) // 2 // _ALIGNED * _ALIGNED for side in (image.height, image.width))
    return image.seen(slice(top, image.height - top))[:, left : image.width - left]


def _detailed(pixels: Float[Tensor, "1 3 height width"], factor: int) -> Float[Tensor, "1 3 rows columns"]:
    """Return the part with the most detail, which begins at multiples of the factor."""
    height, width = (min(SIDE, length) // factor * factor for length in pixels.shape[-2:])
    ((top, left),) = detailed(pixels, height, width, factor)
    return pixels[..., top : top + height, left : left + width]
