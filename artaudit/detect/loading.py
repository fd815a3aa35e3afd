"""Opens detectors from their folders, of whatever kind, and hands them what they look through."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, cast

from artaudit import catalog
from artaudit.detect import storage
from artaudit.detect.decision import Calibrated
from artaudit.detect.detectors.fused import FusedDetector
from artaudit.detect.detectors.published import PublishedDetector
from artaudit.detect.detectors.reconstruction import ReconstructionDetector
from artaudit.detect.scoring import Scoring
from artaudit.errors import ModelError, UsageError
from artaudit.findings import PLUGIN
from artaudit.generators import pool
from artaudit.generators.clip import wanted
from artaudit.generators.opening import abilities, open_model
from artaudit.protocols import Autoencoder

SHIPPED = "shipped"
"""What the detector that comes with artaudit is called where a folder is expected."""

FUSED = "fused"
"""What the detector is called that added networks and the shipped one are joined into."""


def shipped() -> Path:
    """Return the folder of the detector that comes with artaudit: without its backbone, that of residuals alone."""
    name = "backbone" if wanted() else "residual"
    return Path(str(resources.files("artaudit.detect") / "weights" / name))


def added_folder() -> Path:
    """Return where added networks and the fused detector lie, a folder each."""
    return pool.models_folder() / "detectors"


def preferred() -> Path:
    """Return the folder of the detector that a check asks: the fused one where it is calibrated, else the shipped."""
    fused = added_folder() / FUSED
    return fused if (fused / storage.SETTINGS).exists() and _is_calibrated(fused) else shipped()


def _is_calibrated(folder: Path) -> bool:
    return "calibration_" in storage.describe(folder)["parts"]


@lru_cache(maxsize=2)
def open_detector(folder: Path) -> Any:  # noqa: ANN401 - any detector
    """Return the detector in `folder`, of the kind that its file names; raises ModelError, UsageError."""
    document = storage.describe(folder)
    name, plugin = str(document["kind"]), document["about"].get(PLUGIN)
    if plugin and name not in catalog.ALL_DETECTORS:
        raise ModelError(f"{folder} was trained with {name} of the plug-in {plugin}, which is not installed here.")
    kind = catalog.load(catalog.ALL_DETECTORS, name)
    detector = equipped(storage.read(kind, folder))
    if isinstance(detector, PublishedDetector):
        detector.use(folder)
    return detector


def open_scoring(folder: Path) -> Any:  # noqa: ANN401 - any detector
    """Return the detector in `folder`; raises ModelError also for an added network whose scores mean nothing yet."""
    detector = open_detector(folder)
    if not isinstance(detector, Scoring):
        raise ModelError(
            f"{folder.name} says nothing before it is calibrated: use `audit detector fuse` with a manifest of real "
            "and machine-made pictures."
        )
    return detector


def open_calibrated(folder: Path) -> Calibrated:
    """Return the detector in `folder`; raises ModelError also for one that was never calibrated."""
    detector = open_scoring(folder)
    if not isinstance(detector, Calibrated):
        raise ModelError(f"{folder} holds a detector without calibration: use `audit detector calibrate` on it first.")
    return detector


def chosen(model: Path) -> Path:
    """Return the folder that `model` names: itself, that of the shipped detector, or that of an added one."""
    if model.exists() or len(model.parts) != 1:
        return model
    if model == Path(SHIPPED):
        return shipped()
    return added_folder() / model if (added_folder() / model / storage.SETTINGS).exists() else model


def parts(networks: Sequence[str]) -> tuple[list[PublishedDetector], dict[str, str]]:
    """Return added networks by name, and the sha256 of every part of a fusion of them, the shipped detector first.

    Raises ModelError for a network that is not there.
    """
    found = [storage.read(PublishedDetector, added_folder() / name) for name in networks]
    for name, network in zip(networks, found, strict=True):
        network.use(added_folder() / name)
    told = {name: network.sha256 for name, network in zip(networks, found, strict=True)}
    return found, {SHIPPED: storage.digest(shipped())} | told


def equipped(detector: Any) -> Any:  # noqa: ANN401 - any detector
    """Hand a detector the models or networks that it names; raises ModelError where they have changed."""
    if isinstance(detector, FusedDetector):
        networks, told = parts(detector.added)
        detector.use(open_detector(shipped()), networks, told)
    if isinstance(detector, ReconstructionDetector):
        learned = getattr(detector, "digests_", None)
        detector.use(_autoencoders(detector.models))
        if learned not in (None, detector.digests_):
            raise ModelError("The detector was trained with other weights of its models: train it again.")
    return detector


def _autoencoders(names: Sequence[str]) -> list[Autoencoder]:
    """Open models by name, installed ones and those that come with artaudit; raises UsageError for one that is none."""
    known = {record.name: record for record in (*pool.embedded(), *pool.installed(pool.models_folder()))}
    able = [name for name, record in known.items() if "autoencoder" in abilities(record)]
    for name in names:
        if name not in able:
            raise UsageError(f"No autoencoder is called {name!r}: choose among {', '.join(able)}.")
    return [cast(Autoencoder, open_model(known[name], denoiser=False)) for name in names]
