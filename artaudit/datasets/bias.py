"""Whether the container alone gives the label away: format, quality, subsampling, size, bytes per pixel.

Grommelt et al. 2024, https://arxiv.org/abs/2403.17608, show how much of a detector's accuracy comes from these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool, Float, Int
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from artaudit.datasets.components import components
from artaudit.datasets.manifest import GENERATED, LABELS, REAL, Row
from artaudit.errors import ArtauditError

BAR = 0.55
"""A data set whose containers alone reach a larger area under the ROC curve is refused."""

LEAST = 10
"""The fewest independent pictures of each label that are needed for an answer."""

MOST = 3000
"""More pictures than this are sampled, whole components at a time."""

_FOLDS, _ROUNDS, _RESAMPLES = 5, 3, 400
_TREES, _LEAF = 60, 5

Columns = Float[np.ndarray, "pictures columns"]


def _kinds(values: Sequence[object]) -> Columns:
    known = sorted(set(map(str, values)))
    return np.array([[float(str(value) == kind) for kind in known] for value in values])


def _quality(rows: Sequence[Row]) -> Columns:
    return np.array([[float(-1 if row.quality is None else row.quality)] for row in rows])


def _size(rows: Sequence[Row]) -> Columns:
    return np.array([[float(row.width), float(row.height), row.width / max(row.height, 1)] for row in rows])


def _density(rows: Sequence[Row]) -> Columns:
    return np.array([[_bytes_a_pixel(row)] for row in rows])


def _bytes_a_pixel(row: Row) -> float:
    return row.bytes / max(row.width * row.height, 1)


FACTS: MappingProxyType[str, tuple[Callable[[Sequence[Row]], Columns], Callable[[Row], str]]] = MappingProxyType(
    {
        "format": (lambda rows: _kinds([row.codec for row in rows]), lambda row: row.codec),
        "quality": (_quality, lambda row: "none" if row.quality is None else str(row.quality)),
        "subsampling": (lambda rows: _kinds([row.subsampling for row in rows]), lambda row: row.subsampling or "none"),
        "progressive": (lambda rows: _kinds([row.progressive for row in rows]), lambda row: str(row.progressive)),
        "size": (_size, lambda row: f"{row.width} x {row.height}"),
        "bytes a pixel": (_density, lambda row: f"about {float(f'{_bytes_a_pixel(row):.1g}'):g}"),
    }
)
"""The facts about files by name: each as numbers for the classifier and as a word for people."""


@dataclass(frozen=True, slots=True)
class Betrayal:
    """How well one fact tells the labels apart: the area under the ROC curve, .5 is chance, with its 95 % interval.

    `real` and `generated` are what most pictures of the label have, with their share.
    """

    fact: str
    auc: float
    low: float
    high: float
    real: str = ""
    generated: str = ""


@dataclass(frozen=True, slots=True)
class Bias:
    """How well a classifier tells the labels by containers alone, on groups that it did not learn from.

    `groups` counts the independent groups among the `pictures`.
    """

    pictures: int
    groups: int
    whole: Betrayal
    facts: tuple[Betrayal, ...]

    @property
    def biased(self) -> bool:
        """Whether the containers give the labels away."""
        return self.whole.auc > BAR

    @property
    def culprits(self) -> tuple[str, ...]:
        """The facts that do so by themselves, the worst first."""
        worst = sorted(self.facts, key=lambda told: -told.auc)
        return tuple(told.fact for told in worst if told.auc > BAR)

    def __str__(self) -> str:
        whole = self.whole
        measured = f"AUC {whole.auc:.2f}, 95 % interval {whole.low:.2f} to {whole.high:.2f}, {self.groups} groups"
        if self.biased:
            reason = ", ".join(self.culprits) or "several facts together"
            chance = " (on so few pictures this may be chance: index more)" if whole.low <= 0.5 else ""  # noqa: PLR2004
            return f"the container gives the label away by {reason}: {measured}{chance}"
        doubt = "; so few pictures cannot rule a bias out" if whole.high > BAR else ""
        return f"the container does not give the label away: {measured}{doubt}"


def bias(rows: Sequence[Row], *, seed: int = 0) -> Bias:
    """Train a classifier on container facts alone and measure it by grouped cross-validation.

    What shares a pair, group or digest is never divided between folds. Raises ArtauditError where fewer than
    `LEAST` independent pictures carry one of the labels.
    """
    rows, groups = _sampled(rows, seed)
    made = np.array([row.label == GENERATED for row in rows], bool)
    for label, mask in zip(LABELS, (~made, made), strict=True):
        if (count := len(set(groups[mask]))) < LEAST:
            raise ArtauditError(
                f"Only {count} independent pictures are {label}, and {LEAST} are the least that the bias audit can "
                "tell anything from: index more."
            )
    alone = {fact: numbers(rows) for fact, (numbers, _) in FACTS.items()}
    together = _measured("all together", np.hstack(list(alone.values())), made, groups, seed)
    facts = []
    for fact, columns in alone.items():
        auc = _measured(fact, columns, made, groups, seed)
        usual = {label: _usual([FACTS[fact][1](row) for row in rows if row.label == label]) for label in LABELS}
        facts.append(Betrayal(fact, auc.auc, auc.low, auc.high, usual[REAL], usual[GENERATED]))
    return Bias(len(rows), len(set(groups)), together, tuple(facts))


def _sampled(rows: Sequence[Row], seed: int) -> tuple[list[Row], Int[np.ndarray, " pictures"]]:
    groups = components(rows)
    if len(rows) > MOST:
        order = np.random.default_rng(seed).permutation(groups.max() + 1)
        counts = np.bincount(groups)
        chosen = order[: np.searchsorted(np.cumsum(counts[order]), MOST) + 1]
        kept = np.flatnonzero(np.isin(groups, chosen))
        return [rows[int(place)] for place in kept], groups[kept]
    return list(rows), groups


def _measured(
    fact: str, columns: Columns, made: Bool[np.ndarray, " pictures"], groups: Int[np.ndarray, " pictures"], seed: int
) -> Betrayal:
    if not np.ptp(columns, axis=0).any():
        return Betrayal(fact, 0.5, 0.5, 0.5)
    scores = np.zeros(len(made))
    for number in range(_ROUNDS):
        folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed + number)
        for seen, unseen in folds.split(columns, made, groups):
            forest = RandomForestClassifier(
                _TREES, min_samples_leaf=_LEAF, class_weight="balanced", random_state=seed + number
            )
            scores[unseen] += forest.fit(columns[seen], made[seen]).predict_proba(columns[unseen])[:, -1]
    return Betrayal(fact, float(roc_auc_score(made, scores)), *_interval(made, scores, groups, seed))


def _interval(
    made: Bool[np.ndarray, " pictures"],
    scores: Float[np.ndarray, " pictures"],
    groups: Int[np.ndarray, " pictures"],
    seed: int,
) -> tuple[float, float]:
    """Return the 95 % interval of the AUC, by resampling whole groups with the scores they have."""
    rng = np.random.default_rng(seed)
    _, places = np.unique(groups, return_inverse=True)
    count = places.max() + 1
    drawn = []
    for _ in range(_RESAMPLES):
        weights = np.bincount(rng.integers(count, size=count), minlength=count)[places]
        if weights[made].any() and weights[~made].any():
            drawn.append(roc_auc_score(made, scores, sample_weight=weights))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def _usual(words: Sequence[str]) -> str:
    return ", ".join(f"{word} {count / len(words):.0%}" for word, count in Counter(words).most_common(3))
