"""The contact sheet of mimicry: pictures that each mimic draws from a prompt and redraws, a row per training set."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from PIL import Image as Pillow
from PIL import ImageDraw
from torch import Tensor

from artaudit.protect.trial.mimicry import STRENGTHS, Examined

SIDE = 128
"""Pixels along each picture's side."""
WORDS = 4
"""Most pictures from the prompt in a row."""
_GAP, _TEXT, _SIZE = 6, 18, 13


def sheet(rows: Sequence[tuple[str, Examined]], prompt: str) -> bytes:
    """Return a PNG: a row for each training set, with the same noise down every column."""
    shown = [(name, [*exam.drawn[:WORDS], *exam.redrawn]) for name, exam in rows]
    titles = [f"'{prompt}'"] * min(WORDS, len(rows[0][1].drawn))
    titles += [f"{what}, {strength:g}" for what in ("photograph", "own picture") for strength in STRENGTHS]
    width, height = len(titles) * (SIDE + _GAP) + _GAP, len(shown) * (SIDE + _TEXT + _GAP) + _TEXT + _GAP
    page = Pillow.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(page)
    for column, title in enumerate(titles):
        pen.text((_GAP + column * (SIDE + _GAP), 3), title, fill="black", font_size=_SIZE)
    for row, (name, pictures) in enumerate(shown):
        top = _TEXT + row * (SIDE + _TEXT + _GAP)
        pen.text((_GAP, top), name, fill="black", font_size=_SIZE)
        for column, picture in enumerate(pictures):
            page.paste(_sized(picture), (_GAP + column * (SIDE + _GAP), top + _TEXT))
    buffer = io.BytesIO()
    page.save(buffer, "PNG")
    return buffer.getvalue()


def _sized(picture: Float[Tensor, "3 height width"]) -> Pillow.Image:
    levels = np.rint(255 * picture.clamp(0, 1).permute(1, 2, 0).numpy()).astype(np.uint8)
    return Pillow.fromarray(levels).resize((SIDE, SIDE), Pillow.Resampling.LANCZOS)
