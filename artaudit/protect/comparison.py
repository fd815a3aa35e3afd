"""A sheet that shows a cloak: original, cloaked picture, difference, and the most visible spot enlarged."""

from __future__ import annotations

import io

import numpy as np
from jaxtyping import UInt8
from PIL import Image as Pillow
from PIL import ImageDraw

from artaudit.image import Image

SIDE = 640
"""Pixels along the longer side of each whole view, at most."""

ZOOM = 160
"""Pixels along each side of the spot that is enlarged."""

AMPLIFIED = 10
_GAP = 8

Panel = UInt8[np.ndarray, "height width 3"]


def comparison(before: Image, after: Image) -> bytes:
    """Return a PNG: whole views above, below them the most visible spot of `ZOOM` pixels, twice enlarged.

    The third column is the difference, ten times amplified around grey.
    """
    original, cloaked = before.rgb8, after.rgb8
    added = np.clip(128 + AMPLIFIED * (cloaked.astype(np.int16) - original), 0, 255).astype(np.uint8)
    rows, columns = most_visible(original, cloaked)
    panels = [original, cloaked, added]
    wholes = [_shrunk(panel) for panel in panels]
    spots = [_enlarged(panel[rows, columns]) for panel in panels]
    width = max(wholes[0].width, spots[0].width)
    top = 20
    sheet = Pillow.new("RGB", (3 * width + 4 * _GAP, top + wholes[0].height + spots[0].height + 3 * _GAP), "white")
    pen = ImageDraw.Draw(sheet)
    for number, (whole, spot) in enumerate(zip(wholes, spots, strict=True)):
        left = _GAP + number * (width + _GAP)
        pen.text((left, 4), ("original", "cloaked", f"difference x {AMPLIFIED}")[number], fill="black")
        sheet.paste(whole, (left, top + _GAP))
        sheet.paste(spot, (left, top + whole.height + 2 * _GAP))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def most_visible(original: Panel, cloaked: Panel) -> tuple[slice, slice]:
    """Return rows and columns of the window where the change stands out most against the picture's own contrast."""
    height, width = original.shape[:2]
    side = min(ZOOM, height, width)
    best, place = -1.0, (slice(0, side), slice(0, side))
    for top in range(0, height - side + 1, max(1, side // 2)):
        for left in range(0, width - side + 1, max(1, side // 2)):
            rows, columns = slice(top, top + side), slice(left, left + side)
            here = original[rows, columns].astype(np.float32)
            change = float(np.abs(cloaked[rows, columns] - here).mean())
            texture = float(np.abs(np.diff(here, axis=0)).mean() + np.abs(np.diff(here, axis=1)).mean())
            if change / (texture + 1) > best:
                best, place = change / (texture + 1), (rows, columns)
    return place


def _shrunk(panel: Panel) -> Pillow.Image:
    picture = Pillow.fromarray(panel)
    picture.thumbnail((SIDE, SIDE), Pillow.Resampling.LANCZOS)
    return picture


def _enlarged(panel: Panel) -> Pillow.Image:
    return Pillow.fromarray(panel).resize((2 * panel.shape[1], 2 * panel.shape[0]), Pillow.Resampling.NEAREST)
