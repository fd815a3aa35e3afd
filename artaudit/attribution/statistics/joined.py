"""Several statistics as one, for calibrations that weigh them together."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.attribution.statistic import Pictures, Statistic
from artaudit.attribution.statistics.double import Double
from artaudit.attribution.statistics.octaves import Octaves
from artaudit.attribution.statistics.phase import Phase
from artaudit.protocols import Autoencoder


@dataclass(frozen=True, slots=True)
class Joined:
    """The numbers of all `statistics`, one after the other."""

    statistics: tuple[Statistic, ...] = (Octaves(), Double(), Phase())

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the numbers, in their order."""
        return tuple(name for statistic in self.statistics for name in statistic.names)

    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch numbers"]:
        """Return the numbers of every statistic, side by side."""
        return torch.cat([statistic.measure(model, pixels) for statistic in self.statistics], dim=1)
