"""A linear classifier over noise residuals of native crops, fitted on pictures of both kinds handled alike.

Residual co-occurrences after Fridrich and Kodovsky 2012, https://doi.org/10.1109/TIFS.2012.2190402; pictures of both
kinds handled alike after Grommelt et al. 2024, https://arxiv.org/abs/2403.17608.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from artaudit.detect.crop_detector import CropDetector, Features, Squares
from artaudit.detect.features import crop_features


class ResidualDetector(CropDetector):
    """Scores pictures by the noise of their most textured crops, higher for machine-made ones.

    The settings are those of every detector of crops.
    """

    CLIP: ClassVar[float] = 3.0

    def __init__(self, regularisation: float = 0.1, crops: int = 8, side: int = 128, alarms: float = 0.0) -> None:
        """Keep the settings."""
        self.regularisation, self.crops, self.side, self.alarms = regularisation, crops, side, alarms

    def describe(self, squares: Squares) -> Features:
        """Return the features of each crop."""
        return np.stack([np.concatenate(list(crop_features(square).values())) for square in squares])
