"""How well makers are named: every candidate asked about pictures whose maker is known, edit by edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float, UInt8

from artaudit.attribution.calibrating import SIDE, middle_crops, strangers, to_8_bits
from artaudit.attribution.calibration import CandidateCalibration
from artaudit.attribution.candidate import Candidate, candidates, open_candidate, opinion, statistic
from artaudit.attribution.figures import (
    NONE,
    Share,
    accuracy_at_false_alarms,
    closed_set_accuracy,
    confusion,
    open_set_auc,
)
from artaudit.attribution.statistic import redraw, whole
from artaudit.datasets import manifest
from artaudit.datasets.manifest import REAL, Row
from artaudit.edits import ROBUSTNESS, Edit
from artaudit.errors import UsageError
from artaudit.image import Image, read
from artaudit.metrics import auc
from artaudit.protocols import Progress

EDITS = ("as it is", "JPEG 90", "JPEG 75", "resize .75", "crop 3, 5")
"""What is done to every picture, if nothing else is asked for."""

Crops = Sequence[UInt8[np.ndarray, "height width 3"]]
Sets = Mapping[str, Crops]
"""Pictures by who made them: the name of a candidate, or of somebody else."""

Scores = Mapping[str, Mapping[str, Float[np.ndarray, " pictures"]]]
"""By candidate, then by set."""


def evaluate(
    models: Sequence[str],
    data: Path,
    *,
    split: str = "val",
    edits: Sequence[str] = EDITS,
    search: bool = True,
    most: int = 100,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Ask the candidates about middle crops of a manifest's pictures, of `most` at most of every maker.

    The candidates' own pictures are the real ones as each redraws them, and those whose row names it as generator.
    Raises UsageError for no calibrated candidate, an edit without a name, or no real picture in the split.
    """
    asked = [one for one in candidates(models) if not one.obstacle]
    unknown = [name for name in edits if name not in ROBUSTNESS]
    if not asked or unknown:
        wrong = f"There is no edit {unknown[0]!r}: choose {', '.join(ROBUSTNESS)}." if unknown else ""
        raise UsageError(wrong or "No model that is asked is calibrated: run `audit attribute enrol`.")
    sets, curve = known_sets(data, split, asked, most), {}
    for number, name in enumerate(edits):
        scores = {one.record.name: score(one, sets, ROBUSTNESS[name], search=search) for one in asked}
        curve[name] = _plain(summary(scores, {one.record.name: _learned(one).bar for one in asked}))
        if progress is not None:
            progress(number + 1, len(edits))
    methods = {one.record.name: {"digest": one.record.digest, "method": _learned(one).method} for one in asked}
    counts = {name: len(crops) for name, crops in sets.items()}
    return {"candidates": methods, "split": split, "search": search, "pictures": counts, "curve": curve}


def known_sets(data: Path, split: str, asked: Sequence[Candidate], most: int) -> dict[str, Crops]:
    """Return crops of real pictures, what became of them in various hands, and crops of generated pictures."""
    rows = [row for row in manifest.read(data) if row.split == split]
    real = _crops(data, [row for row in rows if row.label == REAL], most)
    if not len(real):
        raise UsageError(f"{data} has no real picture of 128 pixels in {split}: divide it with `audit data split`.")
    drawn = {one.record.name: to_8_bits(redraw(open_candidate(one.record), real)) for one in asked}
    found = {name: list(_levels(batch)) for name, batch in (strangers(real) | drawn).items()}
    for maker in sorted({row.generator for row in rows if row.label != REAL}):
        made = _crops(data, [row for row in rows if row.label != REAL and row.generator == maker], most)
        name = next((one.record.name for one in asked if maker in (one.record.name, *one.twins)), maker or "unknown")
        found[name] = [*found.get(name, []), *_levels(made)]
    return {name: crops for name, crops in found.items() if crops}


def score(one: Candidate, sets: Sets, edit: Edit, *, search: bool = True) -> dict[str, Float[np.ndarray, " pictures"]]:
    """Return a candidate's scores of every edited picture; without `search` the grid begins where the crop does."""
    return {name: np.array([_score(one, edit(crop), search=search) for crop in crops]) for name, crops in sets.items()}


def summary(scores: Scores, bars: Mapping[str, float]) -> dict[str, Any]:
    """Return each candidate's AUCs and accuracy, the confusion open and closed, and false names for others.

    Shares are `Share`s.
    """
    names, sets = list(scores), list(next(iter(scores.values())))
    truths = [name for name in sets for _ in next(iter(scores.values()))[name]]
    columns = {name: np.concatenate([scores[name][one] for one in sets]) for name in names}
    rows = [{name: float(columns[name][place]) for name in names} for place in range(len(truths))]
    opened = confusion(truths, rows, bars)
    drawn = [place for place, truth in enumerate(truths) if truth in names]
    closed = confusion([truths[place] for place in drawn], [rows[place] for place in drawn])
    wrong = {name: Share(sum(row.values()) - row.get(NONE, 0), sum(row.values())) for name, row in opened.items()}
    both = any(name in names for name in sets) and any(name not in names for name in sets)
    return {
        "candidates": {name: _against(name, scores[name]) for name in names if name in sets},
        "confusion": opened,
        "closed_set_accuracy": closed_set_accuracy(closed),
        "open_set_auc": round(open_set_auc(truths, rows), 4) if both else None,
        "named_though_strangers": {name: share for name, share in wrong.items() if name not in names},
    }


def _plain(told: Any) -> Any:  # noqa: ANN401 - what JSON holds
    """Return a summary with every share as numbers."""
    if isinstance(told, Mapping):
        return {name: _plain(one) for name, one in told.items()}
    return told.as_dict() if isinstance(told, Share) else told


def _against(name: str, scores: Mapping[str, Float[np.ndarray, " pictures"]]) -> dict[str, Any]:
    own, others = scores[name], {key: value for key, value in scores.items() if key != name}
    everything = np.concatenate(list(others.values()))
    return {
        "auc": round(auc(own, everything), 4),
        "auc_by_set": {key: round(auc(own, value), 4) for key, value in others.items()},
        "accuracy_at_5_percent_false_alarms": accuracy_at_false_alarms(own, everything),
    }


def _score(one: Candidate, levels: UInt8[np.ndarray, "height width 3"], *, search: bool) -> float:
    pixels = torch.from_numpy(levels.transpose(2, 0, 1).copy())[None].float() / 255
    if search:
        return opinion(pixels, one, (1.0,)).score
    model, learned = open_candidate(one.record), _learned(one)
    numbers = statistic(learned.method).measure(model, whole(pixels, model.factor))
    return float(learned.score(numbers.double().numpy())[0])


def _learned(one: Candidate) -> CandidateCalibration:
    return cast(CandidateCalibration, one.calibration)


def _crops(data: Path, rows: Sequence[Row], most: int) -> Float[torch.Tensor, "batch 3 height width"]:
    """Return middle crops of `most` rows at most, the same at every call; of none where none is large enough."""
    order = np.random.default_rng(1).permutation(len(rows))
    pictures = _large(read(data.parent / rows[place].path) for place in order)
    chosen: list[Image] = [image for image, _ in zip(pictures, range(most), strict=False)]
    return middle_crops(chosen) if chosen else torch.zeros(0, 3, 1, 1)


def _large(pictures: Iterable[Image]) -> Iterable[Image]:
    return (image for image in pictures if min(image.height, image.width) >= SIDE)


def _levels(batch: Float[torch.Tensor, "batch 3 height width"]) -> UInt8[np.ndarray, "batch height width 3"]:
    return (batch * 255).round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
