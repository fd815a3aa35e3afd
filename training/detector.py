"""Makes the detector that ships, chooses nothing on held-out pictures, and measures it on them.

Usage: python -m training.features --data ../shared/data --parts fit --out .cache/detector/train.npz
       python -m training.features --data ../shared/data --parts val measure --out .cache/detector/measure.npz
       python -m training.features --data ../shared/data --parts fields --out .cache/detector/fields.npz
       python -m training.detector [--tables .cache/detector] [--out artaudit/detect/weights/residual]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from artaudit.detect import metrics, storage
from artaudit.detect.calibration import Calibration
from artaudit.detect.heads import Scores
from artaudit.detect.residual import ResidualDetector
from artaudit.evidence import FalseAlarms
from training.features import Table, load
from training.material import FIELDS

ALARMS = 0.01
"""Share of each domain's real groups that may pass the threshold, scored by detectors that have not seen them."""

STRANGERS = 0.02
"""Share of a source's real pictures that may pass where nothing was learned from that source."""

SOURCES = ("kodak", "louvre", "stamps", "wallpapers")
"""Real sources that are left out in turn."""

FOLDS = 4


def learn(table: Table) -> ResidualDetector:
    """Fit, every domain weighing with the root of its number; fields of noise are shown to the last head alone."""
    domains = table.facts["domain"]
    weights = np.array([1 / np.sqrt((domains == one).sum()) for one in domains])
    fields, reals = domains == FIELDS, table.features[~table.made]
    detector = ResidualDetector(alarms=ALARMS)
    lessons = np.stack([~fields, ~fields, fields | ~table.made])
    detector.fit_features(table.features, table.made, held_out=reals, weights=weights / weights.mean(), lessons=lessons)
    return detector


def scored(detector: ResidualDetector, table: Table) -> Scores:
    """Return scores, the lowest there is for what is out of domain: it raises no alarm."""
    return np.where(detector.gate_.knows(table.features), detector.score_features(table.features), -np.inf)


def unseen(table: Table) -> tuple[Scores, Scores]:
    """Return every row's score by a detector that has seen nothing of its group, as it is and as it counts."""
    fold = np.array([zlib.crc32(group.encode()) % FOLDS for group in table.facts["group"]])
    plain, counted = np.zeros(len(fold)), np.zeros(len(fold))
    for one in range(FOLDS):
        detector, apart = learn(table.rows(fold != one)), fold == one
        plain[apart] = detector.score_features(table.features[apart])
        counted[apart] = scored(detector, table.rows(apart))
    return plain, counted


def bar(table: Table, counted: Scores) -> float:
    """Return the threshold that every domain's groups ask for, and every source that was not learned from."""
    asked = {}
    for domain in sorted(set(table.facts["domain"][~table.made].tolist())):
        these = ~table.made & (table.facts["domain"] == domain)
        asked[domain] = quantile(counted[these], table.facts["group"][these], 1 - ALARMS)
    for source in SOURCES:
        these = table.facts["source"] == source
        left = table.rows(these)
        counts = scored(learn(table.rows(~these)), left)
        asked[source] = quantile(counts, left.facts["group"], 1 - STRANGERS)
    print({name: round(value, 2) for name, value in asked.items()}, flush=True)
    return max(asked.values())


def quantile(scores: Scores, groups: np.ndarray, share: float) -> float:
    """Return what the share of scores does not exceed, all readings of a group together weighing as one."""
    _, number, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order, weights = np.argsort(scores), 1 / sizes[number]
    reached = np.searchsorted(weights[order].cumsum(), share * weights.sum())
    return float(scores[order][min(reached, len(scores) - 1)])


def fit(table: Table) -> ResidualDetector:
    """Learn from everything; set threshold and likelihood ratios by detectors that saw three groups in four."""
    detector, (plain, counted) = learn(table), unseen(table)
    detector.threshold_ = bar(table, counted)
    found = table.facts["domain"] != FIELDS
    detector.calibration_ = Calibration().fit(
        plain[found], table.made[found], strata=table.facts["stratum"][found], groups=table.facts["group"][found]
    )
    return detector


def excerpt(table: Table, edit: str) -> Table:
    """Return the held-out pictures after one edit."""
    return table.where(part="val", edit=edit)


def curve(detector: ResidualDetector, table: Table, generators: list[str]) -> dict[str, Any]:
    """Return AUC and the share found at the threshold, an edit a row."""
    rows = {}
    for edit in sorted(set(table.facts["edit"].tolist())):
        seen = excerpt(table, edit)
        chosen = seen.rows(~seen.made | np.isin(seen.facts["generator"], generators))
        scores = detector.score_features(chosen.features)
        found = metrics.bootstrap(metrics.auc, scores, chosen.made, groups=chosen.facts["group"], resamples=200)
        known = detector.gate_.knows(chosen.features)
        hits = int((known & chosen.made & (scores >= detector.threshold_)).sum())
        rows[edit] = {"AUC": str(found), "found": f"{hits}/{int(chosen.made.sum())}"}
    return rows


def alarms(detector: ResidualDetector, table: Table) -> dict[str, dict[str, Any]]:
    """Return false alarms and abstentions of every real source, all edits but heavy ones together and apart."""
    rows = {}
    for source in sorted(set(table.rows(~table.made).facts["source"].tolist())):
        for edit in ("as it is", "JPEG 96", "past, JPEG 96", "past, JPEG 75"):
            seen = table.rows((table.facts["source"] == source) & ~table.made).where(edit=edit)
            if not len(seen.features):
                continue
            known = detector.gate_.knows(seen.features)
            over = detector.score_features(seen.features) >= detector.threshold_
            exact = metrics.clopper_pearson(int((known & over).sum()), len(known))
            rows[f"{source}, {edit}"] = {"n": len(known), "alarms": str(exact), "out of domain": int((~known).sum())}
    return rows


def left_out(learned: Table, measured: Table) -> dict[str, Any]:
    """Train without each generator in turn and measure on its held-out pictures."""
    rows: dict[str, Any] = {}
    for name in sorted(set(learned.facts["generator"].tolist()) - {""}):
        if (measured.facts["generator"] == name).any():
            without = fit(learned.rows(learned.facts["generator"] != name))
            rows[name] = {edit: row for edit, row in curve(without, measured, [name]).items() if edit in SHOWN}
    return rows


SHOWN = ("JPEG 96", "past, JPEG 96", "past, JPEG 75", "past, resize .75")


def main() -> None:
    """Fit, calibrate, measure, and keep the detector with its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path, default=Path(".cache/detector"))
    parser.add_argument("--out", type=Path, default=Path("artaudit/detect/weights/residual"))
    args = parser.parse_args()
    table = load(args.tables / "train.npz")
    learned = table.where(part="fit").with_rows(load(args.tables / "fields.npz").where())
    measured = load(args.tables / "measure.npz")
    detector = fit(learned)
    every = sorted(set(measured.facts["generator"].tolist()) - {""})
    figures = {
        "curve": curve(detector, measured, every),
        "real pictures": alarms(detector, measured),
        "generator left out": left_out(learned, measured),
    }
    detector.false_alarms_ = held_out_alarms(detector, measured)
    digest = hashlib.sha256((args.tables / "train.npz").read_bytes()).hexdigest()
    storage.write(detector, args.out, kind="residual", about={"features_sha256": digest, "figures": figures})
    text = json.dumps(figures, indent=1)
    print(re.sub(r"\n\s{3,}", " ", text), detector.threshold_, detector.false_alarms_, storage.size(args.out))


def held_out_alarms(detector: ResidualDetector, measured: Table) -> FalseAlarms:
    """Count false alarms on real pictures of no training, re-saved as JPEG 96 with a past like the paintings'."""
    seen = measured.rows(~measured.made).where(edit="past, JPEG 96")
    over = detector.gate_.knows(seen.features) & (detector.score_features(seen.features) >= detector.threshold_)
    return FalseAlarms(int(over.sum()), len(over), "held-out paintings, photographs, flat and cloaked art, JPEG 96")


if __name__ == "__main__":
    main()
