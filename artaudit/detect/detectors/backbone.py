"""A linear head on features of a frozen CLIP tower and of noise residuals, of the whole picture and of native crops.

Frozen features of CLIP for detection after Ojha et al., CVPR 2023 (UnivFD), https://arxiv.org/abs/2302.10174; class
tokens of many blocks after Koutlis and Papadopoulos, ECCV 2024 (RINE), https://arxiv.org/abs/2402.19091.
"""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from artaudit.detect.crop_detector import CropDetector, Features, Scores, Squares
from artaudit.detect.crops import Corner, Picture, textured_crops
from artaudit.detect.detectors.residual import ResidualDetector
from artaudit.errors import ModelError
from artaudit.generators.clip import SIDE, VARIABLE, ClipVision, backbone

BLOCKS = (4, 6, 8, 10, 12)
"""Blocks of the tower whose class tokens are read, counted from 1, beside the embedding."""

SMALLEST = 128
"""Pixels along the shorter side below which a picture is too small to tell; up to 224 its crops are mirrored."""


EMPHASIS = 6.0
"""How much a number of the residuals counts beside one of the tower, of which there are eleven times as many."""

_TOKENS = 2 * (len(BLOCKS) * 768 + 512)


def residual_part(features: Features) -> Float[np.ndarray, "count residuals"]:
    """Return the part of the features that `ResidualDetector` counts."""
    return features[:, _TOKENS:]


class BackboneDetector(CropDetector):
    """Scores pictures by class tokens of a frozen tower and by residuals, higher for machine-made ones.

    A picture is seen whole, its middle square at 224 x 224 pixels, and in its `crops` most textured squares of 224
    pixels at native resolution; with `residuals`, what `ResidualDetector` counts in its noise is beside them. The
    settings are those of every detector of crops.
    """

    SOLVER = "lbfgs"

    def __init__(
        self,
        regularisation: float = 0.001,
        crops: int = 2,
        alarms: float = 0.0,
        residuals: bool = True,  # noqa: FBT001, FBT002 - a setting as scikit-learn keeps them
    ) -> None:
        """Keep the settings."""
        self.regularisation, self.crops, self.alarms, self.residuals = regularisation, crops, alarms, residuals

    side = SIDE

    def emphasis(self, count: int) -> Scores:
        """Return 1 for the tower's numbers and more for those of residuals."""
        return np.repeat([1.0, EMPHASIS], [min(count, _TOKENS), max(0, count - _TOKENS)])

    def describe(self, squares: Squares) -> Features:
        """Return the class tokens of the tower's blocks and the embedding of each square of 224 pixels.

        Raises ModelError where the backbone is left out.
        """
        return self._seen(torch.from_numpy(np.ascontiguousarray(squares.transpose(0, 3, 1, 2))))

    def read_crops(self, picture: Picture) -> tuple[list[Corner], Features]:
        """Return the (top, left) corners of a picture's crops and, beside what each shows, what the whole does."""
        if min(picture.shape[:2]) < SMALLEST:
            return [], np.empty((0, 0))
        filled, inset = mirrored(picture, SIDE)
        corners = textured_crops(filled, SIDE, self.crops)
        squares = np.stack([filled[top : top + SIDE, left : left + SIDE] for top, left in corners])
        pixels = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]
        views = torch.cat([self._tower.fitted(pixels), torch.from_numpy(squares.transpose(0, 3, 1, 2))])
        whole, *native = self._seen(views)
        shared = [whole]
        if self.residuals:
            shared += list(ResidualDetector().features([picture]))
        rows = np.stack([np.concatenate([crop, *shared]) for crop in native])
        return [(max(0, top - inset[0]), max(0, left - inset[1])) for top, left in corners], rows

    @cached_property
    def _tower(self) -> ClipVision:
        tower = backbone()
        if tower is None:
            raise ModelError(f"This detector looks through CLIP, which {VARIABLE} leaves out: unset it.")
        return tower

    def _seen(self, views: Float[Tensor, "count 3 224 224"]) -> Features:
        with torch.inference_mode():
            found = self._tower.features(views)
            parts = [found.tokens[block - 1][:, 0] for block in BLOCKS]
            return torch.cat([*parts, found.embedding], dim=1).numpy().astype(np.float64)


def mirrored(picture: Picture, side: int) -> tuple[Float[np.ndarray, "rows columns 3"], tuple[int, int]]:
    """Return a picture continued by its mirror image to `side` pixels a side at least, and where it begins there."""
    missing = [max(0, side - have) for have in picture.shape[:2]]
    (top, bottom), (left, right) = ((each // 2, each - each // 2) for each in missing)
    if not any(missing):
        return picture, (0, 0)
    return np.asarray(cv2.copyMakeBorder(picture, top, bottom, left, right, cv2.BORDER_REFLECT_101)), (top, left)
