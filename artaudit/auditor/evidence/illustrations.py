"""What findings rest on, drawn for reports: by the examiner itself, or here where the registry or a model is needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import UInt8

from artaudit import catalog
from artaudit.attribution.candidate import Opinion, candidates, open_candidate, opinions
from artaudit.attribution.examiner import Origin
from artaudit.attribution.statistic import redraw
from artaudit.auditor.registry import Registry
from artaudit.auditor.registry.thumbnail import open_thumbnail
from artaudit.errors import ModelError, UsageError
from artaudit.findings import Finding
from artaudit.image import Image
from artaudit.matching import Confirmation, difference, overlay
from artaudit.matching.examiner import PortfolioExaminer
from artaudit.protocols import Illustration, Illustrator
from artaudit.tensors import to_array

OVERLAY = (
    "Left the checked picture, right the registered work. The outlined regions show the same; each line joins a place "
    "in one with the same place in the other."
)
DIFFERENCE = (
    "The part that shows the work, the work laid on it, and what differs, amplified; middle grey is no difference."
)
AMPLIFIED = 8
"""How many times errors of redrawing are amplified."""
REDRAWN = (
    "The part that was looked at, the same redrawn by {model}, and what redrawing changed, {times} times amplified: a "
    "model changes least what it drew itself."
)


def illustrators(originals: Mapping[int, Image | None], registry: Registry) -> dict[str, Illustrator]:
    """Return those who draw findings, by the examiner that made them; `originals` are the works' files at hand."""
    kinds = {name: catalog.load(catalog.EXAMINERS, name) for name in catalog.EXAMINERS}
    able = {name: kind() for name, kind in kinds.items() if hasattr(kind, "illustrate")}
    return {**able, MatchPictures.name: MatchPictures(originals, registry), OriginPictures.name: OriginPictures()}


class MatchPictures:
    """Draws where a work lies in a picture, from the registered file where it is at hand, else from its preview."""

    name = PortfolioExaminer.name

    def __init__(self, originals: Mapping[int, Image | None], registry: Registry) -> None:
        """Take the works' files and where their previews are."""
        self._originals, self._registry = originals, registry

    def illustrate(self, image: Image, finding: Finding) -> list[Illustration]:
        """Return both pictures with the matched regions outlined, and what differs; nothing without a region."""
        seen = finding.details.get("confirmation")
        if finding.work is None or not seen:
            return []
        original = self._originals[finding.work]
        work = open_thumbnail(self._registry.preview(finding.work)) if original is None else original.rgb8
        pair = image.rgb8, np.array(work), _confirmation(seen)
        return [
            Illustration("overlay", OVERLAY, overlay(*pair)),
            Illustration("difference", DIFFERENCE, difference(*pair)),
        ]


class OriginPictures:
    """Draws what the model that a picture is attributed to makes of it."""

    name = Origin.name

    def illustrate(self, image: Image, finding: Finding) -> list[Illustration]:
        """Return the part that was looked at, redrawn, with its errors; nothing where no model here claims it now."""
        claimed = [one["model"] for one in finding.details.get("candidates", ()) if one["belongs"]]
        if not finding.holds or not claimed:
            return []
        try:
            said = opinions(image, candidates(claimed[:1]))
        except (ModelError, UsageError):
            return []
        return [
            Illustration("redrawn", REDRAWN.format(model=claimed[0], times=AMPLIFIED), _errors(best))
            for best in said[:1]
        ]


def _errors(one: Opinion) -> UInt8[np.ndarray, "height width 3"]:
    """Return the seen part, its redrawing and the errors of that beside each other."""
    redrawn = redraw(open_candidate(one.candidate.record), one.seen)
    errors = (AMPLIFIED * (redrawn - one.seen).abs()).clamp(0, 1)
    panels = [np.rint(to_array(panel) * 255).astype(np.uint8) for panel in (one.seen, redrawn, errors)]
    return np.concatenate(panels, axis=1)


def _confirmation(plain: dict[str, Any]) -> Confirmation:
    """Turn what JSON kept of a confirmation back into one."""
    return Confirmation(**{name: _tuples(value) for name, value in plain.items()})


def _tuples(value: object) -> Any:  # noqa: ANN401 - whatever the field holds
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
