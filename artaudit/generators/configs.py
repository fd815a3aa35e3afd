"""The configs of models' folders, read as data; and what can be told of a model before any library is loaded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from artaudit.errors import ModelError
from artaudit.visible import visible_line

CONFIG = "config.json"

LARGEST_CONFIG = 4 << 20
"""Bytes of the largest config that is read."""

_FOREIGN = ("auto_map", "quantization_config", "attn_implementation", "_attn_implementation")
"""Entries of a config that make loaders import other code."""

INDEX = "model_index.json"
"""The config of a whole pipeline."""

_LONGEST_NAME = 80
_LENGTH = 8
"""Bytes of a safetensors file that hold the length of its header."""


def read_config(path: Path) -> dict[str, Any]:
    """Return a JSON file's object.

    Raises ModelError where it is missing, too large, no object, or names code to be run.
    """
    try:
        if path.stat().st_size > LARGEST_CONFIG:
            raise ModelError(f"{path} is too large for a config: check the model.")
        plain = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} is missing or no readable JSON: give a whole diffusers folder.") from error
    if not isinstance(plain, dict):
        raise ModelError(f"{path} holds no settings: give a whole diffusers folder.")
    foreign = [key for key in _FOREIGN if plain.get(key)]
    if foreign:
        raise ModelError(f"{path} asks for code or packing of its own ({foreign[0]}): such models are not opened.")
    return plain


def called(name: object) -> str:
    """Say, in quotes, what a config calls itself, which anybody may have written."""
    return f"its config calls it {visible_line(name, _LONGEST_NAME)!r}" if name else "its config does not name it"


def ensure_openable(paths: Sequence[Path]) -> None:
    """Raise ModelError where it is plain that the first of these files or folders, or any file, holds no model."""
    for number, path in enumerate(paths):
        if path.is_dir():
            if number == 0:
                read_config(path / (INDEX if (path / INDEX).is_file() else CONFIG))
            continue
        try:
            with path.open("rb") as file:
                head = file.read(_LENGTH + 1)
        except OSError as error:
            raise ModelError(f"{path} cannot be read ({error.strerror}): correct the path.") from error
        length = int.from_bytes(head[:_LENGTH], "little")
        if head[_LENGTH:] != b"{" or length > path.stat().st_size - _LENGTH:
            raise ModelError(f"{path} is no whole safetensors file; pickles are not read: fetch the model again.")
