"""Edits that make copies of pictures, from a new save to a tile of a collage, for `benchmarks/match.py`."""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image as Pillow

from artaudit.datasets.drawings import draw

Picture = np.ndarray


def crop(share: float, place: float = 0.5) -> Callable[[Picture], Picture]:
    """Keep `share` of the area: the middle, or from the upper left (`place` 0) to the lower right corner (1)."""

    def edit(rgb8: Picture) -> Picture:
        rows, columns = (max(1, round(side * share**0.5)) for side in rgb8.shape[:2])
        top, left = round((rgb8.shape[0] - rows) * place), round((rgb8.shape[1] - columns) * place)
        return rgb8[top : top + rows, left : left + columns]

    return edit


def jpeg(quality: int) -> Callable[[Picture], Picture]:
    """Compress."""

    def edit(rgb8: Picture) -> Picture:
        buffer = io.BytesIO()
        Pillow.fromarray(np.ascontiguousarray(rgb8)).save(buffer, "JPEG", quality=quality)
        return np.asarray(Pillow.open(buffer))

    return edit


def scaled(across: float, down: float) -> Callable[[Picture], Picture]:
    """Resize."""
    return lambda rgb8: cv2.resize(rgb8, None, fx=across, fy=down, interpolation=cv2.INTER_AREA)


def turned(degrees: float) -> Callable[[Picture], Picture]:
    """Rotate about the middle, corners lost."""

    def edit(rgb8: Picture) -> Picture:
        height, width = rgb8.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        return cv2.warpAffine(rgb8, turn, (width, height), borderValue=(255, 255, 255))

    return edit


def tilted(rgb8: Picture) -> Picture:
    """Photograph from the side."""
    height, width = rgb8.shape[:2]
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    goal = corners * 0.8 + np.array([(20, 40), (30, 0), (20, 10), (0, 30)], np.float32)
    return cv2.warpPerspective(rgb8, cv2.getPerspectiveTransform(corners, goal), (width, height))


def noisy(levels: int) -> Callable[[Picture], Picture]:
    """Add so many levels up or down."""

    def edit(rgb8: Picture) -> Picture:
        signs = np.random.default_rng(0).choice([-levels, levels], rgb8.shape)
        return np.clip(rgb8.astype(np.int64) + signs, 0, 255).astype(np.uint8)

    return edit


def captioned(rgb8: Picture) -> Picture:
    """Write across in three lines."""
    shown, size = rgb8.copy(), rgb8.shape[1] / 320
    for line in (0.3, 0.5, 0.7):
        place = (8, round(rgb8.shape[0] * line))
        cv2.putText(
            shown, "ALL RIGHTS RESERVED", place, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), round(4 * size)
        )
    return shown


def page(share: float) -> Callable[[Picture], Picture]:
    """Show in a screenshot of a page of text, with its longer side at `share` of the page's width."""

    def edit(rgb8: Picture) -> Picture:
        sheet = np.full((1000, 1600, 3), 250, np.uint8)
        for line in range(60, 1000, 26):
            words = ("a page of words " * 9, (40, line), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (40, 40, 40), 1, cv2.LINE_AA)
            cv2.putText(sheet, *words)
        scale = 1600 * share / max(rgb8.shape[:2])
        small = cv2.resize(rgb8, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        sheet[200 : 200 + small.shape[0], 900 : 900 + small.shape[1]] = small[: 1000 - 200, : 1600 - 900]
        return sheet

    return edit


def collage(rgb8: Picture) -> Picture:
    """Show as one of four tiles beside three drawings."""
    tiles = [np.asarray(draw(np.random.default_rng(seed)).resize((400, 400))) for seed in (901, 902, 903)]
    tiles.insert(2, cv2.resize(np.ascontiguousarray(rgb8), (400, 400), interpolation=cv2.INTER_AREA))
    return np.vstack([np.hstack(tiles[:2]), np.hstack(tiles[2:])])


def meme(rgb8: Picture) -> Picture:
    """Put white bars with words above and below."""
    bar = np.full((rgb8.shape[0] // 5, rgb8.shape[1], 3), 255, np.uint8)
    cv2.putText(bar, "WHEN YOU SEE IT", (10, bar.shape[0] // 2), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 3)
    return np.vstack([bar, rgb8, bar])


def watermarked(rgb8: Picture) -> Picture:
    """Lay pale words over all of it."""
    sheet = np.zeros_like(rgb8)
    for line in range(20, rgb8.shape[0], 60):
        cv2.putText(sheet, "preview " * 12, (-line % 90, line), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (255, 255, 255), 2)
    return cv2.addWeighted(np.ascontiguousarray(rgb8), 1.0, sheet, 0.35, 0)


def screen(rgb8: Picture) -> Picture:
    """Photograph from a screen: its grid of pixels, the side view, noise, a soft focus."""
    grid = rgb8.astype(np.float64)
    grid[::3] *= 0.75
    grid[:, ::3] *= 0.8
    soft = cv2.GaussianBlur(tilted(grid.astype(np.uint8)), (0, 0), 1)
    return noisy(6)(soft)


def toned(gain: float) -> Callable[[Picture], Picture]:
    """Scale the levels."""
    return lambda rgb8: np.clip(rgb8 * gain, 0, 255).astype(np.uint8)


def hued(rgb8: Picture) -> Picture:
    """Turn the hues by a quarter and raise the saturation."""
    hsv = cv2.cvtColor(np.ascontiguousarray(rgb8), cv2.COLOR_RGB2HSV).astype(np.int64)
    hsv[..., 0] = (hsv[..., 0] + 45) % 180
    hsv[..., 1] = np.minimum(hsv[..., 1] * 3 // 2, 255)
    return cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)


def changed(*edits: Callable[[Picture], Picture]) -> Callable[[Picture], Picture]:
    """Apply one edit after the other."""

    def edit(rgb8: Picture) -> Picture:
        for step in edits:
            rgb8 = step(rgb8)
        return rgb8

    return edit


def mirrored(rgb8: Picture) -> Picture:
    """Swap left and right."""
    return rgb8[:, ::-1]


EDITS: dict[str, Callable[[Picture], Picture]] = {
    "jpeg 10": jpeg(10),
    "a quarter of the size": scaled(0.25, 0.25),
    "stretched x1.4": scaled(1.4, 1.0),
    "crop 30 %, jpeg 60": changed(crop(0.3), jpeg(60)),
    "crop 15 %": crop(0.15),
    "crop 15 %, a corner": crop(0.15, 0.9),
    "mirrored": mirrored,
    "upside down": lambda rgb8: rgb8[::-1],
    "rotated 90": np.rot90,
    "rotated 5": turned(5),
    "rotated 25": turned(25),
    "tilted": tilted,
    "photographed from a screen": screen,
    "captioned": captioned,
    "watermarked": watermarked,
    "bars with words": meme,
    "noise 16/255": noisy(16),
    "grey": lambda rgb8: np.repeat(cv2.cvtColor(rgb8, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2),
    "brighter": toned(1.5),
    "other colours": hued,
    "inverted": lambda rgb8: 255 - rgb8,
    "inverted, crop 30 %": lambda rgb8: 255 - crop(0.3)(rgb8),
    "blur 2": lambda rgb8: cv2.GaussianBlur(rgb8, (0, 0), 2),
    "blur 5": lambda rgb8: cv2.GaussianBlur(rgb8, (0, 0), 5),
    "crop 50 %, mirrored, jpeg 40": changed(crop(0.5), mirrored, jpeg(40)),
    "a tile of a collage": collage,
    "in a page": page(0.3),
    "mirrored in a page, a quarter wide": changed(mirrored, page(0.25)),
}
"""Twenty-eight edits by name; the benchmark adds cloaks."""
