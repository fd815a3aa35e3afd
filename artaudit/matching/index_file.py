"""The index as a file beside a registry: arrays mapped into memory, rebuilt when missing, damaged or outdated.

Everything in it is derived from the registry, so it may be deleted at any time. The format is
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
    """Return the path of a registry's index."""
    return registry.with_name(registry.name + ".index")


def write(path: Path, arrays: Arrays, made_from: str) -> None:
    """Replace the file in one step, or leave it as it was; `made_from` names what the arrays are derived from.

    A folder that cannot be written to is no error: the index is then made again for the next check.
    """
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    facts = {"made_from": made_from, "digest": _digest(whole)}
    with contextlib.suppress(OSError), tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        written = Path(folder) / "index"
        with written.open("wb") as file:
            file.write(save(whole, metadata=facts))
            file.flush()
            os.fsync(file.fileno())
        written.replace(path)


def read(path: Path, made_from: str) -> dict[str, np.ndarray]:
    """Map the arrays of an index made from `made_from`; empty when the file is missing, damaged or another."""
    arrays, digest = _opened(path, made_from)
    return arrays if arrays and _digest(arrays) == digest else {}


def mapped(path: Path, made_from: str) -> dict[str, np.ndarray]:
    """Map the arrays of a file as `read` does, without reading all of it to compare digests."""
    return _opened(path, made_from)[0]


def _opened(path: Path, made_from: str) -> tuple[dict[str, np.ndarray], str]:
    """Return the arrays of an index made from `made_from`, and the digest that it says they have."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if length <= _LONGEST_HEADER else {}
        facts = header.pop("__metadata__", {})
        if facts.get("made_from") != made_from:
            return {}, ""
        arrays = {name: _mapped(path, 8 + length, entry) for name, entry in header.items()}
        return arrays, str(facts.get("digest", ""))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}, ""


def _mapped(path: Path, offset: int, entry: Mapping[str, Any]) -> np.ndarray:
    shape, kind = tuple(map(int, entry["shape"])), np.dtype(_KINDS[entry["dtype"]])
    if 0 in shape:
        return np.empty(shape, kind)
    # as a plain array, since every part taken of a memmap costs the making of another
    return np.asarray(np.memmap(path, kind, "r", offset + int(entry["data_offsets"][0]), shape))


def _digest(arrays: Arrays) -> str:
    whole = hashlib.sha256()
    for name in sorted(arrays):
        whole.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape};".encode())
        whole.update(np.ascontiguousarray(arrays[name]).tobytes())
    return whole.hexdigest()
