"""Signed noise residuals at full resolution, read by a small network.

The kernels are the spatial rich model's, Fridrich and Kodovsky 2012, https://doi.org/10.1109/TIFS.2012.2190402; pairs
that are handled alike after Rajan et al., ICLR 2025, https://arxiv.org/abs/2410.11835.
"""

from __future__ import annotations

import torch
from torch import nn

from artaudit.detect.network_detector import Maps, NetworkDetector, Pixels
from artaudit.detect.networks import NoiseNetwork
from artaudit.detect.residuals import KERNELS
from artaudit.detect.training_loop import Precision

_LIMIT = 10 / 255
"""Residuals beyond so much are edges, not noise."""


class CnnDetector(NetworkDetector):
    """Reads two high-pass residuals of each colour, bounded so that edges do not drown the noise.

    `width` is the number of channels at full resolution. The other settings are those of every detector with a
    network.
    """

    def __init__(  # noqa: PLR0913 - settings
        self,
        steps: int = 600,
        batch: int = 16,
        rate: float = 1e-3,
        seed: int = 0,
        precision: Precision = "no",
        *,
        patience: int = 0,
        width: int = 32,
        regularisation: float = 0.01,
        crops: int = 8,
        side: int = 96,
        alarms: float = 0.0,
    ) -> None:
        """Keep the settings."""
        self.steps, self.batch, self.rate, self.seed, self.precision = steps, batch, rate, seed, precision
        self.patience = patience
        self.width = width
        self.regularisation, self.crops, self.side, self.alarms = regularisation, crops, side, alarms

    def view(self, pixels: Pixels) -> Maps:
        """Return six residuals in [-1, 1]: the 3 x 3 kernel on red, green and blue, then the 5 x 5 one."""
        return torch.cat([_filtered(pixels, KERNELS[name]) for name in ("square 3", "square 5")], dim=1)

    def networks(self) -> dict[str, nn.Module]:
        """Return the blank network."""
        return {"network_": NoiseNetwork(6, self.width)}


def _filtered(pixels: Pixels, kernel: object) -> Maps:
    weight = torch.as_tensor(kernel, dtype=pixels.dtype, device=pixels.device).expand(3, 1, -1, -1)
    found = nn.functional.conv2d(pixels, weight, padding=weight.shape[-1] // 2, groups=3)
    return (found / _LIMIT).clamp(-1, 1)
