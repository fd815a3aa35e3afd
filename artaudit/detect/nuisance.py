"""Directions in which pictures of one label differ from source to source, damped before a head learns.

Nuisance attribute projection (Solomonoff, Campbell and Boardman, "Advances in channel compensation for SVM speaker
recognition", ICASSP 2005, http://www.ll.mit.edu/r-d/publications/nuisance-attribute-projection), softened as
within-class covariance normalisation is (Hatch, Kajarekar and Stolcke, "Within-class covariance normalization for
SVM-based speaker recognition", Interspeech 2006).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float

Rows = Float[np.ndarray, "count numbers"]

STRENGTH = 100.0
"""How much the average such direction is damped: its variance is divided by about one more than this."""

_FEWEST = 2
"""Pictures of a party below which its mean says nothing of it."""


@dataclass(frozen=True, slots=True)
class Nuisance:
    """Orthonormal `directions` in feature space and what is left of each, in [0, 1]."""

    directions: Float[np.ndarray, "ranks numbers"] = field(repr=False)
    left: Float[np.ndarray, " ranks"] = field(repr=False)

    @classmethod
    def between(cls, rows: Rows, machine_made: Bool[np.ndarray, " count"], parties: np.ndarray) -> Nuisance:
        """Return the directions in which means of parties lie apart from the mean of their label."""
        apart = list(_deviations(rows, machine_made, parties))
        if not apart:
            return cls(np.zeros((0, rows.shape[1])), np.zeros(0))
        _, spread, directions = np.linalg.svd(np.stack(apart), full_matrices=False)
        power = spread**2
        return cls(directions, (1 + STRENGTH * power / max(float(power.mean()), np.finfo(float).tiny)) ** -0.5)

    def damped(self, rows: Rows) -> Rows:
        """Return rows with less of these directions; what was learned from such rows is damped by the same."""
        return np.asarray(rows + (rows @ self.directions.T * (self.left - 1)) @ self.directions)


def _deviations(
    rows: Rows, machine_made: Bool[np.ndarray, " count"], parties: np.ndarray
) -> Iterator[Float[np.ndarray, " numbers"]]:
    """Yield how each party's mean differs from its label's; larger parties count by the fourth root of their number."""
    for label in (False, True):
        alike = machine_made == label
        if not alike.any():
            continue
        middle = rows[alike].mean(axis=0)
        for party in np.unique(parties[alike]):
            own = alike & (parties == party)
            if own.sum() >= _FEWEST:
                yield (rows[own].mean(axis=0) - middle) * own.sum() ** 0.25
