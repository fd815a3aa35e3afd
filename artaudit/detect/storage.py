"""Detectors on the disk: a folder with settings as JSON and everything learned as safetensors, never a pickle.

The format is https://github.com/huggingface/safetensors.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load, save
from torch import nn

from artaudit.errors import ModelError
from artaudit.findings import FalseAlarms
from artaudit.image import write_atomically

SETTINGS, TENSORS = "detector.json", "detector.safetensors"

Kind = TypeVar("Kind")


def write(detector: Any, folder: Path, *, kind: str, about: Mapping[str, Any]) -> None:  # noqa: ANN401 - any detector
    """Keep a fitted detector in `folder`: its settings, and every attribute whose name ends in an underscore.

    Networks are kept by their weights; the detector's `networks` makes blank ones when it is read again.
    `kind` is the detector's name in the catalog, `about` any plain facts (data digests, figures).
    """
    tensors: dict[str, np.ndarray] = {}
    plain = _taken_apart(detector, "", tensors)
    data = save(tensors)
    document = {"kind": kind, "tensors_sha256": hashlib.sha256(data).hexdigest(), "about": dict(about)} | plain
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / TENSORS, data)
    write_atomically(folder / SETTINGS, (json.dumps(document, indent=2, sort_keys=True) + "\n").encode())


def describe(folder: Path) -> dict[str, Any]:
    """Return the JSON part of a detector; raises ModelError where there is none."""
    try:
        found = json.loads((folder / SETTINGS).read_text("utf-8"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ModelError(
            f"{folder} holds no detector ({why}): name a folder that `audit detector train` wrote."
        ) from error
    if not isinstance(found, dict) or not {"kind", "tensors_sha256", "settings", "learned", "parts"} <= found.keys():
        raise ModelError(
            f"{folder / SETTINGS} is not what `audit detector train` writes: train or copy the detector again."
        )
    return found


def read(kind: type[Kind], folder: Path) -> Kind:
    """Return the detector in `folder`; raises ModelError for files that are missing, broken or changed."""
    document = describe(folder)
    try:
        data = (folder / TENSORS).read_bytes()
        if hashlib.sha256(data).hexdigest() != document["tensors_sha256"]:
            raise ModelError(f"{folder / TENSORS} is not the file that was trained: copy the detector again.")
        return _put_together(kind, document, "", load(data))
    except (OSError, SafetensorError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise ModelError(f"{folder} holds a damaged detector ({error}): copy or train it again.") from error


def digest(folder: Path) -> str:
    """Return the sha256 of a detector's two files, as hexadecimal digits."""
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in (SETTINGS, TENSORS))).hexdigest()


def size(folder: Path) -> int:
    """Return the bytes of a detector's two files."""
    return sum(os.path.getsize(folder / name) for name in (SETTINGS, TENSORS))  # noqa: PTH202 - shorter


def _taken_apart(whole: Any, prefix: str, tensors: dict[str, np.ndarray]) -> dict[str, Any]:  # noqa: ANN401
    learned: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    for name, value in sorted(vars(whole).items()):
        if not name.endswith("_"):
            continue
        if name in getattr(whole, "PARTS", {}):
            parts[name] = (
                asdict(value) if isinstance(value, FalseAlarms) else _taken_apart(value, f"{prefix}{name}.", tensors)
            )
        elif isinstance(value, np.ndarray):
            tensors[prefix + name] = np.ascontiguousarray(value)
        elif isinstance(value, nn.Module):
            tensors |= {f"{prefix}{name}/{key}": weight.numpy() for key, weight in value.state_dict().items()}
        else:
            learned[name] = value
    return {"settings": whole.get_params(deep=False), "learned": learned, "parts": parts}


def _put_together(kind: type[Kind], plain: Mapping[str, Any], prefix: str, tensors: Mapping[str, np.ndarray]) -> Kind:
    whole = kind(**plain["settings"])
    for name, value in plain["learned"].items():
        setattr(whole, name, value)
    for name, value in tensors.items():
        if name.startswith(prefix) and "." not in name[len(prefix) :] and "/" not in name:
            setattr(whole, name[len(prefix) :], value)
    for name, network in getattr(whole, "networks", dict)().items():
        below = f"{prefix}{name}/"
        weights = {
            key[len(below) :]: torch.from_numpy(weight) for key, weight in tensors.items() if key.startswith(below)
        }
        network.load_state_dict(weights)
        setattr(whole, name, network.eval())
    for name, value in plain["parts"].items():
        part: Any = kind.PARTS[name]  # type: ignore[attr-defined]
        setattr(
            whole,
            name,
            part(**value) if part is FalseAlarms else _put_together(part, value, f"{prefix}{name}.", tensors),
        )
    return whole
