"""The sheet of a preview: a window as it is, cloaked, and with noise that is as visible."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from PIL import Image as Pillow
from PIL import ImageDraw, PngImagePlugin, UnidentifiedImageError

Picture = Float[np.ndarray, "height width 3"]

ZOOM = 2
MADE_BY = "artaudit preview"
"""Text of the entry "Software", by which the next preview knows that it may replace the file."""

_GAP, _LINE, _SIZE = 12, 20, 15
_LETTER = 7.6
"""Pixels that a letter takes on average."""
_LEAST = 200
"""Least width of a column in pixels, for its title."""


def sheet(panels: Sequence[tuple[str, Picture]], sentences: Sequence[str]) -> bytes:
    """Return a PNG: a column for each titled picture in [0, 1], at 100 % and at 200 %, and the sentences below.

    Pixels are doubled, not smoothed, so that nothing is softened.
    """
    pictures = [Pillow.fromarray(np.rint(picture * 255).astype(np.uint8)) for _, picture in panels]
    width, height = pictures[0].size
    column = max(ZOOM * width, _LEAST) + _GAP
    lines = [line for sentence in sentences for line in textwrap.wrap(sentence, int((len(panels) * column) / _LETTER))]
    tops = {1: _GAP + 2 * _LINE, ZOOM: 2 * _GAP + 3 * _LINE + height}
    end = tops[ZOOM] + ZOOM * height + _GAP
    page = Pillow.new("RGB", (len(panels) * column + _GAP, end + _LINE * len(lines) + _GAP), "white")
    pen = ImageDraw.Draw(page)
    for number, ((title, _), picture) in enumerate(zip(panels, pictures, strict=True)):
        left = _GAP + number * column
        pen.text((left, _GAP), title, fill="black", font_size=_SIZE)
        for zoom, top in tops.items():
            pen.text((left, top - _LINE), f"{100 * zoom} %", fill="black", font_size=_SIZE)
            page.paste(picture.resize((zoom * width, zoom * height), Pillow.Resampling.NEAREST), (left, top))
    for number, line in enumerate(lines):
        pen.text((_GAP, end + number * _LINE), line, fill="black", font_size=_SIZE)
    about, buffer = PngImagePlugin.PngInfo(), io.BytesIO()
    about.add_text("Software", MADE_BY)
    page.save(buffer, "PNG", pnginfo=about)
    return buffer.getvalue()


def is_preview(path: Path) -> bool:
    """Tell whether a file is such a sheet."""
    try:
        with Pillow.open(path, formats=("PNG",)) as opened:
            return opened.info.get("Software") == MADE_BY
    except (OSError, UnidentifiedImageError, SyntaxError):
        return False
