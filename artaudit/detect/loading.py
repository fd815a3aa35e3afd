"""Opens detectors from their folders, of whatever kind, and hands them the models that they redraw pictures with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, cast

from artaudit import catalog
from artaudit.detect import storage
from artaudit.detect.judging import Calibrated
from artaudit.detect.reconstruction import ReconstructionDetector
from artaudit.errors import ModelError, UsageError
from artaudit.generators import pool
from artaudit.generators.clip import wanted
from artaudit.generators.opening import abilities, open_model
from artaudit.protocols import Autoencoder

SHIPPED = "shipped"
"""What the detector that comes with artaudit is called where a folder is expected."""


def shipped() -> Path:
    """Return the folder of the detector that comes with artaudit: without its backbone, that of residuals alone."""
    name = "backbone" if wanted() else "residual"
    return Path(str(resources.files("artaudit.detect") / "weights" / name))


@lru_cache(maxsize=2)
def open_detector(folder: Path) -> Any:  # noqa: ANN401 - any detector
    """Return the detector in `folder`, of the kind that its file names; raises ModelError, UsageError."""
    kind = catalog.load(catalog.DETECTORS, str(storage.describe(folder)["kind"]))
    return equipped(storage.read(kind, folder))


def open_calibrated(folder: Path) -> Calibrated:
    """Return the detector in `folder`; raises ModelError also for one that was never calibrated."""
    detector = open_detector(folder)
    if not isinstance(detector, Calibrated):
        raise ModelError(f"{folder} holds a detector without calibration: use `audit detector calibrate` on it first.")
    return detector


def chosen(model: Path) -> Path:
    """Return the folder that `model` names: itself, or that of the detector that comes with artaudit for "shipped"."""
    return shipped() if model == Path(SHIPPED) and not model.exists() else model


def equipped(detector: Any) -> Any:  # noqa: ANN401 - any detector
    """Hand a detector that redraws pictures the models that it names; raises ModelError where they have changed."""
    if isinstance(detector, ReconstructionDetector):
        learned = getattr(detector, "digests_", None)
        detector.use(_autoencoders(detector.models))
        if learned not in (None, detector.digests_):
            raise ModelError("The detector was trained with other weights of its models: train it again.")
    return detector


def _autoencoders(names: Sequence[str]) -> list[Autoencoder]:
    """Open models by name, installed ones and those that come with artaudit; raises UsageError for one that is none."""
    known = {one.name: one for one in (*pool.embedded(), *pool.installed(pool.models_folder()))}
    able = [name for name, record in known.items() if "autoencoder" in abilities(record)]
    for name in names:
        if name not in able:
            raise UsageError(f"No autoencoder is called {name!r}: choose among {', '.join(able)}.")
    return [cast(Autoencoder, open_model(known[name], denoiser=False)) for name in names]
