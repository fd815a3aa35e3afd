"""What detectors with a network of their own share: how they learn it, and how it describes crops."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from artaudit.detect.crop_detector import CropDetector, Features, Squares
from artaudit.detect.networks import NoiseNetwork, ResidualNetwork
from artaudit.detect.training_loop import Draw, Precision, RunDirectory, TrainingSchedule, train

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
    precision: Precision
    patience: int
    network_: ResidualNetwork | NoiseNetwork

    @abstractmethod
    def view(self, pixels: Pixels) -> Maps:
        """Return what the network is shown of pixels in [0, 1]."""

    @abstractmethod
    def networks(self) -> dict[str, nn.Module]:
        """Return the networks by the attribute that holds each, with weights that follow from torch's seed."""

    def learn(self, draw: Draw, watched: Draw | None = None, *, run: RunDirectory) -> None:
        """Learn the network from crops, going on where a stopped run left off; `watched` draws held-out ones."""
        torch.manual_seed(self.seed)
        for name, network in self.networks().items():
            setattr(self, name, network)
        self.prepare(draw, run)
        train(self.network_, draw, self._loss, self.schedule(), run, watched)

    def prepare(self, draw: Draw, run: RunDirectory) -> None:
        """Learn what `view` needs; most views need nothing."""

    def schedule(self) -> TrainingSchedule:
        """Return how long and how fast the network learns."""
        return TrainingSchedule(self.steps, self.rate, seed=self.seed, patience=self.patience, precision=self.precision)

    def describe(self, squares: Squares) -> Features:
        """Return what the network's head sees of each crop."""
        with torch.no_grad():
            pixels = torch.from_numpy(np.ascontiguousarray(squares.transpose(0, 3, 1, 2)))
            return self.network_.features(self.view(pixels)).numpy().astype(np.float64)

    def _loss(self, network: nn.Module, pixels: Pixels, made: Bool[Tensor, " count"]) -> Float[Tensor, ""]:
        with torch.no_grad():
            maps = self.view(pixels)
        return nn.functional.binary_cross_entropy_with_logits(network(maps)[:, 0], made.float())
