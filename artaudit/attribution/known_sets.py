"""The sets of known pictures by their maker: a candidate's own, and those of others that it has to be told from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from artaudit.attribution.candidate import Candidate, open_candidate
from artaudit.attribution.known_pictures import (
    CHANGED,
    EDITED,
    OF_OTHERS,
    RESIZES,
    SIDE,
    Batch,
    Version,
    strangers,
    to_8_bits,
    versions,
)
from artaudit.attribution.regression import BELONGING, FURTHER, REAL
from artaudit.attribution.statistic import redraw
from artaudit.protocols import Autoencoder, Generator

FEWEST = 10
"""Pictures of a set at least."""

_SHARE = 12
"""Pictures of a set at least, of which `FEWEST` are saved as JPEG files of each band when files take turns."""

DRAWN_BY = "drawn by "

STRENGTH, STEPS = 0.6, 20
"""How strongly (share of the schedule) and in how many steps a denoiser redraws crops, for methods that ask it."""

_BY_ITSELF = "redrawn by its autoencoder alone"

_ALIKE = 1.5 / 255
"""Redrawings that differ by no more than this are of the same decoder."""


@dataclass(frozen=True, slots=True)
class Known:
    """Pictures by set, and the numbers of the pictures that they were made from, as `numbered` gives them."""

    sets: Mapping[str, Batch]
    sources: Mapping[str, np.ndarray]
    twins: tuple[str, ...]

    def beside(self, further: Batch, numbers: np.ndarray) -> Known:
        """Return these and further real pictures; few of them say nothing and are left out."""
        if len(further) < FEWEST:
            return self
        return Known({**self.sets, FURTHER: further}, {**self.sources, FURTHER: numbers}, self.twins)

    def count(self, *, slow: bool) -> int:
        """Return how many versions there are, without making any but those of a few pictures."""
        few = {name: pixels[:FEWEST] for name, pixels in self.sets.items()}
        return sum(1 for _ in Known(few, self.sources, self.twins).versions(slow=slow))

    def versions(self, *, slow: bool) -> Iterator[tuple[str, Version]]:
        """Yield every version of every set; slow methods measure fewer."""
        for name, pixels in self.sets.items():
            resizes = () if slow else RESIZES.get(name, OF_OTHERS)
            for version in versions(pixels, saved=not slow, resizes=resizes):
                if not (slow and version.side == SIDE):
                    yield name, version


def by_maker(
    model: Autoencoder, others: Sequence[Candidate], crops: Batch, numbers: np.ndarray, *, denoising: bool
) -> Known:
    """Return the sets of pictures by their maker, and the names of twins."""
    own = to_8_bits(redraw(model, crops))
    probe = {other.record.name: to_8_bits(redraw(open_candidate(other.record), crops[:2])) for other in others}
    twins = tuple(name for name, batch in probe.items() if float((batch - own[:2]).abs().max()) <= _ALIKE)
    distinct: dict[str, Candidate] = {}
    for other in others:
        alike = [probe[name] for name in distinct] + [own[:2]]
        if not any(float((probe[other.record.name] - batch).abs().max()) <= _ALIKE for batch in alike):
            distinct[other.record.name] = other
    sets, sources = {BELONGING: own, REAL: crops}, {BELONGING: numbers, REAL: numbers}
    share = max(_SHARE, len(crops) // (len(CHANGED) + len(distinct)))
    for number, name in enumerate([*CHANGED, *distinct]):
        count = len(crops) if name == EDITED else share
        places = np.unique((np.arange(count) + number * share) % len(crops))
        told = f"{DRAWN_BY}{name}" if name in distinct else name
        sets[told] = _of_another(name, distinct, crops[places])
        sources[told] = numbers[places]
    if denoising and isinstance(model, Generator):
        sets |= {BELONGING: denoised(model, crops), _BY_ITSELF: own}
        twins = ()
    return Known(sets, {name: sources.get(name, numbers) for name in sets}, twins)


def _of_another(name: str, others: Mapping[str, Candidate], crops: Batch) -> Batch:
    """Return crops as one of the others redraws them, or changed in the way of this name."""
    return to_8_bits(redraw(open_candidate(others[name].record), crops)) if name in others else strangers(crops)[name]


def denoised(model: Generator, crops: Batch) -> Batch:
    """Return crops as a denoiser draws them from their latents under noise, without a prompt."""
    drawn = [
        model.generate("", seed=place, start=crop[None], strength=STRENGTH, guidance=1, steps=STEPS)
        for place, crop in enumerate(crops)
    ]
    return to_8_bits(torch.cat(drawn))
