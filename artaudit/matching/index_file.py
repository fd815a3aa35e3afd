"""The index as a file beside a registry: arrays mapped into memory, rebuilt whenever it is not right.

It holds nothing that the registry does not hold: it may be deleted at any time. The format is
https://huggingface.co/docs/safetensors, whose header is JSON and whose data is never executed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

_KINDS = {"U8": "<u1", "U16": "<u2", "I32": "<i4", "I64": "<i8", "U64": "<u8", "F32": "<f4"}
_LONGEST_HEADER = 1 << 20

Arrays = Mapping[str, np.ndarray]


def index_path(registry: Path) -> Path:
    """Return where the index of a registry lies."""
    return registry.with_name(registry.name + ".index")


def write(path: Path, arrays: Arrays, made_from: str) -> None:
    """Write the arrays in one move, or leave what was there; `made_from` says what they are derived from.

    A folder that cannot be written to is no error: the index is then made again at the next check.
    """
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    facts = {"made_from": made_from, "digest": _digest(whole)}
    with contextlib.suppress(OSError), tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        made = Path(folder) / "index"
        with made.open("wb") as file:
            file.write(save(whole, metadata=facts))
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)


def read(path: Path, made_from: str) -> dict[str, np.ndarray]:
    """Map the arrays of an index made from `made_from`; empty when there is none, or a damaged or another one."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if length <= _LONGEST_HEADER else {}
        facts = header.pop("__metadata__", {})
        if facts.get("made_from") != made_from:
            return {}
        arrays = {name: _mapped(path, 8 + length, said) for name, said in header.items()}
        return arrays if _digest(arrays) == facts.get("digest") else {}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}


def _mapped(path: Path, offset: int, said: Mapping[str, Any]) -> np.ndarray:
    shape, kind = tuple(map(int, said["shape"])), np.dtype(_KINDS[said["dtype"]])
    if 0 in shape:
        return np.empty(shape, kind)
    return np.memmap(path, kind, "r", offset + int(said["data_offsets"][0]), shape)


def _digest(arrays: Arrays) -> str:
    whole = hashlib.sha256()
    for name in sorted(arrays):
        whole.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape};".encode())
        whole.update(np.ascontiguousarray(arrays[name]).tobytes())
    return whole.hexdigest()
