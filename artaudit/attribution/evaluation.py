"""Measures how well candidates name the makers of pictures whose maker is known, edit by edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float, UInt8

from artaudit.attribution.calibration import CandidateCalibration
from artaudit.attribution.candidate import Candidate, candidates, open_candidate
from artaudit.attribution.figures import (
    NONE,
    Share,
    accuracy_at_false_alarms,
    closed_set_accuracy,
    confusion,
    open_set_auc,
)
from artaudit.attribution.known_pictures import as_levels, as_pixels, middle_crops, strangers, to_8_bits
from artaudit.attribution.opinion import Views, opinion, views, views_of
from artaudit.attribution.statistic import redraw
from artaudit.datasets import manifest
from artaudit.datasets.manifest import REAL, Row
from artaudit.edits import ROBUSTNESS, Edit, saved_last
from artaudit.errors import UsageError
from artaudit.image import Image, decode, read
from artaudit.metrics import auc
from artaudit.protocols import Progress

EDITS = ("as it is", "JPEG 90", "JPEG 75", "resize .75", "crop 3, 5")
"""The edits of every picture by default."""

Crops = Sequence[UInt8[np.ndarray, "height width 3"]]
Sets = Mapping[str, Crops]
"""Pictures by maker: a candidate's name, or another."""

Scores = Mapping[str, Mapping[str, Float[np.ndarray, " pictures"]]]
"""By candidate, then by set."""


def evaluate(  # noqa: PLR0913 - choices of a measurement, all but two by name
    models: Sequence[str],
    data: Path,
    *,
    split: str = "val",
    edits: Sequence[str] = EDITS,
    search: bool = True,
    most: int = 100,
    side: int = 128,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Ask the candidates about middle crops, of `side` pixels, of a manifest's pictures, at most `most` of each maker.

    A candidate's own pictures are the real ones as it redraws them, and those whose row names it as generator.
    Raises UsageError without a calibrated candidate, for an unknown edit, or without a real picture in the split.
    """
    asked = [candidate for candidate in candidates(models) if not candidate.obstacle]
    unknown = [name for name in edits if name not in ROBUSTNESS]
    if not asked or unknown:
        wrong = f"There is no edit {unknown[0]!r}: choose {', '.join(ROBUSTNESS)}." if unknown else ""
        raise UsageError(wrong or "No model that is asked is calibrated: run `audit attribute enrol`.")
    sets, curve = known_sets(data, split, asked, most, side), {}
    for number, name in enumerate(edits):
        scores = {candidate.record.name: score(candidate, sets, ROBUSTNESS[name], search=search) for candidate in asked}
        curve[name] = _plain(summary(scores, {candidate.record.name: 0.0 for candidate in asked}))
        if progress is not None:
            progress(number + 1, len(edits))
    methods = {
        candidate.record.name: {"digest": candidate.record.digest, "method": _learned(candidate).method}
        for candidate in asked
    }
    counts = {name: len(crops) for name, crops in sets.items()}
    return {"candidates": methods, "split": split, "search": search, "side": side, "pictures": counts, "curve": curve}


def known_sets(data: Path, split: str, asked: Sequence[Candidate], most: int, side: int) -> dict[str, Crops]:
    """Return crops of real pictures, their edited and redrawn versions, and crops of generated pictures, by maker."""
    rows = [row for row in manifest.read(data) if row.split == split]
    real = _crops(data, [row for row in rows if row.label == REAL], most, side)
    if not len(real):
        raise UsageError(f"{data} has no real picture of {side} pixels in {split}: divide it with `audit data split`.")
    drawn = {candidate.record.name: to_8_bits(redraw(open_candidate(candidate.record), real)) for candidate in asked}
    sets = {name: list(as_levels(batch)) for name, batch in (strangers(real) | drawn).items()}
    for maker in sorted({row.generator for row in rows if row.label != REAL}):
        generated = _crops(data, [row for row in rows if row.label != REAL and row.generator == maker], most, side)
        makers = (candidate.record.name for candidate in asked if maker in (candidate.record.name, *candidate.twins))
        name = next(makers, maker or "unknown")
        sets[name] = [*sets.get(name, []), *as_levels(generated)]
    return {name: crops for name, crops in sets.items() if crops}


def score(
    candidate: Candidate, sets: Sets, edit: Edit, *, search: bool = True, resized: bool = False
) -> dict[str, Float[np.ndarray, " pictures"]]:
    """Return how far above its bar a candidate scores every edited picture, files as they would arrive.

    Without `search` the grid begins at the crop's corner; with `resized`, crops that were resized are searched for too.
    """

    def margin(levels: UInt8[np.ndarray, "height width 3"]) -> float:
        return opinion(_views(levels, edit, resized=resized), candidate, search=search).margin

    return {name: np.array([margin(crop) for crop in crops]) for name, crops in sets.items()}


def _views(levels: UInt8[np.ndarray, "height width 3"], edit: Edit, *, resized: bool) -> Views:
    """Return the parts of an edited picture; if it was saved last, of that file."""
    file = saved_last(edit, levels)
    if file is None:
        return views_of(as_pixels([edit(levels)]), resized=resized)
    return views(decode(file, name="edited"), resized=resized)


def summary(scores: Scores, bars: Mapping[str, float]) -> dict[str, Any]:
    """Return each candidate's AUCs and accuracy, the confusion table, open- and closed-set figures, and false names.

    False names are the shares of each set of others that some candidate claims. Shares are `Share`s.
    """
    names, sets = list(scores), list(next(iter(scores.values())))
    truths = [name for name in sets for _ in next(iter(scores.values()))[name]]
    columns = {name: np.concatenate([scores[name][maker] for maker in sets]) for name in names}
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


def _plain(value: Any) -> Any:  # noqa: ANN401 - what JSON holds
    """Return a summary with every share as numbers."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return value.as_dict() if isinstance(value, Share) else value


def _against(name: str, scores: Mapping[str, Float[np.ndarray, " pictures"]]) -> dict[str, Any]:
    own, others = scores[name], {key: value for key, value in scores.items() if key != name}
    everything = np.concatenate(list(others.values()))
    return {
        "auc": round(auc(own, everything), 4),
        "auc_by_set": {key: round(auc(own, value), 4) for key, value in others.items()},
        "accuracy_at_5_percent_false_alarms": accuracy_at_false_alarms(own, everything),
    }


def _learned(candidate: Candidate) -> CandidateCalibration:
    return cast(CandidateCalibration, candidate.calibration)


def _crops(data: Path, rows: Sequence[Row], most: int, side: int) -> Float[torch.Tensor, "batch 3 height width"]:
    """Return middle crops of at most `most` rows, the same at every call; none if no picture is large enough."""
    order = np.random.default_rng(1).permutation(len(rows))
    pictures = (read(data.parent / rows[place].path) for place in order)
    large = (image for image in pictures if min(image.height, image.width) >= side)
    chosen: list[Image] = [image for image, _ in zip(large, range(most), strict=False)]
    return middle_crops(chosen, side) if chosen else torch.zeros(0, 3, 1, 1)
