"""Networks that somebody added, and the detector they are fused into: a folder each, beside the installed models."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from artaudit.detect import storage
from artaudit.detect.detectors.published import PublishedDetector
from artaudit.detect.known_networks import NETWORKS, is_safetensors, recognised
from artaudit.detect.loading import FUSED, SHIPPED, added_folder, open_detector, shipped
from artaudit.errors import ModelError, UsageError
from artaudit.generators.files import copy

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
PUBLISHED = "published"
"""The kind of an added network, as the catalog names it."""


def add(source: Path, name: str = "") -> dict[str, Any]:
    """Install the network in a file, or in the one file of its kind in a folder; return what `listed` says of it.

    It is copied, told by what it holds, pinned by its sha256 and asked once as proof; it appears whole, by one rename,
    or not at all. Raises UsageError for a name that is taken or unfit and for a folder with several files, ModelError
    for a file that is none of the known networks or unsafe, MissingExtraError for ONNX without onnxruntime.
    """
    file = _file_of(source)
    network, _ = recognised(file)
    called = name or network
    if not re.fullmatch(NAME, called) or called in (FUSED, SHIPPED):
        raise UsageError(f"{called!r} is no fit name for a detector: use letters, digits, dots and dashes in another.")
    home = added_folder() / called
    if home.exists():
        raise UsageError(f"A detector named {called} is there already: remove it first, or choose another --name.")
    stage = home.with_name(f".{called}.{secrets.token_hex(4)}")
    kept = "network.safetensors" if is_safetensors(file) else "network.onnx"
    try:
        detector = PublishedDetector(network, kept, copy(file, stage / kept))
        recognised(stage / kept)  # what was copied is what is kept
        detector.use(stage)
        detector.describe(np.full((1, 64, 64, 3), 0.5, dtype=np.float32))
        known = NETWORKS[network]
        about = {"network": known.about, "source": known.source, "licence": known.licence, "file": file.name}
        storage.write(detector, stage, kind=PUBLISHED, about=about)
        stage.rename(home)
    except OSError as error:
        raise ModelError(f"{home} cannot be written ({error.strerror}): choose another ARTAUDIT_MODELS.") from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    open_detector.cache_clear()
    return next(row for row in listed() if row["name"] == called)


def remove(name: str) -> list[str]:
    """Remove an added network, with the fused detector that rests on it, or the fused one alone; return their names.

    Raises UsageError for a name that is none, ModelError where a folder cannot be removed.
    """
    known = [folder.name for folder in _folders()]
    if name not in known:
        there = f"choose {', '.join(known)}" if known else "none was added"
        raise UsageError(f"No added detector is called {name}: {there}.")
    gone = [name]
    if name != FUSED and FUSED in known and name in storage.describe(added_folder() / FUSED)["settings"]["added"]:
        gone.append(FUSED)
    open_detector.cache_clear()
    try:
        for folder in reversed(gone):  # a fused detector never outlives its parts
            shutil.rmtree(added_folder() / folder)
    except OSError as error:
        raise ModelError(f"{added_folder()} cannot be changed ({error.strerror}): remove {name} there.") from error
    return gone


def networks() -> list[str]:
    """Return the names of all added networks."""
    return [row["name"] for row in listed() if row["kind"] == PUBLISHED]


def listed() -> list[dict[str, Any]]:
    """Return what there is of each detector: the shipped one, the added networks, and the fused one.

    `asked` says which one a check asks, `calibrated` whether scores have a meaning, `parts` the sha256 of what a fused
    one rests on. Raises ModelError for a broken record.
    """
    rows = [_row(SHIPPED, shipped()), *(_row(folder.name, folder) for folder in _folders())]
    fused = any(row["name"] == FUSED and row["calibrated"] for row in rows)
    return [row | {"asked": row["name"] == (FUSED if fused else SHIPPED)} for row in rows]


def _folders() -> list[Path]:
    return sorted(path.parent for path in added_folder().glob(f"[!.]*/{storage.SETTINGS}"))


def _row(name: str, folder: Path) -> dict[str, Any]:
    document = storage.describe(folder)
    settings = document["settings"]
    return {
        "name": name,
        "kind": document["kind"],
        "network": settings.get("network", ""),
        "parts": document["learned"].get("parts_", {}),
        "calibrated": "calibration_" in document["parts"],
        "sha256": storage.digest(folder),
        "file_sha256": settings.get("sha256", ""),
        "about": {
            fact: document["about"][fact] for fact in ("network", "source", "licence") if fact in document["about"]
        },
        "folder": str(folder),
    }


def _file_of(source: Path) -> Path:
    if not source.is_dir():
        if not source.is_file():
            raise UsageError(f"{source} is no file and no folder: correct the path.")
        return source
    found = _ending(source, (".safetensors", ".onnx"))
    if len(found) > 1:
        raise UsageError(f"{source} holds {', '.join(path.name for path in found)}: name the one to add.")
    pickles = _ending(source, (".pt", ".pth", ".ckpt", ".bin", ".pkl"))
    if not found and pickles:
        recognised(pickles[0])
    if not found:
        raise UsageError(f"{source} holds no safetensors and no ONNX file: name the file to add.")
    return found[0]


def _ending(folder: Path, endings: Sequence[str]) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in endings)
