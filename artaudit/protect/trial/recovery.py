"""The part of what clean pictures teach that mimics recover: ratios with intervals, and the worst case over attacks.

After Hönig et al., "Adversarial Perturbations Cannot Reliably Protect Artists From Generative AI", ICLR 2025,
https://arxiv.org/abs/2406.12027, whose attacker takes the best of several attempts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from artaudit.metrics import Interval

DRAWS = 2000

Measured = Float[np.ndarray, "seeds units"]
"""Values of one measure (lower is better learned): a row per training run, a column per held-out crop or picture."""


@dataclass(frozen=True, slots=True)
class Recoveries:
    """Recoveries of mimics by one measure.

    `gap` is how much training on clean pictures improves the measure, and `learned` whether its interval lies above 0.
    If not, `arms` is empty and `worst` None. `arms` holds recoveries by the arm's name. `worst` is the recovery of the
    arm that is best for an attacker, chosen anew in every bootstrap draw; `best` names the arm with the highest one.
    """

    gap: Interval
    learned: bool
    arms: Mapping[str, Interval]
    worst: Interval | None
    best: str


def recoveries(
    base: Measured,
    clean: Measured,
    arms: Mapping[str, Measured],
    *,
    attempts: Sequence[str],
    groups: Sequence[int],
    seed: int,
) -> Recoveries:
    """Return recovery `(M - M_base) / (M_clean - M_base)` of every arm: 0 is nothing learned, 1 as much as from clean.

    The bootstrap draws training runs and units, the same for every arm, and units of one group (crops of one picture)
    together. `attempts` are the arms among which an attacker chooses.
    """
    weights = _weights(len(clean), np.asarray(groups, dtype=np.int64), seed)
    learned = _means(base, weights) - _means(clean, weights)
    gap = _interval(float(base.mean() - clean.mean()), learned)
    if gap.low <= 0:
        return Recoveries(gap, learned=False, arms={}, worst=None, best="")
    positive = np.where(learned > 0, learned, np.nan)
    values, spread = {}, {}
    for name, measured in arms.items():
        values[name] = float(base.mean() - measured.mean()) / gap.value
        spread[name] = np.nan_to_num((_means(base, weights) - _means(measured, weights)) / positive, nan=np.inf)
    best = max(attempts, key=lambda name: values[name])
    worst = _interval(values[best], np.max([spread[name] for name in attempts], axis=0))
    return Recoveries(
        gap, learned=True, arms={name: _interval(values[name], spread[name]) for name in arms}, worst=worst, best=best
    )


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of training runs and of units in each bootstrap draw; each row sums to 1."""

    runs: Float[np.ndarray, "draws seeds"]
    units: Float[np.ndarray, "draws units"]


def _weights(seeds: int, groups: Int[np.ndarray, " units"], seed: int) -> Weights:
    """Draw training runs, and whole groups of units, with replacement."""
    random = np.random.default_rng(seed)
    _, group = np.unique(groups, return_inverse=True)
    count = int(group.max()) + 1
    runs = random.multinomial(seeds, np.full(seeds, 1 / seeds), size=DRAWS) / seeds
    units = random.multinomial(count, np.full(count, 1 / count), size=DRAWS)[:, group].astype(np.float64)
    return Weights(runs, units / units.sum(axis=1, keepdims=True))


def _means(measured: Measured, weights: Weights) -> Float[np.ndarray, " draws"]:
    return ((weights.runs @ measured) * weights.units).sum(axis=1)


def _interval(value: float, spread: Float[np.ndarray, " draws"]) -> Interval:
    low, high = np.quantile(spread, 0.025, method="lower"), np.quantile(spread, 0.975, method="higher")
    return Interval(value, float(low), float(high))
