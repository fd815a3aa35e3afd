"""How neighbouring pixels go together, read by a short residual network (NPR).

Tan et al., CVPR 2024, https://arxiv.org/abs/2312.10461; code https://github.com/chuangchuangtan/NPR-DeepfakeDetection.
There the pictures of one kind came as JPEG and the others as PNG; here both are handled alike.
"""

from __future__ import annotations

from torch import nn

from artaudit.detect.network_detector import Maps, NetworkDetector, Pixels
from artaudit.detect.networks import ResidualNetwork
from artaudit.detect.training_loop import Precision


class NprDetector(NetworkDetector):
    """Reads what each pixel differs by from the first of its 2 x 2 cell, as upsampling leaves it.

    The settings are those of every detector with a network.
    """

    def __init__(  # noqa: PLR0913 - settings
        self,
        steps: int = 600,
        batch: int = 16,
        rate: float = 5e-4,
        seed: int = 0,
        precision: Precision = "no",
        *,
        patience: int = 0,
        regularisation: float = 0.01,
        crops: int = 8,
        side: int = 128,
        alarms: float = 0.0,
    ) -> None:
        """Keep the settings."""
        self.steps, self.batch, self.rate, self.seed, self.precision = steps, batch, rate, seed, precision
        self.patience = patience
        self.regularisation, self.crops, self.side, self.alarms = regularisation, crops, side, alarms

    def view(self, pixels: Pixels) -> Maps:
        """Return two thirds of the differences within cells, as published."""
        height, width = (side // 2 * 2 for side in pixels.shape[2:])
        pixels = pixels[:, :, :height, :width]
        first = pixels[:, :, ::2, ::2].repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        return (pixels - first) * 2 / 3

    def networks(self) -> dict[str, nn.Module]:
        """Return the blank network."""
        return {"network_": ResidualNetwork(3)}
