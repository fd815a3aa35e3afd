"""The regression that scores: logistic, linear in a picture's numbers, or quadratic in those of each of its places.

A picture that is measured place by place is scored by the mean over its places, which is linear in the means of their
numbers and of the products of these: places without traces add little, and more places make the score more certain.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

BELONGING, REAL, FURTHER = "belonging", "real pictures", "further real pictures"
"""The names of the sets of pictures that the candidate drew, and of those that no model drew."""

LINEAR, QUADRATIC = (30.0, 3.0), (1.0, 0.1)
"""Inverses of the regularisation that are tried, the looser first."""

_FOLDS = 5
_PLACES = 40
"""Places of a picture that are learned from, drawn by chance: neighbours say much the same."""

_OUTERMOST = 3.0
"""Standard deviations from the mean beyond which a place counts as lying there, so that odd ones decide nothing."""

_CALIBRATED = 30.0

Numbers = Float[np.ndarray, "pictures *places numbers"]
Sets = Mapping[str, Numbers]
Groups = Mapping[str, Int[np.ndarray, " pictures"]]


@dataclass(frozen=True, slots=True)
class Regression:
    """Mean and scale of the numbers, a weight for each term, and the intercept."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float

    def score(self, numbers: Numbers) -> Float[np.ndarray, " pictures"]:
        """Return decimal logarithms of likelihood ratios, unbounded."""
        standard = (numbers - np.array(self.mean)) / np.array(self.scale)
        scores: Float[np.ndarray, " pictures"] = terms(standard) @ np.array(self.weights) + self.intercept
        return scores / math.log(10)


def looseness(sets: Sets) -> tuple[float, ...]:
    """Return the inverses of the regularisation that are worth trying."""
    return QUADRATIC if next(iter(sets.values())).ndim == 3 else LINEAR  # noqa: PLR2004 - pictures, places, numbers


def lengths(numbers: int) -> tuple[int, int]:
    """Return how many weights a regression of so many numbers may have."""
    return numbers, numbers + numbers * (numbers + 1) // 2


def terms(standard: Numbers) -> Float[np.ndarray, "pictures terms"]:
    """Return standardised numbers; of places the means of these, and of the products of every two."""
    if standard.ndim == 2:  # noqa: PLR2004 - pictures and numbers
        return standard
    held = standard.clip(-_OUTERMOST, _OUTERMOST)
    first, second = np.triu_indices(held.shape[-1])
    products = held.transpose(0, 2, 1) @ held / held.shape[1]
    return np.concatenate([held.mean(1), products[:, first, second]], axis=1)


def fit(sets: Sets, loose: float) -> Regression:
    """Fit to sets of pictures; both classes have the same weight, and so have the sets of others."""
    numbers, weight = np.concatenate(list(sets.values())), _weights(sets)
    belongs = np.concatenate([np.full(len(values), name == BELONGING) for name, values in sets.items()])
    if numbers.ndim == 2:  # noqa: PLR2004 - pictures and numbers
        return _fitted(numbers, belongs, weight, loose)
    parts = _sampled(numbers)
    several = parts.shape[1]
    single = parts.reshape(-1, 1, parts.shape[-1])
    local = _fitted(single, belongs.repeat(several), weight.repeat(several), loose)
    slope, shift = _logistic(local.score(numbers)[:, None], belongs, weight, _CALIBRATED)
    factor = float(slope[0]) / math.log(10)
    weights = tuple(rounded(factor * np.array(local.weights)))
    return Regression(local.mean, local.scale, weights, factor * local.intercept + shift)


def numbered(sources: Sequence[str]) -> Int[np.ndarray, " pictures"]:
    """Return a number for each picture, by the name of its source: those of one source are of one fold.

    A fold holds the numbers that leave the same remainder. Folds are as large as one another as far as sources allow;
    of fewer sources than folds, every picture is a source.
    """
    counts = Counter(sources)
    if len(counts) < _FOLDS:
        return np.arange(len(sources))
    fold, sizes = {}, [0] * _FOLDS
    for source, count in counts.most_common():
        fold[source] = sizes.index(min(sizes))
        sizes[fold[source]] += count
    taken, numbers = [0] * _FOLDS, []
    for source in sources:
        numbers.append(taken[fold[source]] * _FOLDS + fold[source])
        taken[fold[source]] += 1
    return np.array(numbers)


def held_out(sets: Sets, groups: Groups, loose: float) -> dict[str, np.ndarray]:
    """Score every picture by a fit on the other folds; pictures of one source are never on both sides.

    `groups` numbers the pictures, versions of one alike, as `numbered` does.
    """
    scores = {name: np.zeros(len(numbers)) for name, numbers in sets.items()}
    for fold in range(_FOLDS):
        fitted = fit({name: numbers[groups[name] % _FOLDS != fold] for name, numbers in sets.items()}, loose)
        for name, numbers in sets.items():
            out = groups[name] % _FOLDS == fold
            scores[name][out] = fitted.score(numbers[out])
    return scores


def _fitted(numbers: Numbers, belongs: np.ndarray, weight: np.ndarray, loose: float) -> Regression:
    """Fit on standardised terms, and return the weights for terms as they are."""
    flat = numbers.reshape(-1, numbers.shape[-1])
    mean, scale = rounded(flat.mean(0)), rounded(flat.std(0) + 1e-6)
    values = terms((numbers - np.array(mean)) / np.array(scale))
    middle, spread = values.mean(0), values.std(0) + 1e-6
    weights, intercept = _logistic((values - middle) / spread, belongs, weight, loose)
    return Regression(
        tuple(mean), tuple(scale), tuple(rounded(weights / spread)), intercept - float(weights @ (middle / spread))
    )


def _logistic(
    values: np.ndarray, belongs: np.ndarray, weight: np.ndarray, loose: float
) -> tuple[Float[np.ndarray, " terms"], float]:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - heavy

    model = LogisticRegression(C=loose, solver="newton-cholesky").fit(values, belongs, weight)
    return model.coef_[0], float(model.intercept_[0])


def _weights(sets: Sets) -> Float[np.ndarray, " every"]:
    others = len(sets) - 1
    shares = [(0.5 if name == BELONGING else 0.5 / others) / max(1, len(values)) for name, values in sets.items()]
    every = np.concatenate([np.full(len(values), share) for share, values in zip(shares, sets.values(), strict=True)])
    return every * len(every)


def _sampled(numbers: Float[np.ndarray, "pictures places numbers"]) -> Float[np.ndarray, "pictures some numbers"]:
    """Return some places of every picture, the same at every call."""
    order = np.random.default_rng(0).random(numbers.shape[:2]).argsort(axis=1)[:, :_PLACES]
    return np.take_along_axis(numbers, order[..., None], axis=1)


def rounded(values: np.ndarray) -> list[float]:
    """Return values with the six digits that calibrations keep."""
    return [float(f"{value:.6g}") for value in values]
