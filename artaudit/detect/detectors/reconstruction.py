"""How well autoencoders redraw a crop, once and twice: pictures that a decoder drew are redrawn better.

Ricker et al., CVPR 2024 (AEROBLADE), https://arxiv.org/abs/2401.17879; the ratio of the first to the second error after
Wang et al. 2025 (AEDR). Distances are of pixels and of their Gaussian residuals, where AEROBLADE takes LPIPS, whose
weights do not come with artaudit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.detect.crop_detector import CropDetector, Features, Squares
from artaudit.errors import UsageError
from artaudit.protocols import Autoencoder

_SMALL = 1e-8


class ReconstructionDetector(CropDetector):
    """Reads, for each autoencoder, the error of redrawing and its ratio to the error of redrawing that again.

    `models` names installed autoencoders; whoever makes the detector hands them to `use`, in that order. The other
    settings are those of every detector.
    """

    def __init__(
        self,
        models: Sequence[str] = (),
        regularisation: float = 0.1,
        crops: int = 5,
        side: int = 128,
        alarms: float = 0.0,
    ) -> None:
        """Keep the settings."""
        self.models = models
        self.regularisation, self.crops, self.side, self.alarms = regularisation, crops, side, alarms

    def use(self, autoencoders: Sequence[Autoencoder]) -> None:
        """Take the autoencoders that `models` names; raises UsageError where there is none."""
        if not autoencoders:
            raise UsageError("A reconstruction detector needs `models`: names that `audit models list` shows.")
        self._autoencoders = list(autoencoders)
        self.digests_ = {model.name: model.digest for model in autoencoders}

    def describe(self, squares: Squares) -> Features:
        """Return four numbers for each crop and autoencoder: log errors of pixels and of residuals, and their ratios.

        Raises UsageError where no autoencoder was handed over.
        """
        if not getattr(self, "_autoencoders", None):
            self.use(())
        pixels = torch.from_numpy(np.ascontiguousarray(squares.transpose(0, 3, 1, 2)))
        with torch.no_grad():
            found = [_errors(model, pixels) for model in self._autoencoders]
        return torch.cat(found, dim=1).numpy().astype(np.float64)


def _errors(model: Autoencoder, pixels: Float[Tensor, "count 3 side side"]) -> Float[Tensor, "count 4"]:
    once = model.decode(model.encode(pixels))[..., : pixels.shape[2], : pixels.shape[3]].clamp(0, 1)
    twice = model.decode(model.encode(once))[..., : pixels.shape[2], : pixels.shape[3]].clamp(0, 1)
    first, second = _distances(pixels, once), _distances(once, twice)
    return torch.cat([first, first - second], dim=1)


def _distances(first: Float[Tensor, "count 3 side side"], second: Float[Tensor, "count 3 side side"]) -> Tensor:
    """Return log mean squares of the difference and of what a mean over 3 x 3 misses of it."""
    apart = first - second
    fine = apart - torch.nn.functional.avg_pool2d(apart, 3, 1, 1)
    return torch.stack([(part**2).mean(dim=(1, 2, 3)).add(_SMALL).log() for part in (apart, fine)], dim=1)
