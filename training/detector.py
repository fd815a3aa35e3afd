"""Makes the detector that ships, chooses nothing on held-out pictures, and measures it on them.

Usage: python -m training.features --data ../shared/data --parts fit calibrate --out .cache/detector/train.npz
       python -m training.features --data ../shared/data --parts val measure --out .cache/detector/measure.npz
       python -m training.detector [--tables .cache/detector] [--out artaudit/detect/weights/residual]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from artaudit.detect import metrics, storage
from artaudit.detect.calibration import Calibration
from artaudit.detect.residual import ResidualDetector
from artaudit.evidence import FalseAlarms
from training.features import Table, load

ALARMS = 0.01
"""Share of each calibration domain's real pictures that may pass the threshold."""

MARGIN = 1.0
"""Log odds by which the threshold lies above what calibration asks: unknown sources score higher than known ones."""


def fit(learned: Table, calibrating: Table) -> ResidualDetector:
    """Fit, every domain weighing with the root of its number, then set threshold and calibration."""
    domains = learned.facts["domain"]
    weights = np.array([1 / np.sqrt((domains == one).sum()) for one in domains])
    reals = calibrating.rows(~calibrating.made)
    detector = ResidualDetector(alarms=ALARMS)
    detector.fit_features(learned.features, learned.made, held_out=reals.features, weights=weights / weights.mean())
    reals = reals.rows(detector.gate_.knows(reals.features))
    detector.threshold_ = MARGIN + max(
        float(np.quantile(detector.score_features(reals.where(domain=one).features), 1 - ALARMS))
        for one in np.unique(reals.facts["domain"])
    )
    return detector


def calibrate(detector: ResidualDetector, calibrating: Table) -> None:
    """Learn likelihood ratios, stratum by stratum, from pictures the weights have not seen."""
    scores = detector.score_features(calibrating.features)
    detector.calibration_ = Calibration().fit(
        scores, calibrating.made, strata=calibrating.facts["stratum"], groups=calibrating.facts["group"]
    )


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


def left_out(learned: Table, calibrating: Table, measured: Table) -> dict[str, Any]:
    """Train without each generator in turn and measure on its held-out pictures."""
    rows: dict[str, Any] = {}
    for name in sorted(set(learned.facts["generator"].tolist()) - {""}):
        without = fit(learned.rows(learned.facts["generator"] != name), calibrating)
        if (measured.facts["generator"] == name).any():
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
    learned, calibrating = table.where(part="fit"), table.where(part="calibrate")
    measured = load(args.tables / "measure.npz")
    detector = fit(learned, calibrating)
    calibrate(detector, calibrating)
    every = sorted(set(measured.facts["generator"].tolist()) - {""})
    figures = {
        "curve": curve(detector, measured, every),
        "real pictures": alarms(detector, measured),
        "generator left out": left_out(learned, calibrating, measured),
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
