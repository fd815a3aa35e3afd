"""The HTML page of an attribution: the picture, its redrawings, their errors, the grid, scores of known pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image as Pillow
from torch import Tensor

from artaudit.attribution.examiner import AMPLIFIED, UNIT, as_details
from artaudit.attribution.opinion import Opinion
from artaudit.findings import Finding
from artaudit.templates import template
from artaudit.tensors import to_array

_CELL, _NOT_TRIED = 24, (30, 60, 110)


def page(attributions: Sequence[tuple[str, Finding, Sequence[Opinion]]]) -> bytes:
    """Return one self-contained HTML page, without scripts, of pictures with their findings and opinions."""
    pictures = [
        {"path": path, "finding": finding.as_dict(), "opinions": list(map(_opinion, opinions))}
        for path, finding, opinions in attributions
    ]
    return (
        template(__package__, "origin.html")
        .render(pictures=pictures, unit=UNIT, amplified=AMPLIFIED)
        .encode(errors="backslashreplace")
    )


def _opinion(opinion: Opinion) -> dict[str, Any]:
    stratum = opinion.stratum
    edges = (opinion.score, opinion.bar, *(value for values in stratum.quantiles.values() for value in values))
    span = min(edges), max(edges)
    redrawn = opinion.redrawn()
    error = (AMPLIFIED * (redrawn - opinion.seen).abs()).clamp(0, 1)
    return {
        **as_details(opinion),
        "panels": [("picture", _uri(opinion.seen)), ("redrawn", _uri(redrawn)), ("error", _uri(error))],
        "map": _as_png(phase_map(opinion.place.scores)) if opinion.place.scores.numel() else "",
        "tried": _tried(opinion.place.tried),
        "sets": [_row(name, values, span) for name, values in stratum.quantiles.items()],
        "score_at": _at(opinion.score, span),
        "bar_at": _at(opinion.bar, span),
    }


def phase_map(scores: Float[Tensor, "offsets offsets"]) -> UInt8[np.ndarray, "height width 3"]:
    """Draw the score at every offset of the grid as a square, from black (lowest) to white (highest).

    Offsets that were not tried, NaN, are blue.
    """
    tried = scores.isfinite().numpy()
    known = scores.numpy()[tried]
    shades = np.rint((scores.nan_to_num().numpy() - known.min()) / max(float(np.ptp(known)), 1e-9) * 255)
    colours = np.where(tried[..., None], shades[..., None].clip(0, 255), _NOT_TRIED).astype(np.uint8)
    return colours.repeat(_CELL, 0).repeat(_CELL, 1)


def _row(name: str, quantiles: Sequence[float], span: tuple[float, float]) -> dict[str, Any]:
    """Return the places of a set's lowest, quartile, median and highest scores."""
    last = len(quantiles) - 1
    return {"name": name, "at": [_at(quantiles[round(last * share)], span) for share in (0, 0.25, 0.5, 0.75, 1)]}


def _at(score: float, span: tuple[float, float]) -> float:
    """Return a score's place between the lowest and the highest, in percent."""
    low, high = span
    return round(100 * (score - low) / max(high - low, 1e-9), 1)


def _tried(tried: Sequence[tuple[float, float]]) -> list[dict[str, Any]]:
    """Return the factors that were tried with the height of a bar for each one's score, in percent."""
    low = min((score for _, score in tried), default=0.0)
    high = max((score for _, score in tried), default=0.0)
    return [{"scale": round(scale, 3), "height": _at(score, (low, high))} for scale, score in tried]


def _uri(pixels: Float[Tensor, "1 3 height width"]) -> str:
    return _as_png(np.rint(to_array(pixels) * 255).astype(np.uint8))


def _as_png(rgb8: UInt8[np.ndarray, "height width 3"]) -> str:
    buffer = io.BytesIO()
    Pillow.fromarray(rgb8).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
