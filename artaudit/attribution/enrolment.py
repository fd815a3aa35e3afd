"""Enrols a candidate: measures its own pictures and those of others, and learns to tell them apart."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

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
    SIDE,
    Version,
    large_enough,
    middle_crops,
)
from artaudit.attribution.known_sets import DRAWN_BY, FEWEST, Known, by_maker
from artaudit.attribution.plain import plain
from artaudit.attribution.quantisation import BANDS
from artaudit.attribution.regression import numbered
from artaudit.attribution.standing_in import standing_in
from artaudit.attribution.statistic import OfFiles, Statistic, in_parts, names_of_files
from artaudit.errors import UsageError
from artaudit.image import Image, write_atomically
from artaudit.protocols import Autoencoder, Progress

MOST = 40
"""Pictures that are measured by default: about two minutes for a small autoencoder on two cores."""

FURTHER_PICTURES = 2
"""How many times as many further pictures are measured that nothing redraws: they cost a fifth of the others."""

Kind = tuple[bool, tuple[int, ...], int]
"""Whether pictures of a stratum were resized, the qualities of the JPEG files that they are, and their side."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of some pictures of a set: their stratum, and by number what they were made from."""

    name: str
    kind: Kind
    plain: Bool[np.ndarray, " pictures"]
    saved: Bool[np.ndarray, " pictures"]
    sources: Int[np.ndarray, " pictures"]
    numbers: Float[np.ndarray, ...]


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
    ones; drawings by code and what the `others` redraw, among which the crops are divided; and up to twice `most`
    further crops, as different pictures say more about others than versions of one. Every set is measured in two sizes,
    untouched and saved as files, and resized with a resize undone. Others whose
    redrawings equal its own are twins; others whose pictures cannot be told from its own are relatives, and do not
    count for the bars. `sources` names where each picture comes from, by default each from somewhere else: pictures of
    one source are alike, and a fit that has seen some of them scores others too well. Measurements are kept in the
    folder `kept` until all is done. Raises UsageError for too few pictures.
    """
    every = middle_crops(pictures)[: (1 + FURTHER_PICTURES) * most]
    numbers = _numbered(pictures, sources, len(every))
    crops, further = every[:most], every[most:]
    if len(crops) < FEWEST:
        raise UsageError(f"An enrolment needs at least {FEWEST} pictures of {SIDE} pixels: give more.")
    model = open_candidate(candidate.record, denoiser=method in DENOISING)
    known = by_maker(model, others, crops, numbers[:most], denoising=method in DENOISING)
    known = known.beside(further, numbers[most:])
    asked = statistic(method)
    of_files = names_of_files(asked)
    unfinished = Unfinished(kept, f"{candidate.record.digest} {method} {asked.names} {of_files}")
    measured = _measured(model, method, known, unfinished, progress)
    strata, relatives = _strata(measured)
    learned = CandidateCalibration(
        model=candidate.record.name,
        digest=candidate.record.digest,
        method=method,
        names=asked.names,
        names_of_files=of_files,
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
    asked, measured = statistic(method), list[Measured]()
    count = known.count(slow=method in SLOW)
    for number, (name, version) in enumerate(known.versions(slow=method in SLOW)):
        both = unfinished.measured(_digest(version), partial(_numbers, asked, model, version))
        numbers, of_files = np.split(both, [len(asked.names)], axis=-1)
        sources = known.sources[name][version.places]
        odd, saved = in_parts(plain, version.pixels).numpy(), np.full(len(sources), version.saved)
        measured.append(Measured(name, (version.resized, (), version.side), odd, saved, sources, numbers))
        for band in BANDS if of_files.size else ():
            inside = np.array([file.band == band for file in version.files])
            kind = False, band, version.side
            measured.append(Measured(name, kind, odd[inside], saved[inside], sources[inside], of_files[inside]))
        if progress is not None:
            progress(number + 1, count)
    return measured


def _digest(version: Version) -> str:
    """Return the digest of a version's pixels, and of how coarsely its files are kept."""
    digest = hashlib.sha256(version.pixels.numpy().tobytes())
    digest.update(bytes(file.quality for file in version.files))
    return digest.hexdigest()


def _numbers(asked: Statistic, model: Autoencoder, version: Version) -> Float[np.ndarray, ...]:
    """Return the numbers of a version's pictures; of JPEG files, where these are measured, with their further ones."""
    if not version.files or not isinstance(asked, OfFiles):
        return in_parts(lambda part: asked.measure(model, part), version.pixels).numpy()
    measure, steps = asked.measure_files, torch.cat([file.steps for file in version.files])
    return in_parts(lambda part, of_part: torch.cat(measure(model, part, of_part), -1), version.pixels, steps).numpy()


def _strata(measured: Sequence[Measured]) -> tuple[tuple[Stratum, ...], tuple[str, ...]]:
    """Return what is learned from every size, and the names of others that cannot be told from the candidate."""
    kinds = sorted({part.kind for part in measured} - _little_known(measured))
    relatives: set[str] = set()
    strata = [_stratum(measured, kind, relatives) for kind in kinds]
    if not relatives:
        return tuple(strata), ()
    return tuple(_stratum(measured, kind, set(relatives)) for kind in kinds), tuple(sorted(relatives))


def _little_known(measured: Sequence[Measured]) -> set[Kind]:
    """Return the kinds of JPEG files that too few pictures of some set are of."""
    different: dict[tuple[Kind, str], set[int]] = {}
    for part in measured:
        different.setdefault((part.kind, part.name), set()).update(part.sources.tolist())
    return {kind for (kind, _), pictures in different.items() if kind[1] and len(pictures) < FEWEST}


def _stratum(measured: Sequence[Measured], kind: Kind, relatives: set[str]) -> Stratum:
    """Learn from one kind, without the relatives known so far; others that prove inseparable join these."""
    sets: dict[str, list[Measured]] = {}
    for part in measured:
        if part.kind == kind and part.name.removeprefix(DRAWN_BY) not in relatives:
            sets.setdefault(part.name, []).append(part)

    def together(told: Callable[[Measured], np.ndarray]) -> dict[str, np.ndarray]:
        return {name: np.concatenate(list(map(told, parts))) for name, parts in sets.items()}

    resized, jpeg, side = kind
    stratum = fit_stratum(
        together(lambda part: part.numbers),
        together(lambda part: part.sources),
        side,
        plain=together(lambda part: part.plain),
        saved=together(lambda part: part.saved),
        resized=resized,
        jpeg=jpeg,
    )
    alike = {
        name.removeprefix(DRAWN_BY) for name, value in stratum.aucs.items() if value < SEPARABLE and DRAWN_BY in name
    }
    if not alike or resized or jpeg:
        return stratum
    relatives |= alike
    return _stratum(measured, kind, relatives)


def _numbered(pictures: Sequence[Image], sources: Sequence[str], count: int) -> np.ndarray:
    """Return the numbers of the first `count` pictures that are large enough."""
    names = sources or [image.sha256 for image in pictures]
    large = [name for image, name in zip(pictures, names, strict=True) if large_enough(image)]
    return numbered(large[:count])
