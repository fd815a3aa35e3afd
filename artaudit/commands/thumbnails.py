"""Small pictures in terminals that announce that they can draw: kitty, iTerm2 and sixel; none anywhere else.

Kitty graphics protocol, https://sw.kovidgoyal.net/kitty/graphics-protocol/; iTerm2 inline images,
https://iterm2.com/documentation-images.html; sixel: Digital Equipment, VT330/VT340 Programmer Reference Manual, 1988.
"""

from __future__ import annotations

import io
import os
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # pictures load more than `--help` may wait for
    from PIL import Image as Pillow

ROWS = 4
"""Lines of text that a picture is as high as."""

_SIXEL_SIDE = 72
_COLOURS = 64
_CHUNK = 4096
_BAND = 6


def drawn(jpeg: bytes, environment: Mapping[str, str] = os.environ) -> str:
    """Return the text that makes this terminal draw a picture; empty where it announces no way to."""
    draw = _way(environment)
    if draw is None:
        return ""
    from PIL import Image as Pillow  # noqa: PLC0415 - heavy

    with Pillow.open(io.BytesIO(jpeg), formats=("JPEG",)) as opened:
        return draw(opened.convert("RGB"))


def _way(environment: Mapping[str, str]) -> Callable[[Pillow.Image], str] | None:
    """Return how the terminal draws, as its environment says; inside tmux and screen nothing gets through."""
    terminal, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    if environment.get("TMUX") or terminal.startswith(("screen", "tmux")):
        return None
    if environment.get("KITTY_WINDOW_ID") or terminal in ("xterm-kitty", "xterm-ghostty"):
        return _kitty
    if program in ("iTerm.app", "WezTerm"):
        return _iterm
    return _sixel if "sixel" in terminal or terminal in ("mlterm", "foot", "foot-extra") else None


def _kitty(picture: Pillow.Image) -> str:
    text = _encoded(picture, "PNG")
    parts = [text[start : start + _CHUNK] for start in range(0, len(text), _CHUNK)]
    drawn = []
    for number, part in enumerate(parts):
        keys = f"a=T,f=100,q=2,r={ROWS}," if number == 0 else ""
        drawn.append(f"\x1b_G{keys}m={int(number + 1 < len(parts))};{part}\x1b\\")
    return "".join(drawn)


def _iterm(picture: Pillow.Image) -> str:
    return f"\x1b]1337;File=inline=1;height={ROWS};preserveAspectRatio=1:{_encoded(picture, 'JPEG')}\a"


def _encoded(picture: Pillow.Image, kind: str) -> str:
    small = picture.copy()
    small.thumbnail((4 * _SIXEL_SIDE, 2 * _SIXEL_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, kind)
    return b64encode(buffer.getvalue()).decode()


def _sixel(picture: Pillow.Image) -> str:
    """Return a picture as bands of six rows, one line for each colour of a band."""
    import numpy as np  # noqa: PLC0415 - heavy

    small = picture.copy()
    small.thumbnail((4 * _SIXEL_SIDE, _SIXEL_SIDE))
    reduced = small.quantize(_COLOURS)
    places = np.asarray(reduced)
    palette = np.reshape(reduced.getpalette() or [], (-1, 3)) * 100 // 255
    colours = "".join(f"#{number};2;{red};{green};{blue}" for number, (red, green, blue) in enumerate(palette))
    weights = 1 << np.arange(_BAND)[:, None]
    bands = []
    for top in range(0, places.shape[0], _BAND):
        band = places[top : top + _BAND]
        lines = []
        for colour in np.unique(band):
            dots = ((band == colour) * weights[: len(band)]).sum(axis=0)
            lines.append(f"#{colour}{''.join(chr(63 + dot) for dot in dots.tolist())}")
        bands.append("$".join(lines))
    return f"\x1bPq{colours}{'-'.join(bands)}\x1b\\"
