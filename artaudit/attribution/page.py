"""The page that shows an attribution to eyes: the picture, its redrawings, their errors, the grid, the known scores."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image as Pillow
from torch import Tensor

from artaudit.attribution.calibration import CandidateCalibration
from artaudit.attribution.candidate import Opinion
from artaudit.attribution.examiner import AMPLIFIED, UNIT, told
from artaudit.findings import Finding
from artaudit.templates import template
from artaudit.tensors import to_array

_CELL = 24


def page(shown: Sequence[tuple[str, Finding, Sequence[Opinion]]]) -> bytes:
    """Return one self-contained HTML page, without scripts, of pictures with their findings and opinions."""
    pictures = [
        {"path": path, "finding": found.as_dict(), "opinions": [_opinion(one) for one in said]}
        for path, found, said in shown
    ]
    return (
        template(__package__, "origin.html")
        .render(pictures=pictures, unit=UNIT, amplified=AMPLIFIED)
        .encode(errors="backslashreplace")
    )


def _opinion(one: Opinion) -> dict[str, Any]:
    learned = cast(CandidateCalibration, one.candidate.calibration)
    redrawn = one.redrawn()
    error = (AMPLIFIED * (redrawn - one.seen).abs()).clamp(0, 1)
    return {
        **told(one),
        "panels": [("picture", _uri(one.seen)), ("redrawn", _uri(redrawn)), ("error", _uri(error))],
        "map": _as_png(phase_map(one.grid.scores)),
        "sets": [_row(name, values, learned.cap) for name, values in learned.quantiles.items()],
        "score_at": _place(one.score, learned.cap),
        "bar_at": _place(learned.bar, learned.cap),
    }


def phase_map(scores: Float[Tensor, "factor factor"]) -> UInt8[np.ndarray, "height width 3"]:
    """Draw the score at every offset of the grid as a square; the highest is white."""
    low, high = float(scores.min()), float(scores.max())
    shades = ((scores - low) / max(high - low, 1e-9) * 255).round().to(torch.uint8).numpy()
    return np.repeat(np.kron(shades, np.ones((_CELL, _CELL), np.uint8))[..., None], 3, axis=2)


def _row(name: str, quantiles: Sequence[float], cap: float) -> dict[str, Any]:
    """Return where a set's lowest, quarter, middle, three-quarter and highest score lie."""
    last = len(quantiles) - 1
    return {"name": name, "at": [_place(quantiles[round(last * share)], cap) for share in (0, 0.25, 0.5, 0.75, 1)]}


def _place(score: float, cap: float) -> float:
    """Return a score's place in percent of the way from -cap to cap."""
    return round(50 + 50 * score / cap, 1)


def _uri(pixels: Float[Tensor, "1 3 height width"]) -> str:
    return _as_png(np.rint(to_array(pixels) * 255).astype(np.uint8))


def _as_png(rgb8: UInt8[np.ndarray, "height width 3"]) -> str:
    buffer = io.BytesIO()
    Pillow.fromarray(rgb8).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
