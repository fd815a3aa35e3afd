"""The candidates that may have drawn a picture, with their calibrations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import cast

from artaudit import catalog
from artaudit.attribution.calibration import CandidateCalibration
from artaudit.attribution.calibration_files import read_calibration
from artaudit.attribution.families import in_words
from artaudit.attribution.statistic import Statistic, names_of_files
from artaudit.errors import UsageError
from artaudit.generators import pool
from artaudit.generators.opening import abilities, open_model
from artaudit.protocols import Autoencoder

COPIES = frozenset({"studio", "taesd", "vaelight"})
"""Kinds of models whose decoder is a small copy of their family's."""

DENOISING = frozenset({"ddim", "ronan"})
"""Methods that ask the denoiser of a model that has one."""

SLOW = frozenset({"latenttracer", "ddim", "ronan"})
"""Methods that take many passes: the grid is not searched with them."""

METHOD = "inversion"
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
        family = self.calibration.family if self.calibration is not None else ""
        words = in_words(self.record.name, family, copy=copy)
        alike = [("which is also that of", self.twins), ("not to be told from that of", self.relatives)]
        return ", ".join([words, *(f"{what} {' and '.join(names)}" for what, names in alike if names)])

    @property
    def twins(self) -> tuple[str, ...]:
        """Models with the same decoder."""
        return self.calibration.twins if self.calibration is not None else ()

    @property
    def relatives(self) -> tuple[str, ...]:
        """Models whose pictures cannot be told from its own."""
        return self.calibration.relatives if self.calibration is not None else ()

    @property
    def obstacle(self) -> str:
        """Why it gives no answer; empty if it does."""
        if self.calibration is None:
            return f"not calibrated: run `audit attribute enrol {self.record.name}`"
        if self.calibration.separable:
            return ""
        value, worst = min((value, name) for name, value in self.calibration.first.aucs.items())
        return f"not separable here: AUC {value:.2f} against {worst}"


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
        calibration = read_calibration(path) if path.is_file() else None
        if calibration is not None and _fits(calibration, record):
            return calibration
    return None


def _fits(learned: CandidateCalibration, record: pool.Record) -> bool:
    """Tell whether a calibration is for these weights and for the numbers that its method has now."""
    known = learned.method in catalog.ATTRIBUTIONS
    if not known or learned.digest != record.digest:
        return False
    asked = statistic(learned.method)
    return learned.names == asked.names and learned.names_of_files in ((), names_of_files(asked))


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
