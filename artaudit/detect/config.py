"""What a detector is trained by: a YAML file, checked before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from artaudit.errors import UsageError


@dataclass(frozen=True, slots=True)
class Config:
    """What `audit detector train` reads from YAML.

    `data` is a manifest, relative to the config; rows of the split `learn` are learned from, real ones of the split
    `hold_out` set the threshold. Every picture is read in `draws` random handlings. `settings` are the detector's,
    `without` names generators to leave out, `tensorboard` asks for its logs while a network learns. `biased` says that
    containers may give the labels away: files are handled alike, but what they went through before stays.
    """

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


def read_config(path: Path) -> Config:
    """Read a configuration; raises UsageError for one that cannot be read or has a line that is not known."""
    import yaml  # noqa: PLC0415 - where it is used

    try:
        told = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UsageError(f"{path} cannot be read as YAML ({error}): write lines like `data: manifest.csv`.") from error
    known = {field.name for field in fields(Config)}
    if not isinstance(told, dict) or "data" not in told or set(told) - known:
        raise UsageError(f"{path} must name its data, and may hold only {', '.join(sorted(known))}: correct it.")
    config = Config(**told)
    if not isinstance(config.draws, int) or config.draws < 1 or not isinstance(config.seed, int):
        raise UsageError(f"{path} needs whole numbers for draws (from 1) and seed: correct it.")
    return config
