"""Where no picture gives numbers, the reason is the true one."""

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.datasets.manifest import Row
from artaudit.detect.detectors.residual import ResidualDetector
from artaudit.detect.feature_table import read_features
from artaudit.errors import UsageError


@pytest.mark.parametrize(("side", "why"), [(96, "is too small for one crop as edited"), (0, "could be read: index")])
def test_nothing_left_says_why(tmp_path, side, why):
    if side:
        Pillow.fromarray(np.full((side, side, 3), 90, np.uint8)).save(tmp_path / "a.png")
    row = Row("a.png", "real", sha256="0" * 64 if not side else "")
    with pytest.raises(UsageError, match=why):
        read_features(ResidualDetector(), [row], tmp_path, lambda _: [lambda levels: levels])
