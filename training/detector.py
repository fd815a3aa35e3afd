"""Makes the detectors that ship, `backbone` and `residual`, from what `training.features` read, and measures them.

Usage: python -m training.features FOLDER…
       python -m training.detector [--features .cache/detector] [--measure] [--out artaudit/detect/weights]

Everything is judged by detectors that saw nothing of its family of generators or of its source. First the part that was
held out is measured, with what the other part teaches; then what ships learns from both. `--measure` stops before that.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from artaudit.detect import metrics, storage
from artaudit.detect.calibration import Calibration
from artaudit.detect.crop_detector import CropDetector, Scores
from artaudit.detect.detectors.backbone import BackboneDetector, residual_part
from artaudit.detect.detectors.residual import ResidualDetector
from artaudit.detect.model_folder import CARD
from artaudit.detect.strata import of_kind
from artaudit.detect.thresholds import ALARMS, IN_A_SOURCE, highest_by_group, lowest_threshold
from artaudit.findings import KINDS, FalseAlarms
from training.collection import DEV, HELD, LEARNED, LIST
from training.features import CLOAKED, OUT, Table, load, load_redrawn

CLEARED, IN_A_FAMILY = 0.01, 0.05
"""Share of machine-made pictures that may be cleared, over all and in every family, of families never learned from."""

UNMATCHED = re.compile("anime|noob|pony|illustrious|anima", re.IGNORECASE)
"""Generators that nothing is learned from: no freely licensed anime by people is at hand to set beside theirs, and a
head that knows such drawings from machines alone takes the style for the sign."""

LEAST = 80
"""Real pictures that a kind needs for a threshold of its own."""

FOLDS, SEED = 8, 20261128
SAVED = "JPEG 96"
EDITS = (SAVED, "JPEG 75", "resize .75", "web")
SIZES = ((0, 384), (384, 768), (768, 1 << 20))
"""Pixels of the shorter side that tables are divided by."""


def origin(table: Table) -> np.ndarray:
    """Return what is left out together: a family of generators, or a source of real pictures."""
    return np.where(table.made, table.facts["family"], table.facts["source"])


def root_weights(origins: np.ndarray) -> Scores:
    """Return the weight of each row so that every origin counts with the root of its number of rows."""
    _, number, counts = np.unique(origins, return_inverse=True, return_counts=True)
    return 1 / np.sqrt(counts[number])


def balance(table: Table) -> Scores:
    """Return how much each reading counts: every origin with the root of its number, both labels alike."""
    weights = root_weights(origin(table))
    for label in (False, True):
        weights[table.made == label] /= weights[table.made == label].sum()
    return weights * len(weights) / 2


def features(kind: str, table: Table) -> np.ndarray:
    """Return what a detector of this kind sees."""
    return table.features if kind == "backbone" else residual_part(table.features)


def learn(kind: str, table: Table, redrawn: Table | None = None) -> CropDetector:
    """Fit a detector on what may be learned from, and on real pictures that autoencoders redrew."""
    table = table if redrawn is None else table.joined(redrawn)
    unmatched = np.array([bool(UNMATCHED.search(name)) for name in table.facts["generator"]])
    table = table.rows((table.facts["use"] == LEARNED) & ~unmatched)
    detector: CropDetector = BackboneDetector() if kind == "backbone" else ResidualDetector()
    seen = features(kind, table)
    detector.fit_features(seen, table.made, held_out=seen[~table.made], weights=balance(table))
    return detector


def folds(table: Table) -> np.ndarray:
    """Return the fold of every reading; an origin lies in one, and folds have about as many of each label."""
    names, number = np.unique(origin(table), return_inverse=True)
    order, found = np.random.default_rng(SEED).permutation(len(names)), np.zeros(len(names), int)
    counts, made = np.bincount(number), np.array([table.made[number == place].any() for place in range(len(names))])
    for label in (False, True):
        filled = np.zeros(FOLDS)
        for place in sorted((other for other in order if made[other] == label), key=lambda other: -counts[other]):
            found[place] = filled.argmin()
            filled[found[place]] += counts[place]
    return found[number]


@dataclass(frozen=True)
class Judged:
    """Scores of readings, and which lie within what the detector learned from: of the others it says nothing."""

    scores: Scores
    known: np.ndarray

    def rows(self, kept: np.ndarray) -> Judged:
        """Return chosen readings."""
        return Judged(self.scores[kept], self.known[kept])

    @property
    def counted(self) -> Scores:
        """Return scores with the lowest there is for what is unknown: it raises no alarm."""
        return np.where(self.known, self.scores, -np.inf)


def judged(detector: CropDetector, seen: np.ndarray) -> Judged:
    """Return a detector's scores of features, and which of them it knows."""
    return Judged(detector.score_features(seen), detector.gate_.knows(seen))


def unseen(kind: str, table: Table, redrawn: Table) -> Judged:
    """Judge every reading by detectors that saw nothing of the family or source that it is of, redrawn or not."""
    scores, known, fold = np.zeros(len(table.features)), np.zeros(len(table.features), bool), folds(table)
    for number in range(FOLDS):
        apart = fold == number
        others = redrawn.rows(~np.isin(redrawn.facts["source"], table.facts["source"][apart]))
        found = judged(learn(kind, table.rows(~apart), others), features(kind, table.rows(apart)))
        scores[apart], known[apart] = found.scores, found.known
    return Judged(scores, known)


def by_picture(table: Table, scores: Scores) -> tuple[Float[np.ndarray, " pictures"], np.ndarray]:
    """Return the highest score of any reading of each picture, and whose it is."""
    return highest_by_group(scores, table.facts["sha256"], origin(table))


def set_thresholds(detector: CropDetector, table: Table, told: Judged) -> None:
    """Set the thresholds of all kinds together and of each, and the score below which a picture is cleared.

    They are set on all real pictures, also those that weights may not learn from: a threshold keeps nothing of them.
    """
    real, counted = ~table.made, told.counted
    detector.threshold_ = lowest_threshold(*by_picture(table.rows(real), counted[real]), ALARMS, IN_A_SOURCE)
    detector.false_alarms_ = alarms(counted[real], detector.threshold_)
    detector.clear_ = -lowest_threshold(*by_picture(table.rows(~real), -told.scores[~real]), CLEARED, IN_A_FAMILY)
    detector.kinds_ = {}
    for kind in KINDS:
        alike = real & (table.facts["kind"] == kind)
        highest, whose = by_picture(table.rows(alike), counted[alike])
        if len(highest) >= LEAST:
            own = lowest_threshold(highest, whose, ALARMS, IN_A_SOURCE)
            detector.kinds_[kind] = {"threshold": own, "false_alarms": asdict(alarms(counted[alike], own))}
    detector.calibration_ = calibrated(table, told.scores)


def alarms(counted: Scores, threshold: float) -> FalseAlarms:
    """Count false alarms among real pictures."""
    population = "readings of real pictures of sources that nothing was learned from"
    return FalseAlarms(int((counted >= threshold).sum()), len(counted), population)


def calibrated(table: Table, scores: Scores) -> Calibration:
    """Return likelihood ratios by file, of all kinds of picture together and of each apart."""
    rows, strata = [], []
    for kind in ("", *KINDS):
        alike = np.flatnonzero((table.facts["kind"] == kind) if kind else np.ones(len(scores), bool))
        rows.append(alike)
        strata.append(np.array([of_kind(stratum, kind) for stratum in table.facts["stratum"][alike]]))
    these = np.concatenate(rows)
    groups = table.facts["group"][these]
    return Calibration().fit(scores[these], table.made[these], strata=np.concatenate(strata), groups=groups)


def ranked(table: Table, told: Judged, threshold: float, clear: float) -> dict[str, Any]:
    """Return figures of some readings: their number, AUC with its interval, found, false alarms, cleared, unknown."""
    made, scores = table.made, told.scores
    over, under = told.counted >= threshold, told.known & (scores < clear)
    row: dict[str, Any] = {"made": int(made.sum()), "real": int((~made).sum())}
    if made.any() and not made.all():
        found = metrics.bootstrap(metrics.labelled_auc, scores, made, groups=table.facts["group"], resamples=200)
        row["auc"] = [round(figure, 4) for figure in (found.value, found.low, found.high)]
    for label, names in ((True, ("found", "cleared", "unknown")), (False, ("alarms", "real cleared", "real unknown"))):
        here = made == label
        if here.any():
            row |= {name: int(flags[here].sum()) for name, flags in zip(names, (over, under, ~told.known), strict=True)}
    return row


def figures(table: Table, told: Judged, detector: CropDetector) -> dict[str, dict[str, Any]]:
    """Return tables by edit; of pictures saved alike also by family, source, kind and size."""
    threshold, clear = detector.threshold_, detector.clear_

    def row(kept: np.ndarray) -> dict[str, Any]:
        return ranked(table.rows(kept), told.rows(kept), threshold, clear)

    saved, made = table.facts["edit"] == SAVED, table.made
    kinds, sides = table.facts["kind"], table.facts["side"]
    hidden = saved & (kinds == CLOAKED)

    def cloaked(those: np.ndarray) -> dict[str, Any]:
        return row(hidden & those) | {"score": round(float(told.scores[hidden & those].mean()), 2)}

    return {
        "by edit": {edit: row(table.facts["edit"] == edit) for edit in EDITS if (table.facts["edit"] == edit).any()},
        "by family": _each(table.facts["family"], saved & made, lambda those: row(saved & (~made | those))),
        "by source": _each(table.facts["source"], saved & ~made, lambda those: row(saved & ~made & those)),
        "by kind": _each(kinds, saved, lambda those: row(saved & those)),
        "by cloak": _each(table.facts["generator"], hidden, cloaked) | _each(table.facts["family"], hidden, cloaked),
        "by size": {f"{low} to {high - 1}": row(saved & (sides >= low) & (sides < high)) for low, high in SIZES},
    }


def _each(
    names: np.ndarray, kept: np.ndarray, row: Callable[[np.ndarray], dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    return {str(name): row(names == name) for name in sorted(set(names[kept].tolist()))}


def held_out(kind: str, table: Table, redrawn: Table) -> dict[str, Any]:
    """Measure the part that was held out with a detector, and thresholds, that the other part teaches."""
    dev, held, redrawn = table.where(part=DEV), table.where(part=HELD), redrawn.where(part=DEV)
    detector = learn(kind, dev, redrawn)
    set_thresholds(detector, dev, unseen(kind, dev, redrawn))
    return figures(held, judged(detector, features(kind, held)), detector)


def made(kind: str, table: Table, redrawn: Table) -> tuple[CropDetector, dict[str, Any]]:
    """Return the detector that ships, its thresholds set on scores of unseen families and sources, and its figures."""
    detector, told = learn(kind, table, redrawn), unseen(kind, table, redrawn)
    set_thresholds(detector, table, told)
    return detector, {"held out": held_out(kind, table, redrawn), "left out": figures(table, told, detector)}


def card(kind: str, detector: CropDetector, table: Table) -> str:
    """Return the model card."""
    learned = table.rows(table.facts["use"] == LEARNED)
    real, drawn = (sorted(set(origin(learned.rows(learned.made == label)).tolist())) for label in (False, True))
    only = sorted(set(table.facts["source"][table.facts["use"] != LEARNED].tolist()))
    sees = {
        "backbone": "class tokens of CLIP ViT-B/16 (see `clip-vit-b16`, pre-trained by OpenAI on pictures of the web, "
        "used here for detection alone) and noise residuals",
        "residual": "noise residuals alone, for those who leave the backbone out",
    }[kind]
    return (
        f"# Model card: {kind}\n\nA linear head over {sees}. Learned by `python -m training.detector` from "
        f"{len(learned.features)} readings of pictures that `training/collection.csv` names by their digests, cloaked "
        "copies of real ones among them, and of real ones that autoencoders redrew.\n\n"
        f"Bars are set on sources and families that were left out: {detector.false_alarms_.count} of "
        f"{detector.false_alarms_.trials} readings of real pictures pass {detector.threshold_:.2f}. Figures lie in "
        "`detector.json`, read `docs/limits.md`.\n\n"
        f"Families of generators learned from: {', '.join(drawn)}.\n\nReal pictures learned from (freely licensed): "
        f"{', '.join(real)}.\n\nMeasured on alone, for want of a stated licence: {', '.join(only)}.\n\n"
        "Licence: Apache-2.0.\n\n"
        "Not for: accusing anybody. Generators of other kinds, pictures edited by machine in parts and kinds of art "
        "that are not named here may be judged worse than measured.\n"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, then make, calibrate and keep both detectors with their figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=Path, default=OUT)
    parser.add_argument(
        "--measure", action="store_true", help="measure on the part to learn from, by leaving out, alone"
    )
    parser.add_argument("--out", type=Path, default=Path("artaudit/detect/weights"))
    args = parser.parse_args(arguments)
    table, redrawn = load(args.features), load_redrawn(args.features)
    for kind in ("backbone", "residual"):
        if args.measure:
            dev, ours = table.where(part=DEV), redrawn.where(part=DEV)
            told, detector = unseen(kind, dev, ours), learn(kind, dev, ours)
            set_thresholds(detector, dev, told)
            print(kind, json.dumps(figures(dev, told, detector), indent=1), flush=True)
            continue
        detector, said = made(kind, table, redrawn)
        digest = hashlib.sha256(LIST.read_bytes()).hexdigest()
        readings = len(table.features) + len(redrawn.features)
        about = {"collection_sha256": digest, "readings": readings, "figures": said}
        storage.write(detector, args.out / kind, kind=kind, about=about)
        (args.out / kind / CARD).write_text(card(kind, detector, table), "utf-8")
        print(kind, json.dumps(said["held out"]["by edit"]), detector.threshold_, detector.clear_, flush=True)


if __name__ == "__main__":
    main()
