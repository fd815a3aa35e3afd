"""Makes the detector that ships, chooses nothing on held-out pictures, and measures it on them.

Usage: python -m training.features --data ../shared/data --parts fit --out .cache/detector/train.npz
       python -m training.features --data ../shared/data --parts val measure --out .cache/detector/measure.npz
       python -m training.features --data ../shared/data --parts fields --out .cache/detector/fields.npz
       python -m training.features --data ../shared/data --parts whole --out .cache/detector/whole.npz
       python -m training.detector [--tables .cache/detector] [--out artaudit/detect/weights/residual]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from artaudit.detect import metrics, storage
from artaudit.detect.calibration import Calibration, of_kind
from artaudit.detect.heads import Scores
from artaudit.detect.residual import ResidualDetector
from artaudit.evidence import FalseAlarms
from training.features import Table, load
from training.material import FIELDS, balance

ALARMS = 0.01
"""Share of each domain's real groups that may pass the threshold, scored by detectors that have not seen them."""

STRANGERS = 0.02
"""Share of a source's real pictures that may pass where nothing was learned from that source."""

SOURCES = {
    "photograph": ("kodak", "stamps", "wallpapers"),
    "painting": ("louvre",),
    "flat-art": ("drawn", "abstract"),
    "cloaked": ("cloaked",),
}
"""Real sources that are left out in turn, by the kind of their pictures."""

MADE_FROM = {"louvre": "cloaked"}
"""Sources whose pictures another source was made from: they are left out together."""

DOMAINS_OF = {
    "photograph": ("photograph",),
    "painting": ("painting", "cloaked"),
    "flat-art": ("flat art",),
    "cloaked": ("cloaked",),
}
"""Whose pictures are of a kind."""

MEASURED = {
    "": "paintings, photographs, flat and cloaked art",
    "photograph": "photographs",
    "painting": "paintings, cloaked ones among them",
    "flat-art": "flat art drawn by code",
    "cloaked": "paintings cloaked by artaudit",
}
"""What false alarms are counted on."""

FOLDS = 4

LEARNED = "train.npz", "fields.npz", "whole.npz"
"""Tables that are learned from; on the last only bars are set."""


def learn(table: Table) -> ResidualDetector:
    """Fit, every domain weighing with the root of its number; fields of noise are shown to the last head alone.

    They are no part of the domain: what is like them and nothing else stays unknown.
    """
    fields, reals = table.facts["domain"] == FIELDS, table.features[~table.made]
    weights = balance(table.facts["domain"])
    detector = ResidualDetector(alarms=ALARMS)
    lessons = np.stack([~fields, ~fields, fields | ~table.made])
    detector.fit_features(table.features, table.made, held_out=reals, weights=weights / weights.mean(), lessons=lessons)
    return detector


def scored(detector: ResidualDetector, table: Table) -> Scores:
    """Return scores, the lowest there is for what is out of domain: it raises no alarm."""
    return np.where(detector.gate_.knows(table.features), detector.score_features(table.features), -np.inf)


def unseen(table: Table, judged: Table) -> tuple[Scores, Scores]:
    """Return scores of what is judged by detectors that saw nothing of its group, as they are and as they count."""
    plain, counted = np.zeros(len(judged.features)), np.zeros(len(judged.features))
    for one in range(FOLDS):
        detector, apart = learn(table.rows(folds(table) != one)), folds(judged) == one
        plain[apart] = detector.score_features(judged.features[apart])
        counted[apart] = scored(detector, judged.rows(apart))
    return plain, counted


def folds(table: Table) -> np.ndarray:
    """Return the fold of every row; those of a group are in one."""
    return np.array([zlib.crc32(group.encode()) % FOLDS for group in table.facts["group"]])


def bars(table: Table, judged: Table, counted: Scores) -> dict[str, float]:
    """Return what each kind asks for: the highest of its domains, its large pictures and sources not learned from."""
    asked: dict[str, dict[str, float]] = {kind: {} for kind in SOURCES}
    for kind, domain in ((kind, domain) for kind, domains in DOMAINS_OF.items() for domain in domains):
        for part, name, share in (("fit", domain, ALARMS), ("whole", f"{domain}, whole", STRANGERS)):
            these = ~judged.made & (judged.facts["domain"] == domain) & (judged.facts["part"] == part)
            if these.any():
                asked[kind][name] = quantile(counted[these], judged.facts["group"][these], 1 - share)
    for kind, source in ((kind, source) for kind, sources in SOURCES.items() for source in sources):
        these = table.facts["source"] == source
        left, related = table.rows(these), table.facts["source"] == MADE_FROM.get(source)
        counts = scored(learn(table.rows(~these & ~related)), left)
        asked[kind][source] = quantile(counts, left.facts["group"], 1 - STRANGERS)
    print({kind: {name: round(one, 2) for name, one in found.items()} for kind, found in asked.items()}, flush=True)
    return {kind: max(found.values()) for kind, found in asked.items()}


def quantile(scores: Scores, groups: np.ndarray, share: float) -> float:
    """Return what the share of scores does not exceed, all readings of a group together weighing as one."""
    _, number, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order, weights = np.argsort(scores), 1 / sizes[number]
    reached = np.searchsorted(weights[order].cumsum(), share * weights.sum())
    return float(scores[order][min(reached, len(scores) - 1)])


def fit(table: Table, whole: Table) -> ResidualDetector:
    """Learn from everything; set threshold and likelihood ratios by detectors that saw three groups in four."""
    judged = table.with_rows(whole)
    detector, (plain, counted) = learn(table), unseen(table, judged)
    asked = bars(table, judged, counted)
    detector.threshold_ = max(asked.values())
    detector.kinds_ = {kind: {"threshold": bar} for kind, bar in asked.items()}
    detector.calibration_ = calibrated(table, plain[: len(table.features)])
    return detector


def calibrated(table: Table, plain: Scores) -> Calibration:
    """Return likelihood ratios by file, of all kinds of picture together and of each apart."""
    rows, strata = [], []
    for kind in ("", *SOURCES):
        alike = np.isin(table.facts["domain"], DOMAINS_OF[kind]) if kind else ~table.made
        rows.append(np.flatnonzero(np.where(table.made, table.facts["domain"] != FIELDS, alike)))
        strata.append(np.array([of_kind(one, kind) for one in table.facts["stratum"][rows[-1]]]))
    these = np.concatenate(rows)
    groups = table.facts["group"][these]
    return Calibration().fit(plain[these], table.made[these], strata=np.concatenate(strata), groups=groups)


def excerpt(table: Table, edit: str) -> Table:
    """Return the held-out pictures after one edit."""
    return table.where(part="val", edit=edit)


def curve(detector: ResidualDetector, table: Table, generators: list[str]) -> dict[str, Any]:
    """Return AUC and the share found at the threshold, and at that of paintings, an edit a row."""
    rows = {}
    for edit in sorted(set(table.facts["edit"].tolist())):
        seen = excerpt(table, edit)
        chosen = seen.rows(~seen.made | np.isin(seen.facts["generator"], generators))
        scores = detector.score_features(chosen.features)
        found = metrics.bootstrap(metrics.auc, scores, chosen.made, groups=chosen.facts["group"], resamples=200)
        known = detector.gate_.knows(chosen.features)
        rows[edit] = {"AUC": str(found)}
        for name, bar in (("found", detector.threshold_), ("as paintings", detector.kinds_["painting"]["threshold"])):
            rows[edit][name] = f"{int((known & chosen.made & (scores >= bar)).sum())}/{int(chosen.made.sum())}"
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


def left_out(learned: Table, whole: Table, measured: Table) -> dict[str, Any]:
    """Train without each generator in turn and measure on its held-out pictures."""
    rows: dict[str, Any] = {}
    for name in sorted(set(learned.facts["generator"].tolist()) - {""}):
        if (measured.facts["generator"] == name).any():
            without = fit(learned.rows(learned.facts["generator"] != name), whole)
            rows[name] = {edit: row for edit, row in curve(without, measured, [name]).items() if edit in SHOWN}
    return rows


SHOWN = ("JPEG 96", "past, JPEG 96", "past, JPEG 75", "past, resize .75")


def main() -> None:
    """Fit, calibrate, measure, and keep the detector with its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path, default=Path(".cache/detector"))
    parser.add_argument("--out", type=Path, default=Path("artaudit/detect/weights/residual"))
    args = parser.parse_args()
    table, fields, whole = (load(args.tables / name) for name in LEARNED)
    learned = table.where(part="fit").with_rows(fields.where())
    measured = load(args.tables / "measure.npz")
    detector = fit(learned, whole)
    every = sorted(set(measured.facts["generator"].tolist()) - {""})
    figures = {
        "curve": curve(detector, measured, every),
        "real pictures": alarms(detector, measured),
        "generator left out": left_out(learned, whole, measured),
    }
    detector.false_alarms_ = held_out_alarms(detector, measured)
    for kind, own in detector.kinds_.items():
        own["false_alarms"] = asdict(held_out_alarms(detector, measured, kind))
    digests = {name: hashlib.sha256((args.tables / name).read_bytes()).hexdigest() for name in LEARNED}
    storage.write(detector, args.out, kind="residual", about={"features_sha256": digests, "figures": figures})
    text = json.dumps(figures, indent=1)
    print(re.sub(r"\n\s{3,}", " ", text), detector.threshold_, detector.false_alarms_, storage.size(args.out))


def held_out_alarms(detector: ResidualDetector, measured: Table, kind: str = "") -> FalseAlarms:
    """Count false alarms on real pictures of no training, re-saved as JPEG 96 with a past like the paintings'."""
    seen = measured.rows(~measured.made).where(edit="past, JPEG 96")
    threshold = detector.threshold_
    if kind:
        seen = seen.rows(np.isin(seen.facts["domain"], DOMAINS_OF[kind]))
        threshold = detector.kinds_[kind]["threshold"]
    over = detector.gate_.knows(seen.features) & (detector.score_features(seen.features) >= threshold)
    return FalseAlarms(int(over.sum()), len(over), f"held-out {MEASURED[kind]}, JPEG 96")


if __name__ == "__main__":
    main()
