"""The examiner of public codes in the pixels, which anyone can read and write, so they prove nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import UInt

from artaudit.findings import ORIGIN, FalseAlarms, Finding
from artaudit.findings import WATERMARK as WATERMARK_GROUP
from artaudit.image import Image
from artaudit.provenance.tiers import NOT_CHECKABLE, WATERMARK
from artaudit.provenance.watermark.payloads import PAYLOADS, THRESHOLD, readable, strongest

METHOD = (
    "invisible-watermark dwtDct: sum of how far blocks of U lean to a code's bits, aligned and searched for in crops, "
    "against random codes on the same picture"
)
UNIT = "standard deviations of random codes on the same picture"
FALSE_ALARMS = FalseAlarms(
    0, 400, "photographs and paintings, 512 x 512 pixels at most (benchmarks/watermark.py)", pictures=400
)

WEIGHT = "The code is public: a generator hides it, and so can anyone who wants a picture to look machine-made."
ABSENCE = "Most generators hide no such code, and JPEGs of middling quality remove it, so its absence says nothing."
SMALL = "the picture is too small for a code to be read"

_COLOURS = 3


class Watermarks:
    """Looks for the codes that Stable Diffusion 1, 2, XL and FLUX hide with invisible-watermark."""

    name = "watermarks"
    group = WATERMARK_GROUP
    question = ORIGIN

    def examine(self, image: Image) -> list[Finding]:
        """Return one finding: the code that stands out, or that none does; `holds` is None for very small pictures."""
        rgb = _samples(image)
        if rgb is None:
            return [self._absent({}, holds=False)]
        if not readable(rgb):
            return [self._absent({"unread": SMALL}, holds=None)]
        reading, searched = strongest(rgb)
        measured = {"agreement": reading.agreement, "chance": reading.chance, "scatter": reading.scatter}
        details = measured | {"code": reading.payload.name, "searched_as_crop": searched}
        if reading.score < THRESHOLD:
            return [self._absent(details, holds=False, score=reading.score)]
        claim = f"its pixels carry the code that {reading.payload.name} hides in what it makes"
        return [self._finding(claim, details | {"weight": WEIGHT}, holds=True, score=reading.score)]

    def _absent(self, details: dict[str, Any], *, holds: bool | None, score: float | None = None) -> Finding:
        names = ", ".join(payload.name for payload in PAYLOADS)
        claim = f"code of a generator in the pixels ({names})"
        return self._finding(claim, details | {"weight": ABSENCE}, holds=holds, score=score)

    def _finding(self, claim: str, details: dict[str, Any], *, holds: bool | None, score: float | None) -> Finding:
        return Finding(
            self.name,
            claim,
            holds,
            METHOD,
            score=None if score is None else round(score, 3),
            threshold=None if score is None else THRESHOLD,
            unit="" if score is None else UNIT,
            false_alarms=None if score is None else FALSE_ALARMS,
            details={"tier": WATERMARK} | details | {"not_checkable": NOT_CHECKABLE},
        )


def _samples(image: Image) -> UInt[np.ndarray, "rows columns 3"] | None:
    """Return the colour samples of the file in 8 bits; None for grey pictures, which cannot carry a code."""
    if image.stored.shape[2] < _COLOURS:
        return None
    colours = image.stored[..., :_COLOURS]
    if colours.dtype == np.uint8:
        return colours
    rounded = np.empty(colours.shape, np.uint8)
    for row, deep in zip(rounded, colours, strict=True):
        row[:] = np.rint(deep / 257)
    return rounded
