"""Butteraugli's 3-norm by libjxl's own tool: a measure of visibility that no loss and no choice of settings uses.

Alakuijala et al., "Guetzli: Perceptually Guided JPEG Encoder", 2017, https://arxiv.org/abs/1703.04421, describes it;
Debian's libjxl-devtools has the tool.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image as Pillow

Picture = Float[np.ndarray, "height width 3"]

TOOL = "butteraugli_main"
NORM = 3


def butteraugli(clean: Picture, changed: Picture) -> float:
    """Return how visible a change is, of pictures in [0, 1] that are rounded to 8 bits; 0 is equal."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("clean.png", "changed.png")]
        for path, picture in zip(paths, (clean, changed), strict=True):
            levels = np.rint(picture.clip(0, 1) * 255).astype(np.uint8)
            Pillow.fromarray(levels).save(path, "PNG", compress_level=1)
        line = [tool(), *map(str, paths), "--pnorm", str(NORM)]
        output = subprocess.run(line, capture_output=True, check=True, text=True).stdout  # noqa: S603 - a tool of libjxl
    found = re.search(rf"^{NORM}-norm: (\S+)$", output, re.MULTILINE)
    if found is None:
        raise ValueError(f"{TOOL} said no {NORM}-norm: {output!r}")
    return float(found[1])


@cache
def tool() -> str:
    """Return the tool's path; exits with a sentence where it is not installed."""
    found = shutil.which(TOOL)
    if found is None:
        sys.exit(f"{TOOL} is missing, the judge that no cloak was made under: apt install libjxl-devtools")
    return found
