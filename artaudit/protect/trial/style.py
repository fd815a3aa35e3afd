"""Whether drawn pictures have an artist's style: a linear head and a kernel distance over an encoder's Gram features.

Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016,
https://doi.org/10.1109/CVPR.2016.265; Binkowski et al., "Demystifying MMD GANs" (KID), ICLR 2018,
https://arxiv.org/abs/1801.01401. The encoders here are small, and so are their features.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from artaudit.metrics import auc
from artaudit.protocols import Encoder

Features = Float[np.ndarray, "_ features"]
Scores = Float[np.ndarray, " _"]

BLOCK = 4
"""Drawn pictures per block; kernel distances are those of blocks, which the bootstrap draws."""


def features(encoder: Encoder, pictures: Float[Tensor, "pictures 3 height width"]) -> Features:
    """Return the mean of every channel of the latents and the upper triangle of their Gram matrix."""
    with torch.no_grad():
        encoded = [encoder.encode(picture[None]).float().cpu() for picture in pictures]
        latents = torch.cat(encoded).flatten(2).double()
    gram = latents @ latents.transpose(1, 2) / latents.shape[-1]
    rows, columns = torch.triu_indices(*gram.shape[1:])
    return torch.cat([latents.mean(dim=2), gram[:, rows, columns]], dim=1).numpy()


@dataclass(frozen=True, slots=True)
class StyleJudge:
    """A linear classifier of an artist's crops against other pictures; `auc` is by 5-fold cross-validation."""

    head: Pipeline = field(repr=False)
    auc: float

    def score(self, features: Features) -> Scores:
        """Return the log odds that pictures are the artist's."""
        scores: Scores = self.head.decision_function(features)
        return scores


def judge(own: Features, others: Features) -> StyleJudge:
    """Fit a judge on crops by the artist and on others; each kind needs five or more."""
    found, truth = np.concatenate([own, others]), np.repeat([True, False], [len(own), len(others)])
    head = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000))
    kept = cross_val_predict(head, found, truth, cv=5, method="decision_function")
    return StyleJudge(head.fit(found, truth), auc(kept[truth], kept[~truth]))


def kernel_distances(drawn: Features, real: Features) -> Float[np.ndarray, " blocks"]:
    """Return the unbiased squared kernel distance of every block of `BLOCK` drawn pictures to the real ones.

    Features are scaled by the real ones' mean and deviation; the kernel is (x . y / d + 1) cubed.
    """
    centre, scale = real.mean(axis=0), real.std(axis=0) + 1e-6
    reference = (real - centre) / scale
    within = _off_diagonal(_kernel(reference, reference))
    blocks = [(drawn[start : start + BLOCK] - centre) / scale for start in range(0, len(drawn) - BLOCK + 1, BLOCK)]
    return np.array(
        [_off_diagonal(_kernel(block, block)) + within - 2 * _kernel(block, reference).mean() for block in blocks]
    )


def _kernel(first: Features, second: Features) -> Float[np.ndarray, "_ _"]:
    return (first @ second.T / first.shape[1] + 1) ** 3


def _off_diagonal(values: Float[np.ndarray, "count count"]) -> float:
    count = len(values)
    return float((values.sum() - np.trace(values)) / (count * (count - 1)))
