"""Enrols a candidate: measures its own pictures and those of others, and learns to tell them apart."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float

from artaudit.attribution.calibration import (
    SEPARABLE,
    CandidateCalibration,
    Stratum,
    fit_stratum,
)
from artaudit.attribution.candidate import (
    DENOISING,
    METHOD,
    SLOW,
    Candidate,
    calibration_path,
    candidates,
    open_candidate,
    rivals,
    statistic,
)
from artaudit.attribution.families import proved_family
from artaudit.attribution.known_pictures import (
    CHANGED,
    FURTHER,
    RESIZES,
    SIDE,
    Batch,
    Version,
    as_levels,
    large_enough,
    middle_crops,
    strangers,
    to_8_bits,
    versions,
)
from artaudit.attribution.regression import BELONGING, REAL, numbered
from artaudit.attribution.standing_in import standing_in
from artaudit.attribution.statistic import in_parts, redraw
from artaudit.errors import UsageError
from artaudit.image import Image, write_atomically
from artaudit.protocols import Autoencoder, Generator, Progress

MOST = 40
"""Pictures that are measured by default: about five minutes for a small autoencoder on two cores."""

FURTHER_PICTURES = 2
"""How many times as many further pictures are measured that nothing redraws: they cost a fifth of the others."""

STRENGTH, STEPS = 0.6, 20
"""How strongly (share of the schedule) and in how many steps a denoiser redraws crops, for methods that ask it."""

_ALIKE = 1.5 / 255
"""Redrawings that differ by no more than this are of the same decoder."""

_FEWEST = 10
_DRAWN_BY, _BY_ITSELF = "drawn by ", "redrawn by its autoencoder alone"

Measured = tuple[str, Version, Float[np.ndarray, "..."]]


@dataclass(frozen=True, slots=True)
class Known:
    """Pictures by set, and the numbers of the pictures that they were made from, as `numbered` gives them."""

    sets: Mapping[str, Batch]
    sources: Mapping[str, np.ndarray]
    twins: tuple[str, ...]

    def beside(self, further: Batch, numbers: np.ndarray) -> Known:
        """Return these and further real pictures; few of them say nothing and are left out."""
        if len(further) < _FEWEST:
            return self
        return Known({**self.sets, FURTHER: further}, {**self.sources, FURTHER: numbers}, self.twins)

    def versions(self, *, slow: bool) -> Iterator[tuple[str, Version]]:
        """Yield every version of every set; slow methods measure fewer."""
        for name, pixels in self.sets.items():
            resizes = () if slow else RESIZES.get(name, RESIZES[BELONGING])
            for version in versions(pixels, saved=name != FURTHER and not slow, resizes=resizes):
                if not (slow and version.side == SIDE):
                    yield name, version


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Measurements kept in a folder until an enrolment is complete, so that it can go on after a stop."""

    folder: Path | None
    about: str = field(default="")

    def measured(self, key: str, measure: Callable[[], np.ndarray]) -> np.ndarray:
        """Return what was kept under a key, or measure it now."""
        if self.folder is None:
            return measure()
        path = self.folder / f"{hashlib.sha256(f'{self.about} {key}'.encode()).hexdigest()[:32]}.npy"
        try:
            return np.asarray(np.load(path, allow_pickle=False))
        except (OSError, ValueError):
            values = measure()
        self.folder.mkdir(parents=True, exist_ok=True)
        with path.with_suffix(".part").open("wb") as file:
            np.save(file, values, allow_pickle=False)
        path.with_suffix(".part").replace(path)
        return values

    def remove(self) -> None:
        """Remove what was kept."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def learn(  # noqa: PLR0913 - choices of an enrolment, all but three by name
    candidate: Candidate,
    others: Sequence[Candidate],
    pictures: Sequence[Image],
    *,
    sources: Sequence[str] = (),
    method: str = METHOD,
    most: int = MOST,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> CandidateCalibration:
    """Calibrate a candidate on middle crops of real pictures; no calibration is written.

    Its own pictures are the first `most` crops as it redraws them. The other sets are these crops themselves; edited
    ones, drawings by code, and what the `others` redraw, among which the crops are divided; and up to twice `most`
    further crops, as different pictures say more about others than versions of one. Every set is measured in two sizes,
    untouched and saved as files, and resized with the resize undone; the further crops are not saved. Others whose
    redrawings equal its own are twins; others whose pictures cannot be told from its own are relatives, and do not
    count for the bars. `sources` names where each picture comes from, by default each from somewhere else: pictures of
    one source are alike, and a fit that has seen some of them scores others too well. Measurements are kept in the
    folder `kept` until all is done. Raises UsageError for too few pictures.
    """
    every = middle_crops(pictures)[: (1 + FURTHER_PICTURES) * most]
    numbers = _numbers(pictures, sources, len(every))
    crops, further = every[:most], every[most:]
    if len(crops) < _FEWEST:
        raise UsageError(f"An enrolment needs at least {_FEWEST} pictures of {SIDE} pixels: give more.")
    model = open_candidate(candidate.record, denoiser=method in DENOISING)
    known = _known(model, others, crops, numbers[:most], denoising=method in DENOISING).beside(further, numbers[most:])
    digest = hashlib.sha256(as_levels(every).tobytes()).hexdigest()
    unfinished = Unfinished(kept, f"{candidate.record.digest} {method} {statistic(method).names} {digest}")
    measured = _measured(model, method, known, unfinished, progress)
    strata, relatives = _strata(measured, known)
    learned = CandidateCalibration(
        model=candidate.record.name,
        digest=candidate.record.digest,
        method=method,
        names=statistic(method).names,
        pictures=f"middle crops of {SIDE} pixels of {len(every)} pictures, untouched, as files and resized",
        strata=strata,
        twins=known.twins,
        relatives=relatives,
        family=proved_family(candidate.record, model),
    )
    unfinished.remove()
    return learned


def calibrate_model(
    name: str,
    pictures: Sequence[Image] = (),
    *,
    method: str = METHOD,
    most: int = MOST,
    progress: Progress | None = None,
) -> CandidateCalibration:
    """Calibrate the model of this name for attribution and keep the calibration on this machine; return it.

    `pictures` are at least ten that no model made, better a hundred; without any, drawings by code and parts of two
    photographs stand in for them. A stopped calibration of the same pictures goes on where it was.
    Raises UsageError for too few pictures and for a model that is not there or cannot draw.
    """
    (candidate,) = candidates((name,))
    kept = calibration_path(candidate.record).with_suffix(".unfinished")
    chosen = pictures or standing_in(most)
    learned = learn(candidate, rivals(candidate), chosen, method=method, most=most, kept=kept, progress=progress)
    keep(candidate, learned)
    return learned


def keep(candidate: Candidate, calibration: CandidateCalibration) -> Path:
    """Write a calibration into this machine's folder of calibrations; return the path."""
    path = calibration_path(candidate.record)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, calibration.as_json().encode())
    return path


def _measured(
    model: Autoencoder,
    method: str,
    known: Known,
    unfinished: Unfinished,
    progress: Progress | None,
) -> list[Measured]:
    measure, measured = statistic(method).measure, []
    every = list(known.versions(slow=method in SLOW))
    for number, (name, version) in enumerate(every):

        def numbers(pixels: Batch = version.pixels) -> np.ndarray:
            return in_parts(lambda part: measure(model, part), pixels).numpy()

        measured.append((name, version, unfinished.measured(f"{name} {number}", numbers)))
        if progress is not None:
            progress(number + 1, len(every))
    return measured


def _strata(measured: Sequence[Measured], known: Known) -> tuple[tuple[Stratum, ...], tuple[str, ...]]:
    """Return what is learned from every size, and the names of others that cannot be told from the candidate."""
    kinds = sorted({(version.resized, version.side) for _, version, _ in measured})
    relatives: set[str] = set()
    strata = [_stratum(measured, known, kind, relatives) for kind in kinds]
    if not relatives:
        return tuple(strata), ()
    return tuple(_stratum(measured, known, kind, set(relatives)) for kind in kinds), tuple(sorted(relatives))


def _stratum(measured: Sequence[Measured], known: Known, kind: tuple[bool, int], relatives: set[str]) -> Stratum:
    """Learn from one size, without the relatives known so far; others that prove inseparable join these."""
    sets: dict[str, list[np.ndarray]] = {}
    for name, version, numbers in measured:
        if (version.resized, version.side) == kind and name.removeprefix(_DRAWN_BY) not in relatives:
            sets.setdefault(name, []).append(numbers)
    stratum = fit_stratum(
        {name: np.concatenate(parts) for name, parts in sets.items()},
        {name: np.tile(known.sources[name], len(parts)) for name, parts in sets.items()},
        kind[1],
        resized=kind[0],
    )
    alike = {
        name.removeprefix(_DRAWN_BY) for name, value in stratum.aucs.items() if value < SEPARABLE and _DRAWN_BY in name
    }
    if not alike or kind[0]:
        return stratum
    relatives |= alike
    return _stratum(measured, known, kind, relatives)


def _numbers(pictures: Sequence[Image], sources: Sequence[str], count: int) -> np.ndarray:
    """Return the numbers of the first `count` pictures that are large enough."""
    names = sources or [image.sha256 for image in pictures]
    large = [name for image, name in zip(pictures, names, strict=True) if large_enough(image)]
    return numbered(large[:count])


def _known(
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
    share = max(_FEWEST, len(crops) // (len(CHANGED) + len(distinct)))
    for number, name in enumerate([*CHANGED, *distinct]):
        places = np.unique((np.arange(share) + number * share) % len(crops))
        told = f"{_DRAWN_BY}{name}" if name in distinct else name
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
