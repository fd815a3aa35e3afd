"""A linear classifier over noise residuals of native crops, fitted on pictures of both kinds handled alike.

Residual co-occurrences after Fridrich and Kodovsky 2012, https://doi.org/10.1109/TIFS.2012.2190402; pictures of both
kinds handled alike after Grommelt et al. 2024, https://arxiv.org/abs/2403.17608.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from jaxtyping import Bool

from artaudit.detect.features import crop_features
from artaudit.detect.heads import CropDetector, Features, Squares
from artaudit.detect.learned_noise import learned_residuals


class ResidualDetector(CropDetector):
    """Scores pictures by the noise of their most textured crops, higher for machine-made ones.

    Three heads are asked. One sees everything that filters of fixed shape tell; it knows the generators it learned from
    best. One sees runs of noise and the learned denoiser's noise alone, which carry over to generators that nothing was
    learned from. The last sees spectra, cosines, grid, bands and colours; it is for pictures that hold noise and little
    else, which training may show to it alone, and counts half: such pictures are rare, and what looks like them is not.
    The settings are those of every detector of crops.
    """

    CLIP: ClassVar[float] = 3.0
    SHARES: ClassVar[tuple[float, ...]] = (1.0, 1.0, 0.5)
    CARRIED: ClassVar[frozenset[str]] = frozenset({"runs", "learned"})
    """Groups of features that the second head sees, and the third does not."""

    def __init__(self, regularisation: float = 0.1, crops: int = 8, side: int = 128, alarms: float = 0.0) -> None:
        """Keep the settings."""
        self.regularisation, self.crops, self.side, self.alarms = regularisation, crops, side, alarms

    def describe(self, squares: Squares) -> Features:
        """Return the features of each crop."""
        found = [crop_features(*both) for both in zip(squares, learned_residuals(squares), strict=True)]
        return np.stack([np.concatenate(list(one.values())) for one in found])

    def sights(self) -> Bool[np.ndarray, "heads features"]:
        """Return what each head sees: all but the learned noise, what carries over, and the rest."""
        flat = np.zeros((1, self.side, self.side, 3), np.float32)
        groups = crop_features(flat[0], learned_residuals(flat)[0])
        names = np.concatenate([np.full(len(numbers), name) for name, numbers in groups.items()])
        carried = np.isin(names, list(self.CARRIED))
        return np.stack([names != "learned", carried, ~carried])
