"""What the linter must see: a name that is defined nowhere is an error, and shapes written as strings are none."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

SHAPED = '''"""Shapes as strings."""

import numpy as np
from jaxtyping import Float


def mean(pixels: Float[np.ndarray, "height width 3"]) -> Float[np.ndarray, " width"]:
    """Return the mean of every column."""
    return pixels.mean(axis=(0, 2))
'''


def complaints(code: str, place: str) -> list[str]:
    line = [sys.executable, "-m", "ruff", "check", "--output-format", "concise", "--stdin-filename", place, "-"]
    done = subprocess.run(line, input=code, cwd=ROOT, capture_output=True, text=True, check=False)
    return [found for found in done.stdout.splitlines() if found.startswith(place)]


@pytest.mark.parametrize("place", ["artaudit/metrics.py", "training/rounding.py", "tests/test_lint.py"])
def test_a_name_that_is_defined_nowhere_is_an_error(place):
    assert complaints(SHAPED, place) == []
    called = complaints(SHAPED.replace("pixels.mean", "picture.mean"), place)
    assert sum("F821 Undefined name `picture`" in found for found in called) == 1
    annotated = complaints(SHAPED.replace("np.ndarray", "np.ndarray | Path"), place)
    assert sum("F821 Undefined name `Path`" in found for found in annotated) == 2
