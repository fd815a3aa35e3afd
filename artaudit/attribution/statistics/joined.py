"""Several statistics as one, for calibrations that weigh them against each other."""

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
        return tuple(name for one in self.statistics for name in one.names)

    def measure(self, model: Autoencoder, pixels: Pictures) -> Float[Tensor, "batch numbers"]:
        """Measure with each of them."""
        return torch.cat([one.measure(model, pixels) for one in self.statistics], dim=1)
