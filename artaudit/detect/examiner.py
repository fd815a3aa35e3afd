"""The examiner that asks a detector whether a machine made a picture; "cannot tell" is an answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image as Pillow

from artaudit.catalog import plugin_of
from artaudit.detect import storage
from artaudit.detect.decision import Decision, decide
from artaudit.detect.detectors.fused import FusedDetector
from artaudit.detect.loading import open_calibrated, shipped
from artaudit.detect.strata import stratum_of_file
from artaudit.examination import Illustration
from artaudit.findings import NOISE, ORIGIN, PLUGIN, Finding, Misses, named
from artaudit.image import Image

UNIT = "log odds"

WEIGHT = (
    "A score is weak evidence: machine-made pictures stay below the bar too, so that nothing found says little, and "
    "heavy edits or cloaks may move a score. Never rest an accusation on this finding alone."
)

BESIDE = {
    "photograph": "photographs",
    "painting": "paintings",
    "digital-art": "digital art",
    "comics-line-art": "comics and line art",
    "rendering": "renderings",
    "cloaked": "cloaked pictures",
}
"""What a picture is compared with, where a person said of which kind it is and the detector knows that kind."""

_SAVED = "JPEG 96"

SHOWN = 1024
"""The most pixels along the longer side of the picture that shows the crops."""

HEATMAP = (
    "Where the detector looked closely: red where it sees what machine-made pictures have, blue where it does not, the "
    "stronger the farther from none. It also looked at the whole."
)


class MachineMade:
    """Asks a detector whether a machine made the picture, within what it knows."""

    name = "detector"
    group = NOISE
    question = ORIGIN

    def __init__(self, folder: Path | None = None, kind: str = "") -> None:
        """Take the folder of the detector [default: the shipped one], and what pictures are said to be, if known."""
        self._folder, self._kind = folder or shipped(), kind

    def examine(self, image: Image) -> list[Finding]:
        """Return one finding: a machine made the picture, nothing points there, or it cannot be told.

        Raises ModelError for a detector that was never calibrated.
        """
        detector: Any = open_calibrated(self._folder)
        decision = decide(detector, image.rgb8, stratum_of_file(image), self._kind)
        asked = {"crop_side": getattr(detector, "side", None), "said_to_be": self._kind}
        if self._folder != shipped():
            asked["other_detector"] = storage.digest(self._folder)
        plugin = plugin_of(type(detector))
        if plugin is not None:
            asked[PLUGIN] = str(plugin)
        if isinstance(detector, FusedDetector):
            asked["parts"] = dict(detector.parts_)
        finding = Finding(
            self.name,
            _claim(decision) if plugin is None else named(_claim(decision), str(plugin)),
            decision.holds,
            method=f"{detector!r}, sha256 {storage.digest(self._folder)[:16]}",
            threshold=round(decision.threshold.score, 3),
            unit=UNIT,
            false_alarms=decision.threshold.false_alarms,
            misses=_misses(self._folder),
            details=_details(decision) | asked,
        )
        return [finding if decision.score is None else replace(finding, score=round(decision.score, 3))]

    def illustrate(self, image: Image, finding: Finding) -> list[Illustration]:
        """Return the picture, small, with the crops that were looked at tinted by their scores; nothing without."""
        crops, side = finding.details.get("crops", ()), finding.details.get("crop_side")
        if not crops or not side or finding.threshold is None:
            return []
        small = Pillow.fromarray(image.rgb8)
        small.thumbnail((SHOWN, SHOWN))
        ratio = small.width / image.width
        placed = tuple((round(top * ratio), round(left * ratio), score) for top, left, score in crops)
        drawn = heatmap(np.asarray(small), placed, side=max(1, round(side * ratio)), threshold=finding.threshold)
        return [Illustration("traces", HEATMAP, drawn)]


def _misses(folder: Path) -> Misses | None:
    """Return how often the detector missed machine-made pictures that it learned nothing from; None if not measured.

    It was counted for the bar of all kinds of picture together.
    """
    try:
        seen = storage.describe(folder)["about"]["figures"]["left out"]["by edit"][_SAVED]
        made, found, cleared = (int(seen[name]) for name in ("made", "found", "cleared"))
    except (KeyError, TypeError, ValueError):
        return None
    about = f"machine-made pictures of families that nothing was learned from, saved as {_SAVED}, bar of all kinds"
    return Misses(made - found, made, f"{about}; {cleared} of them were called not machine-made", pictures=made)


def _claim(decision: Decision) -> str:
    """Say in a few words what was asked and, where it cannot be told, why."""
    if decision.holds is None:
        return f"whether a machine made it ({decision.reason})"
    beside = f", beside real {BESIDE[decision.threshold.kind]}" if decision.threshold.kind else ""
    return f"{'it has ' if decision.holds else ''}traces that machine-made pictures have{beside}"


def _details(decision: Decision) -> dict[str, Any]:
    details: dict[str, Any] = {
        "weight": WEIGHT,
        "crops": [[top, left, round(score, 3)] for top, left, score in decision.crops],
    }
    if decision.threshold.kind:
        details["beside"] = BESIDE[decision.threshold.kind]
    if decision.log10_ratio is not None:
        ratio = {"log10_likelihood_ratio": round(decision.log10_ratio, 2), "support": decision.support}
        details |= ratio | {"p_value": decision.p_value}
    return details


def heatmap(
    picture: UInt8[np.ndarray, "height width 3"],
    crops: tuple[tuple[int, int, float], ...],
    *,
    side: int,
    threshold: float,
) -> UInt8[np.ndarray, "height width 3"]:
    """Return the picture in grey where no crop lies, blue where crops score low, red where they reach the `threshold`.

    `crops` are (top, left, score), squares of `side` pixels; where they overlap their mean counts.
    """
    total, seen = np.zeros(picture.shape[:2]), np.zeros(picture.shape[:2])
    for top, left, score in crops:
        total[top : top + side, left : left + side] += np.clip(score / max(abs(threshold), 1e-6), -1, 1)
        seen[top : top + side, left : left + side] += 1
    heat = total / np.maximum(seen, 1)
    tint = np.stack([heat.clip(0, 1), np.zeros_like(heat), (-heat).clip(0, 1)], axis=2) * 255
    grey = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    strength = np.where(seen > 0, 0.5 * np.abs(heat), 0)[..., None]
    return np.rint(grey * (1 - strength) + tint * strength).astype(np.uint8)
