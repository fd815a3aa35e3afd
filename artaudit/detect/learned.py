"""What detectors with a network of their own share: how they learn it, and how it describes crops."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from artaudit.detect import loop
from artaudit.detect.heads import CropDetector, Features, Squares
from artaudit.detect.networks import NoiseNetwork, ResidualNetwork

Pixels = Float[Tensor, "count 3 height width"]
Maps = Float[Tensor, "count channels rows columns"]


class NetworkDetector(CropDetector):
    """Learns a network from pairs of crops, then the common head over what the network says of whole pictures.

    Beside the settings of every detector: `steps` of `batch` pairs of crops each, the highest learning `rate`, the
    `seed`, the `precision` of accelerate, and `patience`: after so many looks, 50 steps apart, at pictures kept apart
    without gain it has learned enough, and ends with what did best on these; 0 learns all steps. After `learn`,
    `network_` is the network.
    """

    steps: int
    batch: int
    rate: float
    seed: int
    precision: loop.Precision
    patience: int
    network_: ResidualNetwork | NoiseNetwork

    @abstractmethod
    def view(self, pixels: Pixels) -> Maps:
        """Return what the network is shown of pixels in [0, 1]."""

    @abstractmethod
    def networks(self) -> dict[str, nn.Module]:
        """Return the networks by the attribute that holds each, with weights that follow from torch's seed."""

    def learn(self, draw: loop.Draw, watched: loop.Draw | None = None, *, desk: loop.Desk) -> None:
        """Learn the network from crops, going on where the desk says a run was stopped; `watched` draws others."""
        torch.manual_seed(self.seed)
        for name, network in self.networks().items():
            setattr(self, name, network)
        self.prepare(draw, desk)
        loop.train(self.network_, draw, self._loss, self.schedule(), desk, watched)

    def prepare(self, draw: loop.Draw, desk: loop.Desk) -> None:
        """Learn what `view` needs; most views need nothing."""

    def schedule(self) -> loop.Schedule:
        """Return how long and how fast the network learns."""
        return loop.Schedule(self.steps, self.rate, seed=self.seed, patience=self.patience, precision=self.precision)

    def describe(self, squares: Squares) -> Features:
        """Return what the network's head sees of each crop."""
        with torch.no_grad():
            pixels = torch.from_numpy(np.ascontiguousarray(squares.transpose(0, 3, 1, 2)))
            return self.network_.features(self.view(pixels)).numpy().astype(np.float64)

    def _loss(self, network: nn.Module, pixels: Pixels, made: Bool[Tensor, " count"]) -> Float[Tensor, ""]:
        with torch.no_grad():
            maps = self.view(pixels)
        return nn.functional.binary_cross_entropy_with_logits(network(maps)[:, 0], made.float())
