"""One component of each kind that a package may add to artaudit: its pyproject.toml names them, nothing else does."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody writes it

from artaudit.detect import CropDetector
from artaudit.detect.crop_detector import Features, Squares
from artaudit.examination import Illustration
from artaudit.findings import Finding
from artaudit.image import Image
from artaudit.protect.objective import Aim, Pixels
from artaudit.protocols import Encoder
from artaudit.tensors import pad_to_multiple


@dataclass(frozen=True)
class Grey:
    """Pulls latents to those of the picture without its colours."""

    needs_generator: ClassVar[bool] = False

    def target(self, clean: Pixels, models: Sequence[Encoder], seed: int) -> Pixels:  # noqa: ARG002 - the protocol's
        """Return the picture without its colours."""
        return clean.mean(dim=1, keepdim=True).expand_as(clean)

    def aim(self, model: Encoder, clean: Pixels, target: Pixels | None, seed: int) -> Aim:  # noqa: ARG002 - likewise
        """Return the squared distance to the target's latents."""
        with torch.no_grad():
            wanted = model.encode(clean if target is None else target)
        return lambda moved, step: (model.encode(moved) - wanted).square().mean()  # noqa: ARG005 - likewise


class Halves:
    """Latents that are the picture at half its size, times a scale that is the weights."""

    factor = 2

    def __init__(self, weights: Path, *, name: str, family: str) -> None:
        """Take a text file with the scale; `name` and `family` are those that `audit models add` was told."""
        self.name, self.family = name, family
        self.digest = hashlib.sha256(weights.read_bytes()).hexdigest()
        self._scale = float(weights.read_text("utf-8"))

    def encode(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return latents, batch x 3 x rows x columns, for pixels in [0, 1]."""
        return F.avg_pool2d(pad_to_multiple(pixels, 2) * 2 - 1, 2) * self._scale

    def decode(self, latents: torch.Tensor) -> torch.Tensor:
        """Return pixels in [0, 1], twice as high and wide."""
        return F.interpolate(latents / self._scale / 2 + 0.5, scale_factor=2).clamp(0, 1)


class Spread(CropDetector):
    """Scores pictures by how far the colours of their crops spread."""

    def __init__(
        self, regularisation: float = 1.0, crops: int = 4, side: int = 32, alarms: float = 0.0, power: float = 1.0
    ) -> None:
        """Take the settings of all detectors, and one of its own: the power of the spread."""
        self.regularisation, self.crops, self.side, self.alarms = regularisation, crops, side, alarms
        self.power = power

    def describe(self, squares: Squares) -> Features:
        """Return the spread of each colour in each crop."""
        return squares.std(axis=(1, 2)).astype(float) ** self.power


class Redness:
    """Says whether a picture is mostly red, and shows its red."""

    name = "redness"

    def examine(self, image: Image) -> list[Finding]:
        """Return one finding."""
        red = float(image.pixels[..., 0].mean())
        return [Finding(self.name, f"its mean red is {red:.2f}", red > 1 / 2, "mean of red", red, 1 / 2)]

    def illustrate(self, image: Image, finding: Finding) -> list[Illustration]:
        """Return the red of the picture."""
        return [Illustration("red", finding.claim, image.rgb8 * np.array([1, 0, 0], np.uint8))]
