"""What a detector is trained by: a YAML file, checked whole before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from artaudit.catalog import DETECTORS, load
from artaudit.detect.settings import (
    FLAG,
    MAPPING,
    SETTINGS,
    TAKES,
    TEXT,
    TEXTS,
    WHOLE,
    Setting,
    complaint,
    told_by,
)
from artaudit.errors import UsageError


@dataclass(frozen=True, slots=True)
class Config:
    """What `audit detector train` reads from YAML; `KEYS` says what each line means."""

    data: str
    detector: str = "residual"
    settings: Mapping[str, Any] = field(default_factory=dict)
    learn: str = "train"
    hold_out: str = "val"
    draws: int = 4
    seed: int = 0
    without: Sequence[str] = ()
    biased: bool = False
    tensorboard: bool = False


KEYS = MappingProxyType(
    {
        "data": Setting(TEXT, "the manifest, relative to the configuration; `audit data index` writes one"),
        "detector": Setting(TEXT, "which detector learns", choices=tuple(DETECTORS.shipped)),
        "settings": Setting(MAPPING, "the detector's own settings, below; those left out keep their defaults"),
        "learn": Setting(TEXT, "the split whose pictures are learned from"),
        "hold_out": Setting(TEXT, "the split whose real pictures set the threshold"),
        "draws": Setting(WHOLE, "random handlings (saving, resizing, blurring) in which each picture is read", least=1),
        "seed": Setting(WHOLE, "seed of these handlings", least=0),
        "without": Setting(TEXTS, "generators whose pictures are left out"),
        "biased": Setting(FLAG, "learn although the files' containers give labels away; their past then teaches too"),
        "tensorboard": Setting(FLAG, "write TensorBoard's logs while a network learns (extra tensorboard)"),
    }
)
"""The lines of a configuration; all but `data` may be left out."""


def read_config(path: Path) -> Config:
    """Read a configuration and check every line of it.

    Raises UsageError for a file that cannot be read, for a key or setting that is unknown or out of range, and for
    data that is not there; what is unknown is named with what was probably meant.
    """
    import yaml  # noqa: PLC0415 - where it is used

    try:
        told = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UsageError(f"{path} cannot be read as YAML ({error}): write lines like `data: manifest.csv`.") from error
    if not isinstance(told, dict) or "data" not in told:
        raise UsageError(f"{path} must name its data: write a line like `data: manifest.csv`.")
    known = {**KEYS, "detector": replace(KEYS["detector"], choices=tuple(DETECTORS))}
    wrong = complaint(told, known, "key")
    name = told.get("detector", "residual")
    taken = _taken(name) if not wrong else {}
    wrong = wrong or complaint(told.get("settings", {}), taken, f"setting of {name}")
    if wrong:
        raise UsageError(f"{path} is wrong: {wrong}")
    config = Config(**told)
    if config.learn == config.hold_out:
        raise UsageError(f"{path} is wrong: the splits learn and hold_out must be two, or the threshold is too low.")
    if not (path.parent / config.data).is_file():
        raise UsageError(f"{path} names the data {config.data}, which is not there: write one with `audit data index`.")
    return config


def _taken(detector: str) -> dict[str, Setting]:
    """Return the settings of a detector; a plug-in's are told by its constructor, which imports it."""
    if detector in DETECTORS.offers:
        return told_by(load(DETECTORS, detector))
    return {setting: SETTINGS[setting] for setting in TAKES.get(detector, ())}
