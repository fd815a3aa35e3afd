"""A detector's folder: written with its model card, and copied with its digests."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from artaudit.detect import storage
from artaudit.detect.detectors.published import PublishedDetector
from artaudit.detect.loading import open_detector
from artaudit.errors import UsageError
from artaudit.image import write_atomically

CARD = "README.md"


def keep(detector: Any, folder: Path, kind: str, about: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Write a detector with its card; return the summary."""
    storage.write(detector, folder, kind=kind, about=about)
    alarms = detector.false_alarms_
    lines = [
        f"# Model card: {kind}",
        f"Threshold {detector.threshold_:.3f}; false alarms {alarms.count} of {alarms.trials} ({alarms.population}).",
        "Likelihood ratios: " + ("calibrated." if hasattr(detector, "calibration_") else "not calibrated yet."),
        "```json\n" + json.dumps(about, indent=2, sort_keys=True) + "\n```",
    ]
    write_atomically(folder / CARD, ("\n\n".join(lines) + "\n").encode())
    return {"path": str(folder), "threshold": detector.threshold_, "false_alarms": asdict(alarms), **about}


def export(folder: Path, target: Path) -> dict[str, Any]:
    """Copy a detector's files into a new folder, with its card and digests; raises UsageError where one lies there."""
    if target.exists():
        raise UsageError(f"{target} exists and nothing is overwritten: choose another name.")
    detector = open_detector(folder)
    target.mkdir(parents=True)
    weights = [detector.file] if isinstance(detector, PublishedDetector) else []
    names = [name for name in (storage.SETTINGS, storage.TENSORS, CARD, *weights) if (folder / name).exists()]
    for name in names:
        shutil.copyfile(folder / name, target / name)
    sums = {name: hashlib.sha256((target / name).read_bytes()).hexdigest() for name in names}
    write_atomically(target / "SHA256SUMS", "".join(f"{sums[name]}  {name}\n" for name in names).encode())
    return {"path": str(target), "files": sums}
